package users

import (
	"context"
	"time"
)

// ChangePlace is where the last change of an account stands in the order of all such changes: by position, which
// rises in the order in which transactions commit, and within one transaction by id. The zero place is before
// all others.
type ChangePlace struct {
	Position int64
	Account  ID
}

// AccountChange is an account of which older tokens may say what is no longer so, and what it is now. All but
// Place is zero when it has been deleted.
type AccountChange struct {
	Place   ChangePlace
	Active  bool
	Version int64
	Role    ID
}

// Changes is what a Store tells of changes, all of it at one moment.
type Changes struct {
	Moment Moment
	Graph  *Graph
	// Known is false where the place that was asked from is none of this database's past, such as after a
	// backup was restored. Then there is no List.
	Known bool
	List  []AccountChange // in the order of their places
	Last  ChangePlace     // of all changes, listed or not
}

// ChangeReader tells what followers have missed. A change of an account is one of its state, role or token
// version, that it was deleted, or that its role was renamed; each account has the place of its last one.
type ChangeReader interface {
	// ChangesSince returns at most limit accounts that have changed after a place and a time.
	ChangesSince(ctx context.Context, after ChangePlace, since time.Time, limit int) (Changes, error)
	// Changed returns a channel that is closed soon after the database has come to another moment than m. Who
	// does not wait for it any more calls release.
	Changed(m Moment) (changed <-chan struct{}, release func())
	// ForgetChanges forgets the changes of accounts that were before a time.
	ForgetChanges(ctx context.Context, before time.Time) error
}

// ChangeStatement is what followers are told, and signed for them: they need not trust whoever hands it on.
type ChangeStatement struct {
	IssuedAt time.Time
	After    string // the cursor that was asked from
	Cursor   string // from where to ask on
	// Reset tells to forget all that was known before: this is the beginning.
	Reset    bool
	Roles    []RoleRights // all roles; nil where After had them as they are
	Accounts []AccountRights
	More     bool // what is to be told does not end here
}

// RoleRights is what an account may do whose role this is.
type RoleRights struct {
	ID          ID
	Name        RoleName
	Permissions []PermissionName // all effective ones, sorted
}

// AccountRights is what counts for an account, whatever older tokens of it say.
type AccountRights struct {
	ID ID
	// Version is the least version of tokens that count; 0 where none does.
	Version int64
	Role    ID // zero where it has none
}

// ChangesQuery is how a follower asks.
type ChangesQuery struct {
	// After is the cursor of the answer before; empty asks from the beginning. Whatever is none of ours does too.
	After string
	// Wait is how long to wait for something newer; never longer than 10 seconds.
	Wait time.Duration
	// Stop, when it is closed, ends all waiting.
	Stop <-chan struct{}
}

// ChangesAnswer is what a follower gets.
type ChangesAnswer struct {
	Statement string // signed; empty where nothing is newer than After
	Cursor    string
	More      bool
}
