package users

import (
	"context"
	"time"
)

// Access is an account and the role graph as of one revision: all that is needed to say what the account may do.
type Access struct {
	Account  Account
	Graph    *Graph
	Revision Revision
	// Ended are the sessions of the account that have ended before the last of their access tokens expires, and its API keys that
	// have ended before the last token that was issued for them does.
	Ended []ID
	// Keys is the stamp of the signing keys of the database: opaque text that the database draws at random, and anew whenever
	// one of them changes. It is read with the account; see Keyring.
	Keys string
}

// Revision identifies a state of the database. Each part is opaque text that the database draws at random, such as
// "8f14e45f-ceea-467f-a0e6-2c1d0a9b8e77", and draws anew whenever what it stands for changes: Roles with roles,
// permissions and assignments, Accounts with what is read of any account. A part never comes back, so equal revisions
// mean equal states. A caller that was authenticated at a revision may be shown the state of that revision without
// another query. The zero Revision stands for none.
type Revision struct{ Roles, Accounts string }

// AccessReader reads the state that decides what an account may do.
type AccessReader interface {
	// Access returns the account with the role graph, both as of now. Every authenticated request makes this one call,
	// unless Store.CachedAccess has an answer; a cache belongs behind the two and nowhere else. ErrNotFound for an unknown id.
	Access(ctx context.Context, id ID) (Access, error)
	// APIKeyAccess returns the API key with a digest, live or not, with the access of its account, both as of one moment
	// now. ErrNotFound if there is none.
	APIKeyAccess(ctx context.Context, digest Digest) (APIKeyAccess, error)
	// Graph returns all roles, permissions and assignments as of now.
	Graph(ctx context.Context) (*Graph, error)
}

// Reader reads.
type Reader interface {
	AccessReader
	AccountReader
	ServiceAccountReader
	AudienceReader
	ClientSecretReader
}

// Tx is a transaction: what it reads is what it and all committed before it have written.
type Tx interface {
	Reader
	AccountWriter
	ServiceAccountWriter
	ClientSecretWriter
	EmailChangeLog
	SessionWriter
	APIKeyWriter
	RoleWriter
	PermissionWriter
	AudienceWriter
}

// RowTx is a transaction that changes no rights: it has no writers of accounts, roles or permissions. What it reads
// another may change before it commits, unless it has written the same row.
type RowTx interface {
	// ReplacePasswordHash puts h in the place of old, or does nothing if the hash is no longer old, and reports which. It is
	// no change of the account: neither UpdatedAt nor TokenVersion moves, and a mark of MarkDemoPassword stays.
	ReplacePasswordHash(ctx context.Context, id ID, old, h PasswordHash) (replaced bool, err error)
	// ForgetEmailChanges forgets the changes of e-mails that were before a time.
	ForgetEmailChanges(ctx context.Context, before time.Time) error
	SessionBeginner
}

// Store keeps accounts, roles and permissions. Methods return the errors their comments name,
// ErrUnavailable when the database is away or too busy, the context's error, or a defect.
type Store interface {
	Reader
	SessionReader
	SessionRotator
	APIKeyReader
	APIKeyFinder
	ClientSecretFinder
	// CachedAccess returns from memory what Access would have returned at most a second ago. It reports false if the
	// account is not cached, or while the Store is not notified of changes.
	CachedAccess(id ID) (Access, bool)
	// AccountSince returns an account as it was at a revision that Access has returned, or is now. ErrNotFound
	// for an unknown id.
	AccountSince(ctx context.Context, r Revision, id ID) (Account, error)
	// InTx runs fn in a transaction and commits if it returns nil. Transactions run one at a time, over all
	// processes on one database: what fn reads cannot be changed under it by another, so that a rule checked
	// in it holds. Where the engine asks for it fn is run again, so it must have no effect but on tx.
	InTx(ctx context.Context, fn func(tx Tx) error) error
	// InRowTx runs fn in a transaction that locks only the rows it writes, and commits if it returns nil. It waits neither
	// for InTx nor for another InRowTx that writes other rows, where the engine can write two rows at a time. As with
	// InTx, fn may be run again.
	InRowTx(ctx context.Context, fn func(tx RowTx) error) error
}
