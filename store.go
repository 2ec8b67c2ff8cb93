package users

import (
	"context"
	"time"
)

// Access is an account and the role graph at one moment: all that is needed to say what it may do.
type Access struct {
	Account Account
	Graph   *Graph
	Moment  Moment
}

// Moment names a state of all roles and accounts that a Store has seen in its database, in the Store's own
// terms. Who was let in at a moment may be shown what was so at it, without another look. The zero Moment
// names none.
type Moment struct{ Roles, Accounts string }

// AccessReader reads the state that decides what an account may do.
type AccessReader interface {
	// Access returns the account with the role graph, both as of now. Every authenticated request makes this one call,
	// unless Store.Heard has an answer; a cache belongs behind the two and nowhere else. ErrNotFound for an unknown id.
	Access(ctx context.Context, id ID) (Access, error)
	// Graph returns all roles, permissions and assignments as of now.
	Graph(ctx context.Context) (*Graph, error)
}

// Reader reads.
type Reader interface {
	AccessReader
	AccountReader
}

// Tx is a transaction: what it reads is what it and all committed before it have written.
type Tx interface {
	Reader
	AccountWriter
	EmailChangeLog
	RoleWriter
	PermissionWriter
}

// Store keeps accounts, roles and permissions. Methods return the errors their comments name,
// ErrUnavailable when the database is away or too busy, the context's error, or a defect.
type Store interface {
	Reader
	ChangeReader
	// Heard returns, without asking the database, what Access would have returned at most a second ago: for as
	// long as the Store hears of every change by itself. Otherwise it says no.
	Heard(id ID) (Access, bool)
	// AccountSince returns an account as it was at a moment that Access has returned, or is now. ErrNotFound
	// for an unknown id.
	AccountSince(ctx context.Context, m Moment, id ID) (Account, error)
	// InTx runs fn in a transaction and commits if it returns nil. Transactions run one at a time, over all
	// processes on one database: what fn reads cannot be changed under it by another, so that a rule checked
	// in it holds. Where the engine asks for it fn is run again, so it must have no effect but on tx.
	InTx(ctx context.Context, fn func(tx Tx) error) error
	// ForgetEmailChanges forgets the changes of e-mails that were before a time.
	ForgetEmailChanges(ctx context.Context, before time.Time) error
	// ReplacePasswordHash puts h in the place of old and does nothing if the hash is no longer old. It is no
	// change of the account: neither UpdatedAt nor TokenVersion moves, and a mark
	// of MarkDemoPassword stays.
	ReplacePasswordHash(ctx context.Context, id ID, old, h PasswordHash) error
}
