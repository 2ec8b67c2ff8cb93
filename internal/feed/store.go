package feed

import (
	"context"
	"time"

	users "github.com/svc-users/svc-users"
)

// The changes stand in two orders: permissions and roles in one, accounts and ended sessions in the other. Each thing is there once, at the
// place of its last change. Places rise in the order in which transactions commit, so reading on from a place misses
// nothing, whatever changes meanwhile.

// Kind is a kind of thing in the order of permissions and roles. Stores keep the numbers.
type Kind int

// The kinds, in the order in which those of one position are told.
const (
	KindPermission Kind = 1
	KindRole       Kind = 2
	// pastKinds makes a place that is behind all that stands at its position.
	pastKinds Kind = 3
)

// RightsPlace is a place among the changes of permissions and roles. The zero place is before all others.
type RightsPlace struct {
	Position int64
	Kind     Kind
	ID       users.ID
	// Permission, where it is not zero, is the last one told of the role ID, of which more are to be told.
	Permission users.ID
}

// RightsChange is a permission or a role that has changed, and what it is now. All but Place is zero when it is gone.
type RightsChange struct {
	Place  RightsPlace
	Exists bool
	Name   string
	Parent users.ID // of a role; zero is none
	All    bool     // the role Admin, which holds every permission that exists
}

// AccountPlace is a place among the changes of accounts and the ended sessions: by position, and among those of one
// position by id. The zero place is before all others.
type AccountPlace struct {
	Position int64
	ID       users.ID // of an account, a session or an API key
}

// AccountChange is an account of which older tokens may say what is no longer so, and what it is now. All but
// Place is zero when it has been deleted.
type AccountChange struct {
	Place   AccountPlace
	Active  bool
	Version int64
	Role    users.ID
}

// SessionEnd is a session, or an API key, that has ended while tokens that were issued for it may still be valid.
type SessionEnd struct {
	Place AccountPlace
	Until time.Time // when the last of them has certainly expired
}

// State is where the changes of a database are at one revision.
type State struct {
	Revision users.Revision
	Position int64 // of the last change
	// Mark is drawn at random for each position, so that one that was reached twice, because a backup was restored in
	// between, has another. Empty where it is missing, which only SQL by hand could bring about.
	Mark string
	// KeyStamp identifies the state of the signing keys: opaque text that is another whenever one of them has changed.
	KeyStamp string
	// KeyPosition is the position of the last change of the signing keys.
	KeyPosition int64
	// Now is the time by the clock of the database, which also dates the changes.
	Now time.Time
}

// View reads the changes of a database, all of them as of one revision.
type View interface {
	// ChangeState returns that revision.
	ChangeState(ctx context.Context) (State, error)
	// HasMark reports whether a position of this database's past has a mark. Those of a day ago are known at least.
	HasMark(ctx context.Context, position int64, mark string) (bool, error)
	// ChangedRights returns at most limit permissions and roles after a place, in order. Where the place is inside
	// a role, that role is the first, if it is still there.
	ChangedRights(ctx context.Context, after RightsPlace, limit int) ([]RightsChange, error)
	// AssignedTo returns the first ids, in order, of the permissions assigned to each of at most AssignedToRoles
	// roles: at most AssignedToEach of each.
	AssignedTo(ctx context.Context, roles []users.ID) (map[users.ID][]users.ID, error)
	// AssignedAfter returns at most limit ids of the permissions assigned to a role after one of them, in order.
	AssignedAfter(ctx context.Context, role, after users.ID, limit int) ([]users.ID, error)
	// ChangedAccounts returns at most limit accounts that have changed after a place and, by the clock of the
	// database, after a time.
	ChangedAccounts(ctx context.Context, after AccountPlace, since time.Time, limit int) ([]AccountChange, error)
	// EndedSessions returns at most limit sessions that have ended after a place and of which, at now, tokens may be
	// valid, in order.
	EndedSessions(ctx context.Context, after AccountPlace, now time.Time, limit int) ([]SessionEnd, error)
}

// The bounds of View.AssignedTo.
const (
	AssignedToRoles = 50
	AssignedToEach  = 50
)

// Store reads what followers have missed. A change of an account is one of its state, role or token version, or that it
// was deleted; for permissions and roles see RightsChange. Its errors are those of users.Store.
type Store interface {
	// ReadChanges calls fn with the changes as of now. Where its connection breaks fn is called again, so it must
	// have no effect but on what it returns.
	ReadChanges(ctx context.Context, fn func(View) error) error
	// Changed returns a channel that is closed soon after the database has come to another revision than r. A caller
	// that stops waiting calls release.
	Changed(r users.Revision) (changed <-chan struct{}, release func())
	// ForgetChanges forgets the changes of accounts, and of permissions and roles that are gone, that are older
	// than changes, and the marks, but for the last, that are older than marks; by the clock of the database.
	ForgetChanges(ctx context.Context, changes, marks time.Duration) error
}
