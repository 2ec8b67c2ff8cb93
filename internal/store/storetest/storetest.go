// Package storetest is the conformance suite of the store: what every engine must do alike. A test of an
// engine is a call of Run with a way to get an empty database of it.
package storetest

import (
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // for SQL by hand
	_ "modernc.org/sqlite"             // for SQL by hand
)

// Run runs the suite. fresh returns the URL of an empty database that lives as long as the test it is given, and
// current that of one with the current schema.
func Run(t *testing.T, fresh, current func(testing.TB) string) {
	for name, test := range map[string]func(*testing.T, *fixture){
		"AccountRoundTrip":          testAccountRoundTrip,
		"AccountErrors":             testAccountErrors,
		"AccountUpdate":             testAccountUpdate,
		"PasswordHashes":            testPasswordHashes,
		"InsertAccounts":            testInsertAccounts,
		"AccountsByEmails":          testAccountsByEmails,
		"UsedIDs":                   testUsedIDs,
		"ImportedFactors":           testImportedFactors,
		"ServiceAccounts":           testServiceAccounts,
		"KindStays":                 testKindStays,
		"KindsApart":                testKindsApart,
		"FiftyInsertsOfOneEmail":    testFiftyInserts,
		"RoleRoundTrip":             testRoleRoundTrip,
		"RoleErrors":                testRoleErrors,
		"RoleDelete":                testRoleDelete,
		"OneSystemRole":             testOneSystemRole,
		"Assignments":               testAssignments,
		"Permissions":               testPermissions,
		"Owners":                    testOwners,
		"Graph":                     testGraph,
		"ChangesByHandAreSeen":      testChangesByHand,
		"ChangesOfOthersAreSeen":    testChangesOfOthers,
		"DisabledByHand":            testDisabledByHand,
		"AccessIsOfOneRevision":     testAccessIsOfOneRevision,
		"GraphInTransaction":        testGraphInTransaction,
		"GraphFollowsChanges":       testGraphFollowsChanges,
		"KeptAccounts":              testKeptAccounts,
		"RevisionMoves":             testRevisionMoves,
		"NothingStaleIsSeen":        testNothingStaleIsSeen,
		"ChangesOfAccounts":         testChangesOfAccounts,
		"ChangesInPieces":           testChangesInPieces,
		"ChangesOfRights":           testChangesOfRights,
		"RolesInPieces":             testRolesInPieces,
		"RenamesTouchNoAccount":     testRenamesTouchNoAccount,
		"Marks":                     testMarks,
		"ForgetChanges":             testForgetChanges,
		"Changed":                   testChanged,
		"ListsAgainstModel":         testListsAgainstModel,
		"ListOrderIsOfBytes":        testListOrderIsOfBytes,
		"ListSearch":                testListSearch,
		"ListWhileRowsComeAndGo":    testListWhileRowsComeAndGo,
		"PagesWhileOthersWrite":     testPagesWhileOthersWrite,
		"SearchOfMany":              testSearchOfMany,
		"SearchIsOfCharacters":      testSearchIsOfCharacters,
		"CountsAreKept":             testCountsAreKept,
		"CountsOfMany":              testCountsOfMany,
		"EmptyDatabase":             testEmpty,
		"TxCommitsOrNot":            testTxCommitsOrNot,
		"TxPanic":                   testTxPanic,
		"TxAfterFailedStatement":    testTxAfterFailedStatement,
		"TxOneAtATime":              testTxOneAtATime,
		"TxContext":                 testTxContext,
		"RowTxCommitsOrNot":         testRowTxCommitsOrNot,
		"RowTxSideBySide":           testRowTxSideBySide,
		"RowTxChangesNoRights":      testRowTxChangesNoRights,
		"ReadContext":               testReadContext,
		"RevisionRowGone":           testRevisionRowGone,
		"CursorKey":                 testCursorKey,
		"SessionRotation":           testSessionRotation,
		"SessionsNeedTheirAccount":  testSessionsNeedTheirAccount,
		"SessionRecovery":           testSessionRecovery,
		"SessionsEnd":               testSessionsEnd,
		"EndSomeSessions":           testEndSomeSessions,
		"SessionOfManyRefreshes":    testSessionOfManyRefreshes,
		"SweepSessions":             testSweepSessions,
		"APIKeys":                   testAPIKeys,
		"APIKeyChangesAreSeen":      testAPIKeyChangesAreSeen,
		"APIKeysEnd":                testAPIKeysEnd,
		"DueAPIKeys":                testDueAPIKeys,
		"APIKeyUses":                testAPIKeyUses,
		"SweepAPIKeys":              testSweepAPIKeys,
		"SessionAudience":           testSessionAudience,
		"Audiences":                 testAudiences,
		"JobLeases":                 testJobLeases,
		"SigningKeys":               testSigningKeys,
		"KeyStamp":                  testKeyStamp,
		"NamedKeys":                 testNamedKeys,
		"NextSlotOfTwo":             testNextSlotOfTwo,
		"ClientSecrets":             testClientSecrets,
		"ClientSecretDigest":        testClientSecretDigest,
		"ClientSecretUse":           testClientSecretUse,
		"ClientKeys":                testClientKeys,
		"Trusts":                    testTrusts,
		"UsedAssertions":            testUsedAssertions,
		"ThrottleArithmetic":        testThrottleArithmetic,
		"ThrottlesAtOnce":           testThrottleAtOnce,
		"ThrottleList":              testThrottleList,
		"SweepThrottles":            testThrottleSweep,
		"ThrottleSecrets":           testThrottleSecrets,
		"JobLeasesOfMany":           testJobLeasesOfMany,
		"Ping":                      testPing,
		"ReadersDoNotWaitForWriter": testReadersDoNotWait,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newFixture(t, current(t)))
		})
	}
	for name, test := range map[string]func(*testing.T, string){
		"MigrateFresh":              testMigrateFresh,
		"MigrateEightAtOnce":        testMigrateEightAtOnce,
		"MigrateForeignTables":      testMigrateForeignTables,
		"MigrateNewerSchema":        testMigrateNewerSchema,
		"MigrateAfterInterruption":  testMigrateAfterInterruption,
		"MigrateIsQuickWhenCurrent": testMigrateWhenCurrent,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh(t))
		})
	}
}
