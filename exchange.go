package users

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// The types of tokens in an exchange (RFC 8693 §3). That of API keys is a type of this service.
const (
	AccessTokenType = "urn:ietf:params:oauth:token-type:access_token" //nolint:gosec // the name of a type
	JWTTokenType    = "urn:ietf:params:oauth:token-type:jwt"          //nolint:gosec // likewise; an access token is one, so either name is taken
	APIKeyTokenType = "urn:svc-users:token-type:api_key"              //nolint:gosec // likewise
)

// exchangeLife is how long a token lives at most that was issued for another credential, and one of an impersonation. It is
// short because it is for one piece of work, and migration 20 counts on it: for twice as long the end of an API key is noted.
const exchangeLife = 10 * time.Minute

// TokenExchange asks for a token in exchange for another credential (RFC 8693 §2.1), as the form gave it.
type TokenExchange struct {
	SubjectToken, SubjectTokenType string
	// ActorToken is an access token of the account that acts for the subject; empty for none, or if that is the client.
	ActorToken, ActorTokenType string
	Scope, Audience, Resource  string
	RequestedTokenType         string
}

// ExchangeToken issues an access token that is no more than a credential: it lives for ten minutes at most and no longer than
// the credential, and it may do what the credential may do at each moment, or less: within the scope, and with the prefix of
// the audience. It is Restricted. The credential is an access token or an API key, which is proof enough, as what it gives could
// be had with it anyhow. client is the service account that was authenticated; the zero Caller if there is none.
//
// An actor is who presents the credential of another account: the client, or the account of the ActorToken. The token names it,
// and it counts while the accounts of all its actors do.
//
// ErrInvalid with one fault, which names the field: for a credential that does not count now too.
func (s *Service) ExchangeToken(ctx context.Context, client Caller, in TokenExchange) (IssuedToken, error) {
	if err := in.check(); err != nil {
		return IssuedToken{}, err
	}
	subject, err := s.exchangedCredential(ctx, "subject_token", in.SubjectToken)
	if err != nil {
		return IssuedToken{}, err
	}
	claims, err := s.exchangedClaims(ctx, subject, in)
	if err != nil {
		return IssuedToken{}, err
	}
	actor, err := s.exchangeActor(ctx, client, in)
	if err != nil {
		return IssuedToken{}, err
	}
	if err := claims.addActor(subject, actor); err != nil {
		return IssuedToken{}, err
	}
	if !claims.Expires.After(claims.IssuedAt) {
		return IssuedToken{}, exchangeFault("subject_token", "The subject_token, or the actor_token, has expired.")
	}
	return s.issueExchanged(claims, subject)
}

// check returns ErrInvalid for a request that cannot be answered, whatever the credentials are.
func (in TokenExchange) check() error {
	isKey := strings.HasPrefix(in.SubjectToken, APIKeyPrefix)
	switch {
	case in.SubjectToken == "":
		return exchangeFault("subject_token", "The field subject_token is required.")
	case in.SubjectTokenType == "":
		return exchangeFault("subject_token_type", "The field subject_token_type is required.")
	case in.SubjectTokenType != APIKeyTokenType && !isAccessTokenType(in.SubjectTokenType):
		return exchangeFault("subject_token_type", "The subject_token_type must be "+AccessTokenType+" or "+APIKeyTokenType+".")
	case isKey != (in.SubjectTokenType == APIKeyTokenType):
		return exchangeFault("subject_token_type", "The subject_token is not of the subject_token_type.")
	case in.ActorToken == "" && in.ActorTokenType != "":
		return exchangeFault("actor_token", "The field actor_token is missing, of which there is an actor_token_type.")
	case in.ActorToken != "" && !isAccessTokenType(in.ActorTokenType):
		return exchangeFault("actor_token_type", "The actor_token_type must be "+AccessTokenType+".")
	case in.RequestedTokenType != "" && !isAccessTokenType(in.RequestedTokenType):
		return exchangeFault("requested_token_type", "The requested_token_type must be "+AccessTokenType+"; no other is issued.")
	case in.Resource != "":
		return exchangeFault("resource", "A resource cannot be asked for; the audiences that services declare can, by the field audience.")
	}
	return nil
}

func isAccessTokenType(kind string) bool { return kind == AccessTokenType || kind == JWTTokenType }

// exchangedCredential returns the caller that a credential stands for, as the database has it now.
func (s *Service) exchangedCredential(ctx context.Context, field, credential string) (Caller, error) {
	c, err := s.findCredential(ctx, credential)
	var refused *Error
	if errors.Is(err, ErrUnauthenticated) && errors.As(err, &refused) {
		return Caller{}, &Error{
			Kind: ErrInvalid, Message: "The " + field + " is not valid.", Faults: Faults{{field, "is not valid"}}, Cause: refused.Cause,
		}
	}
	return c, err
}

func (s *Service) findCredential(ctx context.Context, credential string) (Caller, error) {
	if strings.HasPrefix(credential, APIKeyPrefix) {
		secret, ok := parseAPIKey(credential)
		if !ok {
			return Caller{}, refusedAPIKey(errors.New("the API key is malformed"))
		}
		found, c, err := s.findAPIKey(ctx, secret)
		if err != nil {
			return Caller{}, err
		}
		if slices.Contains(found.Access.Ended, found.Key.ID) { // changed by hand: its tokens do not count either
			return Caller{}, refusedAPIKey(errors.New("the API key is to end within minutes"))
		}
		s.Store.NoteAPIKeyUse(found.Key, s.now())
		c.expires = found.Key.ExpiresAt
		return c, nil
	}
	bearer, err := verifyToken(ctx, s, credential, s.Tokens.Bearer)
	if err != nil {
		return Caller{}, err
	}
	return s.load(ctx, s.Store, bearer)
}

