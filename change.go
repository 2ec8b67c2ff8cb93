package users

import (
	"context"
	"time"
)

// What is told of to those who follow changes stands in two orders: permissions and roles in one, accounts in the
// other. Each thing is there once, at the place of its last change. Places rise in the order in which transactions
// commit, so reading on from a place misses nothing, whatever changes meanwhile.

// ChangedKind is a kind of thing in the order of permissions and roles. Stores keep the numbers.
type ChangedKind int

// The kinds, in the order in which those of one position are told.
const (
	ChangedPermission ChangedKind = 1
	ChangedRole       ChangedKind = 2
	// pastKinds makes a place that is behind all that stands at its position.
	pastKinds ChangedKind = 3
)

// RightsPlace is a place among the changes of permissions and roles. The zero place is before all others.
type RightsPlace struct {
	Position int64
	Kind     ChangedKind
	ID       ID
	// Permission, where it is not zero, is the last one told of the role ID, of which more are to be told.
	Permission ID
}

// RightChange is a permission or a role that has changed, and what it is now. All but Place is zero when it is gone.
type RightChange struct {
	Place  RightsPlace
	Exists bool
	Name   string
	Parent ID   // of a role; zero is none
	All    bool // the role Admin, which holds every permission that exists
}

// ChangePlace is a place among the changes of accounts: by position, and among those of one position by id. The zero
// place is before all others.
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

// ChangeState is where the changes of a database are at one revision.
type ChangeState struct {
	Revision Revision
	Position int64 // of the last change
	// Mark is drawn at random for each position, so that one that was reached twice, because a backup was restored in
	// between, has another. Empty where it is missing, which only SQL by hand could bring about.
	Mark string
	// Now is the time by the clock of the database, which also dates the changes.
	Now time.Time
}

// ChangeView reads the changes of a database, all of them as of one revision.
type ChangeView interface {
	// ChangeState returns that revision.
	ChangeState(ctx context.Context) (ChangeState, error)
	// HasMark reports whether a position of this database's past has a mark. Those of a day ago are known at least.
	HasMark(ctx context.Context, position int64, mark string) (bool, error)
	// ChangedRights returns at most limit permissions and roles after a place, in order. Where the place is inside
	// a role, that role is the first, if it is still there.
	ChangedRights(ctx context.Context, after RightsPlace, limit int) ([]RightChange, error)
	// AssignedTo returns the first ids, in order, of the permissions assigned to each of at most AssignedToRoles
	// roles: at most AssignedToEach of each.
	AssignedTo(ctx context.Context, roles []ID) (map[ID][]ID, error)
	// AssignedAfter returns at most limit ids of the permissions assigned to a role after one of them, in order.
	AssignedAfter(ctx context.Context, role, after ID, limit int) ([]ID, error)
	// ChangedAccounts returns at most limit accounts that have changed after a place and, by the clock of the
	// database, after a time.
	ChangedAccounts(ctx context.Context, after ChangePlace, since time.Time, limit int) ([]AccountChange, error)
}

// The bounds of ChangeView.AssignedTo.
const (
	AssignedToRoles = 50
	AssignedToEach  = 50
)

// ChangeReader tells what followers have missed. A change of an account is one of its state, role or token
// version, or that it was deleted; for permissions and roles see RightChange.
type ChangeReader interface {
	// ReadChanges calls fn with the changes as of now. Where its connection breaks fn is called again, so it must
	// have no effect but on what it returns.
	ReadChanges(ctx context.Context, fn func(ChangeView) error) error
	// Changed returns a channel that is closed soon after the database has come to another revision than r. A caller
	// that stops waiting calls release.
	Changed(r Revision) (changed <-chan struct{}, release func())
	// ForgetChanges forgets the changes of accounts, and of permissions and roles that are gone, that are older
	// than changes, and the marks, but for the last, that are older than marks; by the clock of the database.
	ForgetChanges(ctx context.Context, changes, marks time.Duration) error
}

// ChangeStatement is what followers are told. It is signed, so that they need not trust the server that passes it on.
type ChangeStatement struct {
	IssuedAt time.Time
	After    string // the cursor that was asked from
	Cursor   string // from where to ask on
	// Reset tells to forget all that was known before: this is the beginning.
	Reset       bool
	Permissions []PermissionRights
	Roles       []RoleRights
	Accounts    []AccountRights
	More        bool // what is to be told does not end here
}

// PermissionRights is what a permission is called. Without a name there is none of that id.
type PermissionRights struct {
	ID   ID
	Name string
}

// RoleRights is what a role holds by itself and what it inherits from.
type RoleRights struct {
	ID     ID
	Gone   bool
	Name   string
	Parent ID   // zero is none
	All    bool // it holds every permission that exists
	// Continued says that Permissions come on top of those told before.
	Continued   bool
	Permissions []ID
}

// AccountRights is what counts for an account, whatever older tokens of it say.
type AccountRights struct {
	ID ID
	// Version is that of the tokens that count; 0 where none does.
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
