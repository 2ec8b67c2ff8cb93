package users

import (
	"context"
	"time"
)

// EventKind names what has happened, as noun.verb.
type EventKind string

// The kinds of events. Each says in which fields it has what was and what is; a field that stays the same is not
// listed. A kind follows from what has changed and not from the operation that changed it: one operation may
// record several, and account.email_changed is recorded whether the account itself or an administrator changed
// the e-mail.
const (
	AccountCreated         EventKind = "account.created"          // email, role, is_active; of a service account name, description and owner in place of email
	AccountUpdated         EventKind = "account.updated"          // role, is_active, token_version; of a service account name, description and owner too
	AccountEmailChanged    EventKind = "account.email_changed"    // email
	AccountPasswordChanged EventKind = "account.password_changed" // token_version
	AccountHashUpgraded    EventKind = "account.hash_upgraded"    // none: the same password, hashed anew at a login
	AccountDeleted         EventKind = "account.deleted"          // as account.created
	AccountImpersonated    EventKind = "account.impersonated"     // token_id, expires_at, reason: the actor got a token of the target

	RoleCreated             EventKind = "role.created"              // name, description, parent, owner, is_system, permission…
	RoleUpdated             EventKind = "role.updated"              // name, description, parent, owner
	RolePermissionsAssigned EventKind = "role.permissions_assigned" // permission…: one field for each
	RolePermissionRemoved   EventKind = "role.permission_removed"   // permission
	RoleDeleted             EventKind = "role.deleted"              // as role.created

	PermissionCreated EventKind = "permission.created" // name, description, owner, is_system
	PermissionUpdated EventKind = "permission.updated" // name, description, owner
	PermissionDeleted EventKind = "permission.deleted" // as permission.created, and role…: those it was assigned to

	AudienceCreated EventKind = "audience.created" // permission_prefix, owner
	AudienceUpdated EventKind = "audience.updated" // permission_prefix
	AudienceDeleted EventKind = "audience.deleted" // as audience.created

	SessionStarted   EventKind = "session.started"   // none
	SessionRecovered EventKind = "session.recovered" // none: a refresh was repeated after its window
	SessionEnded     EventKind = "session.ended"     // none: logged out, ended by hand, or with a password or an account
	SessionReused    EventKind = "session.reused"    // none: ended, because a refresh token was used again

	KeyCreated     EventKind = "key.created"     // algorithm, signs_from
	KeyRescheduled EventKind = "key.rescheduled" // signs_from
	KeyRevoked     EventKind = "key.revoked"     // none
	KeyRewrapped   EventKind = "key.rewrapped"   // none: the same key, encrypted under another ENCRYPTION_KEY
	KeyDeleted     EventKind = "key.deleted"     // none: no token that it has signed has been valid for long

	APIKeyCreated       EventKind = "api_key.created"       // name, account, scope, expires_at
	APIKeyRotated       EventKind = "api_key.rotated"       // successor, expires_at: it lives on for the overlap
	APIKeyEnded         EventKind = "api_key.ended"         // as api_key.created, and successor: revoked, or ended with its account
	APIKeyExpiring      EventKind = "api_key.expiring"      // account, expires_at, days_left: once 14 days before its end, and once 3
	ClientSecretCreated EventKind = "client_secret.created" // expires_at
	ClientSecretDeleted EventKind = "client_secret.deleted" // as client_secret.created: deleted by itself, or with its account

	ClientKeyCreated   EventKind = "client_key.created"   // thumbprint or jwks_url
	ClientKeyDeleted   EventKind = "client_key.deleted"   // as client_key.created; with its account a key is deleted without an event
	ClientTrustCreated EventKind = "client_trust.created" // issuer, subject, audience, claim…, jwks_url
	ClientTrustDeleted EventKind = "client_trust.deleted" // as client_trust.created; with its account likewise

	ThrottleCleared EventKind = "throttle.cleared" // subject: what was counted

	// The following sum up the events before them in the same transaction, and have no fields.
	DeclarationApplied EventKind = "declaration.applied" // the target is the service that declares
	SystemBootstrapped EventKind = "system.bootstrapped"
	DemoSeeded         EventKind = "demo.seeded"
	AccountsImported   EventKind = "accounts.imported" // of another system, in one of several transactions
)