// exchangeActor returns who presents the subject's credential; the zero Caller if nothing says so. The token of an actor stands for
// its account as a whole: what is less is for something else.
func (s *Service) exchangeActor(ctx context.Context, client Caller, in TokenExchange) (Caller, error) {
	if in.ActorToken == "" {
		return client, nil
	}
	if strings.HasPrefix(in.ActorToken, APIKeyPrefix) {
		return Caller{}, exchangeFault("actor_token", "An API key cannot be the actor_token.")
	}
	actor, err := s.exchangedCredential(ctx, "actor_token", in.ActorToken)
	switch {
	case err != nil:
		return Caller{}, err
	case actor.Restricted() || actor.scope != nil:
		return Caller{}, exchangeFault("actor_token", "The actor_token must be a token from a login, or one of a service account without a scope.")
	case !client.Account.ID.IsZero() && client.Account.ID != actor.Account.ID:
		return Caller{}, exchangeFault("actor_token", "The actor_token must be of the client that authenticates.")
	}
	return actor, nil
}

// exchangedClaims are those of a token that is issued for the subject's credential, before an actor is added.
func (s *Service) exchangedClaims(ctx context.Context, subject Caller, in TokenExchange) (Claims, error) {
	narrowing, err := s.exchangeAudience(ctx, subject, in.Audience)
	if err != nil {
		return Claims{}, err
	}
	claims := s.restrictedClaims(subject)
	claims.Narrowing, claims.Scope = narrowing, subject.scope
	if in.Scope != "" {
		narrower := subject
		narrower.narrowing = narrowing
		asked, err := narrower.requestedScope("The subject_token does not hold: ", in.Scope)
		if err != nil {
			return Claims{}, err
		}
		claims.Scope = &asked
	}
	if claims.Scope != nil {
		kept := NewScope(narrowing.narrowed(claims.Scope.names)...)
		if len(kept.names) == 0 {
			return Claims{}, invalidScope("No permission of the scope is one for that audience.")
		}
		claims.Scope = &kept
	}
	return claims, nil
}

// exchangeAudience returns the narrowing of a token that is issued for the subject's credential. A token for one audience stays one
// for that.
func (s *Service) exchangeAudience(ctx context.Context, subject Caller, audience string) (Narrowing, error) {
	if audience == "" || audience == string(subject.narrowing.Audience) {
		return subject.narrowing, nil
	}
	if !subject.narrowing.IsZero() {
		return Narrowing{}, exchangeFault("audience", "The subject_token is for another audience.")
	}
	const unknown = "The audience is not one that a service declares."
	name, err := ParseAudienceName(audience)
	if err != nil {
		return Narrowing{}, exchangeFault("audience", unknown)
	}
	narrowing, err := s.narrowing(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return Narrowing{}, exchangeFault("audience", unknown)
	}
	return narrowing, err
}

// restrictedClaims are those of a token that is no more than the caller's credential, whose Scope and Narrowing are to be set.
func (s *Service) restrictedClaims(c Caller) Claims {
	now := s.Now().UTC().Truncate(time.Second)
	return Claims{
		Subject: c.Account.ID, TokenID: s.NewID(), IssuedAt: now, NotBefore: now, Expires: earlier(now.Add(exchangeLife), c.expires),
		Version: c.Account.TokenVersion, Email: c.Account.Email.String(), Service: c.Account.isService(), RoleID: c.Account.Role.ID,
		Session: c.Session, Exchanged: true, APIKey: c.APIKey, Act: c.Act,
	}
}

// earlier is the earlier of two times in whole seconds, of which a zero one is never.
func earlier(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b.UTC().Truncate(time.Second)
}

// addActor adds who presents the subject's credential, unless it is the subject itself or the actor that the credential has.
func (c *Claims) addActor(subject, actor Caller) error {
	if actor.Account.ID.IsZero() {
		return nil
	}
	if !actor.expires.IsZero() {
		c.Expires = earlier(c.Expires, actor.expires)
	}
	if actor.Account.ID == subject.Account.ID || c.Act != nil && c.Act.Account == actor.Account.ID {
		return nil
	}
	if c.Act = actor.actor(c.Act); !c.Act.ValidLength() {
		return exchangeFault("subject_token", "The subject_token has been passed on too often.")
	}
	return nil
}

// issueExchanged signs a token that is no more than what the caller holds.
func (s *Service) issueExchanged(claims Claims, c Caller) (IssuedToken, error) {
	c.scope, c.narrowing = claims.Scope, claims.Narrowing
	granted := c.Permissions()
	claims.Permissions = texts(granted)
	token, whole, err := s.Tokens.Issue(claims)
	if errors.Is(err, ErrScopeTooLong) {
		return IssuedToken{}, invalidScope("The scope does not fit into a token; ask for fewer permissions.")
	}
	if err != nil {
		return IssuedToken{}, err
	}
	if !whole && s.PermissionsOmitted != nil {
		s.PermissionsOmitted(c.Account.Role)
	}
	return IssuedToken{
		ID: claims.TokenID, Account: claims.Subject, Act: claims.Act, Token: token, Expires: claims.Expires, Life: claims.Expires.Sub(claims.IssuedAt), Scope: granted,
	}, nil
}

// exchangeFault is ErrInvalid about a field.
func exchangeFault(field, message string) error {
	return &Error{Kind: ErrInvalid, Message: message, Faults: Faults{{field, message}}}
}
