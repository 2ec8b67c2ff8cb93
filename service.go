package users

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// Ports is what a Service needs of the outside.
type Ports struct {
	Store     Store
	Passwords Passwords
	Tokens    Tokens
	// Keyring follows the keys of Tokens. It is nil where they never change while the process runs.
	Keyring Keyring
	Now     func() time.Time
	NewID   func() ID
	// Random fills b with random bytes that nothing can foretell.
	Random func(b []byte)
	// Sessions are the times of sessions; DefaultSessions if it is zero.
	Sessions SessionOptions
	// APIKeys are the lives of API keys; DefaultAPIKeys if it is zero.
	APIKeys APIKeyOptions
	// TokenLife is how long a token lives that is issued without a session.
	TokenLife time.Duration
	// Clients are the lives of what service accounts authenticate with; DefaultClients if it is zero.
	Clients ClientOptions
	// PasswordRules say which passwords may be chosen.
	PasswordRules PasswordRules
	// NoDemo refuses the demo accounts' e-mails, whose passwords are published, wherever an e-mail is chosen.
	NoDemo bool
	// Unlimited lifts the bound of changes of one's own e-mail: for load tests.
	Unlimited bool
	// Guard bounds how often secrets are tried; nil: nothing does.
	Guard Guard
	// DeviceKeys returns the keys, of 32 bytes each, under which device tokens are signed: the one that signs, and then former
	// ones, whose tokens count too. ErrUnavailable. If it is nil no device is known.
	DeviceKeys func(ctx context.Context) ([][]byte, error)
	// Skeleton compares names by sight.
	Skeleton Skeleton
	// Limits bound how many roles, permissions and assignments there may be.
	Limits Limits
	// Operator lets the operator who runs the program act as Admin, without an account: for a command line. A server is
	// made without it.
	Operator bool
	// Recorders get the events of each change, one after the other, in its transaction.
	Recorders []Recorder
	// UnreadableHash, if not nil, is called with the id of an account, such as one that was imported, each time that a
	// password is compared with its stored hash and the hash can't be read: no password matches it.
	UnreadableHash func(account ID)
	// PermissionsOmitted, if not nil, is called with the own role of an account each time that a token is issued for it
	// whose permissions were left out because there are too many.
	PermissionsOmitted func(role Role)
	// RefreshReused, if not nil, is called after a session was ended because a refresh token of it was presented that had been
	// replaced: two clients have had it. address is that of the client, such as 203.0.113.7; empty if unknown.
	RefreshReused func(account, session ID, address string)
	// RefreshRecovered, if not nil, is called after a refresh was repeated whose answer was lost, as often as an event
	// SessionRecovered was recorded.
	RefreshRecovered func(account, session ID, address string)
	// Impersonated, if not nil, is called after an account got a token of another one, as often as an event
	// AccountImpersonated was recorded. token is its jti.
	Impersonated func(impersonator, account, token ID)
	// APIKeyExpiring, if not nil, is called after an event APIKeyExpiring was recorded.
	APIKeyExpiring func(key APIKey, daysLeft int)
}

// Service decides everything: who a caller is, what the caller may do, and what follows. Its methods are safe for
// concurrent use. They return the refusals of this package, the context's error, or a defect.
type Service struct{ Ports }

// New returns a Service on its ports.
func New(p Ports) *Service {
	p.Limits = p.Limits.orUsual()
	if p.Sessions == (SessionOptions{}) {
		p.Sessions = DefaultSessions()
	}
	if p.APIKeys == (APIKeyOptions{}) {
		p.APIKeys = DefaultAPIKeys()
	}
	if p.Clients == (ClientOptions{}) {
		p.Clients = DefaultClients()
	}
	return &Service{p}
}

// LongestTokenLife is how long any token lives that is issued with these ports.
func (s *Service) LongestTokenLife() time.Duration {
	return max(s.TokenLife, s.Sessions.AccessLife, s.Clients.TokenLife)
}

// Caller is an authenticated subject, with what it may do as of the moment it was looked up.
type Caller struct {
	Subject Subject
	// Account is the subject's own. The operator has none: of its Account, Role and Active alone are set.
	Account  Account
	Session  ID     // of the token; zero for one without a session
	APIKey   ID     // that it was authenticated by, or that its token was issued for; else zero
	Act      *Actor // those who act for the subject, by the token; nil if it acts by itself
	key      string // of its token, by its kid
	digest   Digest // of its API key
	secret   ID     // of the client secret that it was authenticated by; zero for a caller with a token
	asserted bool   // it was authenticated by an assertion
	// exchanged says that its token was issued for another credential, expires when its token does; zero for a caller without one.
	exchanged bool
	expires   time.Time
	scope     *Scope // that its credential is restricted to; nil for one that is not
	// narrowing is that of its token: the caller may do nothing beyond it.
	narrowing Narrowing
	graph     *Graph
	revision  Revision // of the state in which it was looked up
	cached    bool     // it was not looked up: this is what the Store has in memory, a moment old
}

