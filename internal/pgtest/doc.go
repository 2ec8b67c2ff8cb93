// Package pgtest gives tests a PostgreSQL of their own.
//
//	func TestSomething(t *testing.T) {
//		url := pgtest.URL(t) // a fresh, empty database, gone when the test ends
//		…
//	}
//
// The database is made on the server that TEST_DATABASE_URL names, if it is set; the user named there must be
// allowed to create databases. Else one throw-away cluster is started for the whole test process, from
// binaries found in PG_BIN, in PATH or where distributions put them. It listens on a Unix socket alone and
// goes away with the process, however that ends.
//
// A test that needs PostgreSQL fails where there is none and is never skipped, since what holds on two databases must be
// tested on both.
//
// Start gives a server that a test may stop and start again, to see what a service does meanwhile; its Standby follows
// it and can be promoted. Run gives one to a program that is no test.
package pgtest
