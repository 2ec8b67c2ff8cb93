package users

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// ClientCredentials is what a client has sent to show which service account it acts for (RFC 6749 §2.3.1).
type ClientCredentials struct {
	ID     string // client_id: the id of the service account
	Secret string // client_secret: svcs_…
	// Assertion is client_assertion: a JWT in place of a secret (RFC 7523 §2.2). Service.AuthenticateClient takes none; see
	// Service.AdmitAssertedClient.
	Assertion string
}

// Format prints the id alone, for every verb.
func (c ClientCredentials) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "client %q", c.ID)
}

// AuthenticateClient returns the service account that has these credentials, as the database has it now. ErrCredentials for
// an unknown id, a wrong, deleted or expired secret and a disabled account, so that the client does not learn which it was.
// A text that is no secret is refused without a query.
func (s *Service) AuthenticateClient(ctx context.Context, in ClientCredentials) (Caller, error) {
	if in.Assertion != "" {
		return Caller{}, refusedClient(errors.New("assertions are not read here"))
	}
	id, okID := ParseID(in.ID)
	value, okSecret := parseClientSecret(in.Secret)
	if !okID || !okSecret {
		return Caller{}, &Error{Kind: ErrCredentials, Message: clientNotAuthenticated, Cause: errors.New("the client id or the secret is malformed")}
	}
	secret, err := s.Store.FindClientSecret(ctx, id, value)
	if errors.Is(err, ErrNotFound) {
		return Caller{}, refusedClient(errors.New("no service account with this id has this secret"))
	}
	if err != nil {
		return Caller{}, err
	}
	access, err := s.Store.Access(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return Caller{}, refusedClient(err)
	}
	if err != nil {
		return Caller{}, err
	}
	c, err := s.admitClient(access, secret)
	if err != nil {
		return Caller{}, refusedClient(err)
	}
	s.Store.NoteClientSecretUse(secret, s.now())
	return c, nil
}

// admitClient decides whether a service account stands behind a secret of it.
func (s *Service) admitClient(access Access, secret ClientSecret) (Caller, error) {
	switch {
	case secret.Account != access.Account.ID || !access.Account.isService():
		return Caller{}, errors.New("the secret is of no service account")
	case !secret.Live(s.Now()):
		return Caller{}, errors.New("the secret has expired")
	case !access.Account.Active:
		return Caller{}, errors.New("the service account is disabled")
	}
	return Caller{
		Subject: access.Account.Subject(), Account: access.Account, secret: secret.ID, graph: access.Graph, revision: access.Revision,
	}, nil
}

// reloadClient looks up again a caller that was authenticated by a client secret, in the state that r sees.
func (s *Service) reloadClient(ctx context.Context, r Reader, c Caller) (Caller, error) {
	access, err := r.Access(ctx, c.Subject.ID)
	if errors.Is(err, ErrNotFound) {
		return Caller{}, unauthenticated(errors.New("the service account does not exist"))
	}
	if err != nil {
		return Caller{}, err
	}
	secrets, err := r.ClientSecrets(ctx, c.Subject.ID)
	if err != nil {
		return Caller{}, err
	}
	at := slices.IndexFunc(secrets, func(s ClientSecret) bool { return s.ID == c.secret })
	if at < 0 {
		return Caller{}, unauthenticated(errors.New("the secret was deleted"))
	}
	latest, err := s.admitClient(access, secrets[at])
	if err != nil {
		return Caller{}, unauthenticated(err)
	}
	return latest, nil
}

// AdmitAssertedClient returns a service account as the database has it now, for which an assertion was verified: whether the
// assertion counts is decided by a duty of its own. ErrCredentials for an unknown id, a person and a disabled account.
//
// The caller gets a token, and reads; it changes nothing: an assertion counts for one request, so that it cannot be looked up
// again in the transaction of a change.
func (s *Service) AdmitAssertedClient(ctx context.Context, account ID) (Caller, error) {
	access, err := s.Store.Access(ctx, account)
	if errors.Is(err, ErrNotFound) {
		return Caller{}, refusedClient(err)
	}
	switch {
	case err != nil:
		return Caller{}, err
	case !access.Account.isService():
		return Caller{}, refusedClient(errors.New("the account is not a service account"))
	case !access.Account.Active:
		return Caller{}, refusedClient(errors.New("the service account is disabled"))
	}
	return Caller{
		Subject: access.Account.Subject(), Account: access.Account, asserted: true, graph: access.Graph, revision: access.Revision,
	}, nil
}

const clientNotAuthenticated = "Client authentication failed."

// refusedClient is the one answer to every client authentication that fails. The cause is for the log.
func refusedClient(cause error) error {
	return &Error{Kind: ErrCredentials, Message: clientNotAuthenticated, Cause: cause, Guess: true}
}