// May reports whether the caller holds a permission: its account does, its credential is not restricted to others, and its
// token is not for an audience that has no use for it.
func (c Caller) May(p PermissionName) bool {
	return (c.scope == nil || c.scope.Has(p)) && c.narrowing.Allows(p) && c.graph.May(c.Account.Role.ID, p)
}

// Require is nil if the caller holds all of these, else ErrForbidden, which names the first that is missing.
func (c Caller) Require(all ...PermissionName) error {
	for _, p := range all {
		if c.graph == nil || !c.May(p) {
			return forbidden("Missing required permission: " + string(p))
		}
	}
	return nil
}

// Graph is all roles, permissions and assignments in the state in which the caller was looked up; nil before.
func (c Caller) Graph() *Graph { return c.graph }

// Revision is that of the state in which the caller was looked up; zero for the operator.
func (c Caller) Revision() Revision { return c.revision }

// Stale returns the caller of a request that has waited: before it reads anything more it is looked up again.
func (c Caller) Stale() Caller {
	c.cached = true
	return c
}

// Permissions lists the sorted names of all the caller's effective permissions.
func (c Caller) Permissions() []PermissionName { return c.graph.names(c.effective()) }

// Roles names the account's role and those it inherits from, nearest first. A caller whose credential is restricted to a scope,
// or was exchanged, has none: a service that decides by roles would take it for one that may do all that they hold.
func (c Caller) Roles() []RoleName {
	if c.scope != nil || c.exchanged {
		return nil
	}
	return c.graph.Chain(c.Account.Role.ID)
}

// Authenticate returns the account behind a token or an API key, as the database has it now. ErrUnauthenticated if it
// does not count: it is not ours, not valid at this time, or its account is disabled, deleted or, of a token, past its
// version. A token for a declared audience does not count either: it is for that service, and not for this one.
//
// A token may be accepted by what the Store has cached. It is never rejected by that: the cache may be older than the
// token.
func (s *Service) Authenticate(ctx context.Context, token string) (Caller, error) {
	if strings.HasPrefix(token, APIKeyPrefix) {
		return s.authenticateAPIKey(ctx, token)
	}
	bearer, err := verifyToken(ctx, s, token, s.Tokens.Bearer)
	if err == nil {
		err = bearer.Narrowing.refuse()
	}
	if err != nil {
		return Caller{}, err
	}
	return s.authenticate(ctx, bearer)
}

// AuthenticateForAny is Authenticate for questions about the bearer alone: the token may also be for a declared
// audience, and then the Caller holds no permission beyond its prefix.
func (s *Service) AuthenticateForAny(ctx context.Context, token string) (Caller, error) {
	if strings.HasPrefix(token, APIKeyPrefix) {
		return s.authenticateAPIKey(ctx, token)
	}
	bearer, err := verifyToken(ctx, s, token, s.Tokens.Bearer)
	if err != nil {
		return Caller{}, err
	}
	return s.authenticate(ctx, bearer)
}

// authenticate returns the account behind a token that is good by itself.
func (s *Service) authenticate(ctx context.Context, bearer Bearer) (Caller, error) {
	if access, ok := s.Store.CachedAccess(bearer.Account); ok {
		if caller, err := s.accept(ctx, access, bearer); err == nil && s.actorsCached(caller) {
			caller.cached = true
			return caller, nil
		}
	}
	return s.load(ctx, s.Store, bearer)
}

// actorsCached reports whether all who act by the caller's token may, by what the Store has cached.
func (s *Service) actorsCached(c Caller) bool {
	for actor := c.Act; actor != nil; actor = actor.Prior {
		access, ok := s.Store.CachedAccess(actor.Account)
		if !ok || c.admitActor(actor, access) != nil {
			return false
		}
	}
	return true
}

// Authorize returns the caller if it holds all of these, else ErrForbidden. As with Authenticate, the cache is enough to
// allow a thing, and the database is asked before it is refused. All permissions are looked up in one state: never
// one in the cache and another in the database.
func (s *Service) Authorize(ctx context.Context, c Caller, all ...PermissionName) (Caller, error) {
	if c.Require(all...) == nil {
		return c, nil
	}
	latest, err := s.Fresh(ctx, c)
	if err != nil {
		return Caller{}, err
	}
	return latest, latest.Require(all...)
}

// Fresh returns the caller as the database has it now. ErrUnauthenticated if its token does not count now. A caller that
// reads its own data reads it from here, so that it finds what it has just written through another replica;
// whether it may read may be decided by the cache.
func (s *Service) Fresh(ctx context.Context, c Caller) (Caller, error) {
	if !c.cached && !c.operator() {
		return c, nil
	}
	return s.reload(ctx, s.Store, c)
}

