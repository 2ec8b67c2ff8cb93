package feed

import (
	"context"
	"errors"
	"time"

	users "github.com/svc-users/svc-users"
)

// Signer signs statements.
type Signer interface {
	// SignChanges returns the statement as a compact JWS (RFC 7515) that never passes for a token. ErrSignerUnlisted if the
	// key that signs now is not in s.Keys, users.ErrUnavailable while there is none; another error is a defect.
	SignChanges(s Statement) (string, error)
}

// ErrSignerUnlisted says that the keys have changed since those of a statement were read.
var ErrSignerUnlisted = errors.New("the statement does not list the key that signs")

// Keys knows the signing keys of the process.
type Keys interface {
	// AcceptedKeys returns the ids of the keys whose tokens are accepted, sorted, as they were when the database had a
	// State.KeyStamp, or later. Its errors are those of users.Store.
	AcceptedKeys(ctx context.Context, stamp string) ([]string, error)
}

// Statement is what followers are told. It is signed, so that they need not trust the server that passes it on.
type Statement struct {
	IssuedAt time.Time
	After    string // the cursor that was asked from
	Cursor   string // from where to ask on
	// Reset tells to forget all that was known before: this is the beginning.
	Reset       bool
	Permissions []PermissionRights
	Roles       []RoleRights
	Accounts    []AccountRights
	Sessions    []EndedSession
	// Keys are the ids of all keys whose tokens are accepted, sorted: tokens of any other are refused.
	Keys []string
	More bool // what is to be told does not end here
}

// PermissionRights is what a permission is called. Without a name there is none of that id.
type PermissionRights struct {
	ID   users.ID
	Name string
}

// RoleRights is what a role holds by itself and what it inherits from.
type RoleRights struct {
	ID     users.ID
	Gone   bool
	Name   string
	Parent users.ID // zero is none
	All    bool     // it holds every permission that exists
	// Continued says that Permissions come on top of those told before.
	Continued   bool
	Permissions []users.ID
}

// EndedSession is a session, or an API key, whose access tokens are no longer valid.
type EndedSession struct {
	ID    users.ID  // claim sid, or api_key_id, of those tokens
	Until time.Time // when the last of them has certainly expired, and the entry can be forgotten
}

// AccountRights is what counts for an account, whatever older tokens of it say.
type AccountRights struct {
	ID users.ID
	// Version is that of the tokens that count; 0 where none does.
	Version int64
	Role    users.ID // zero where it has none
}