// Event is one thing that a rule has changed: who changed what, when, and from what to what. It never holds a password
// or a hash: see Value.
type Event struct {
	ID     ID // of the event itself
	Kind   EventKind
	Time   time.Time // of the transaction, in UTC and microseconds
	Actor  Subject
	Target Target
	Fields []FieldChange
}

// TargetKind says what kind of thing an event is about.
type TargetKind string

// The kinds of targets.
const (
	TargetAccount    TargetKind = "account"
	TargetRole       TargetKind = "role"
	TargetPermission TargetKind = "permission"
	TargetSession    TargetKind = "session"       // its name is the label of its account
	TargetService    TargetKind = "service"       // one that has a declaration; it has a name and no id
	TargetKey        TargetKind = "key"           // a signing key; its name is its kid, and it has no id
	TargetAPIKey     TargetKind = "api_key"       // its name is chosen by its owner
	TargetSecret     TargetKind = "client_secret" // its name is that of its service account
	TargetClientKey  TargetKind = "client_key"    // likewise
	TargetTrust      TargetKind = "client_trust"  // likewise
	TargetAudience   TargetKind = "audience"      // one that a service declares; it has a name and no id
	TargetThrottle   TargetKind = "throttle"      // a budget of attempts; its name is its kind. Without an id, all of the kind; without a name, all
	TargetSystem     TargetKind = "system"        // the whole database; it has neither
)

// Target is what an event is about. Its name is kept because the thing itself may be gone when the event is read.
type Target struct {
	Kind TargetKind
	ID   ID
	Name string // label of an account, name of a role, permission, service, audience or API key, or kid, after the change
}

// FieldChange is one field of the target before and after. Of a thing that was created all that is Before is none, of
// one that was deleted all that is After. A field that holds many, such as permission, is there once for each that was
// added or taken away.
type FieldChange struct {
	Field  Field
	Before Value
	After  Value
}

// Field is the name of a field in an event.
type Field string

// The names of fields.
const (
	FieldEmail        Field = "email"         // string
	FieldRole         Field = "role"          // Ref
	FieldActive       Field = "is_active"     // bool
	FieldTokenVersion Field = "token_version" // int64
	FieldName         Field = "name"          // string
	FieldDescription  Field = "description"   // string
	FieldParent       Field = "parent"        // Ref to a role
	FieldOwner        Field = "owner"         // string, the name of a service; or Ref to an account that owns a service account
	FieldSystem       Field = "is_system"     // bool
	FieldPermission   Field = "permission"    // Ref
	FieldAlgorithm    Field = "algorithm"     // string
	FieldSignsFrom    Field = "signs_from"    // string, a time of RFC 3339 in UTC
	FieldAccount      Field = "account"       // Ref
	FieldScope        Field = "scope"         // string, sorted names of permissions with a space between them
	FieldThumbprint   Field = "thumbprint"    // string, of RFC 7638
	FieldKeysURL      Field = "jwks_url"      // string
	FieldIssuer       Field = "issuer"        // string
	FieldSubject      Field = "subject"       // string
	FieldAudience     Field = "audience"      // string
	FieldClaim        Field = "claim"         // string, a name and a value such as "ref=refs/heads/main"
	FieldExpiresAt    Field = "expires_at"    // string, a time of RFC 3339 in UTC; none for never
	FieldSuccessor    Field = "successor"     // Ref to an API key
	FieldTokenID      Field = "token_id"      // string, the jti of a token
	FieldReason       Field = "reason"        // string, as the actor gave it
	FieldDaysLeft     Field = "days_left"     // int64

	FieldPermissionPrefix Field = "permission_prefix" // string
)

// Recorder gets the events of changes: to keep them, or to work something out of them.
type Recorder interface {
	// Record is called inside the transaction, once, after the rule and before the commit, with all events of the
	// transaction in the order in which they happened: at least one. An error undoes the change and is its error. Where
	// the store runs a transaction again, Record is called again, with the events of that run, and those of the run
	// before count for nothing: so it must have no effect but on tx.
	//
	// tx is the store's own transaction: the Tx that the rule had or, of a change that concerns no rights, a RowTx, which
	// waits for no other. A recorder that writes declares a port for that, which the store's transactions implement, and
	// gets it from tx by a type assertion.
	Record(ctx context.Context, tx any, events []Event) error
}