// AuthorizeRead returns the caller as the database has it now, or ErrForbidden if it does not hold p, which it takes to
// read something. ErrUnauthenticated if its token does not count now.
func (s *Service) AuthorizeRead(ctx context.Context, c Caller, p PermissionName) (Caller, error) {
	latest, err := s.Fresh(ctx, c)
	if err != nil {
		return Caller{}, err
	}
	return latest, latest.Require(p)
}

// AsOperator is the caller that stands for the operator who runs the program. It counts with a Service that has an
// Operator and with no other.
func AsOperator() Caller { return Caller{Subject: operatorSubject()} }

func (c Caller) operator() bool { return c.Subject.Kind == SubjectOperator }

// reload looks a caller up again, in the state that r sees.
func (s *Service) reload(ctx context.Context, r Reader, c Caller) (Caller, error) {
	switch {
	case c.digest != "":
		return s.reloadAPIKey(ctx, r, c)
	case !c.secret.IsZero():
		return s.reloadClient(ctx, r, c)
	case c.asserted:
		return Caller{}, unauthenticated(errors.New("an assertion counts once"))
	case !c.operator():
		return s.load(ctx, r, c.bearer())
	}
	if !s.Operator {
		return Caller{}, unauthenticated(errors.New("this service has no operator"))
	}
	graph, err := r.Graph(ctx)
	if err != nil {
		return Caller{}, err
	}
	if graph.admin == nil {
		return Caller{}, errors.New("the database has no role Admin")
	}
	return Caller{Subject: c.Subject, Account: Account{Role: graph.admin.Role, Active: true}, graph: graph}, nil
}

func (c Caller) bearer() Bearer {
	return Bearer{
		Account: c.Subject.ID, Version: c.Account.TokenVersion, Session: c.Session, Key: c.key, Narrowing: c.narrowing,
		Service: c.Account.isService(), Scope: c.scope, Expires: c.expires, Exchanged: c.exchanged, APIKey: c.APIKey, Act: c.Act,
	}
}

// load looks a caller up in the state that r sees. Its actors are looked up first, so that nothing is decided by roles that are
// older than what is known of an actor.
func (s *Service) load(ctx context.Context, r AccessReader, b Bearer) (Caller, error) {
	actors := b.Act.Chain()
	found := make([]Access, len(actors))
	for i, actor := range actors {
		var err error
		if found[i], err = r.Access(ctx, actor.Account); errors.Is(err, ErrNotFound) {
			return Caller{}, unauthenticated(errors.New("the account of the actor does not exist"))
		} else if err != nil {
			return Caller{}, err
		}
	}
	access, err := r.Access(ctx, b.Account)
	if errors.Is(err, ErrNotFound) {
		return Caller{}, unauthenticated(errors.New("the account does not exist"))
	}
	if err != nil {
		return Caller{}, err
	}
	c, err := s.accept(ctx, access, b)
	if err != nil {
		return Caller{}, err
	}
	for i, actor := range actors {
		if err := c.admitActor(actor, found[i]); err != nil {
			return Caller{}, err
		}
	}
	return c, nil
}

// accept decides whether an account stands behind a token, and the key that has signed it counts. Whether its actors do is
// decided after it.
func (s *Service) accept(ctx context.Context, access Access, b Bearer) (Caller, error) {
	c, err := admit(access, b)
	if err == nil {
		err = s.refuseRevokedKey(ctx, access, b)
	}
	if err != nil {
		return Caller{}, err
	}
	return c, nil
}

// admit decides whether an account stands behind a token.
func admit(access Access, b Bearer) (Caller, error) {
	switch {
	case !access.Account.Active:
		return Caller{}, unauthenticated(errors.New("the account is disabled"))
	case access.Account.isService() != b.Service:
		return Caller{}, unauthenticated(errors.New("the token is not of the kind of its account"))
	case access.Account.TokenVersion != b.Version:
		return Caller{}, unauthenticated(errors.New("the token's version is past"))
	case !b.Session.IsZero() && slices.Contains(access.Ended, b.Session):
		return Caller{}, unauthenticated(errors.New("the token's session has ended"))
	case !b.APIKey.IsZero() && slices.Contains(access.Ended, b.APIKey):
		return Caller{}, unauthenticated(errors.New("the API key of the token has ended"))
	}
	return Caller{
		Subject: access.Account.Subject(), Account: access.Account, Session: b.Session, APIKey: b.APIKey, Act: b.Act, key: b.Key,
		scope: b.Scope, exchanged: b.Exchanged, expires: b.Expires, narrowing: b.Narrowing, graph: access.Graph, revision: access.Revision,
	}, nil
}

// now is the time in the precision in which databases keep it.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

func unauthenticated(cause error) error {
	return &Error{Kind: ErrUnauthenticated, Message: "The access token is not valid.", Cause: cause}
}
