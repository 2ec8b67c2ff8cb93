package federation

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	users "github.com/svc-users/svc-users"
)

const (
	// leeway is how far clocks may differ, as in our own verifier.
	leeway = 30 * time.Second
	// longestOwn is how long an assertion that a service account signs may live: it is made for one request.
	longestOwn = 5 * time.Minute
	// longestForeign is how long one of an issuer may live: the platform says how long, such as an hour. Without a bound one
	// that never expires would be a password.
	longestForeign = 24 * time.Hour
	// maxID is the longest jti, in bytes.
	maxID = 256
	// keptLonger is how long a used assertion is noted after it has expired: more than the clocks of replicas differ.
	keptLonger = leeway + 2*time.Minute
)

// AuthenticateClient returns the service account that has these credentials, as the database has it now: by an assertion if
// there is one, else by its secret. ErrCredentials for everything that does not count; ErrUnavailable also while the keys of
// the issuer cannot be read.
func (f *Federation) AuthenticateClient(ctx context.Context, in users.ClientCredentials) (users.Caller, error) {
	if in.Assertion == "" {
		return f.Service.AuthenticateClient(ctx, in)
	}
	if in.Secret != "" {
		return users.Caller{}, refused(errors.New("a secret and an assertion"))
	}
	a, err := f.Assertions.Parse(in.Assertion)
	if err != nil { // a text that is no assertion has cost no query, so it is no guess either
		return users.Caller{}, &users.Error{Kind: users.ErrCredentials, Message: notAuthenticated, Cause: err}
	}
	if id, own := users.ParseID(a.Issuer); own {
		return f.authenticateOwn(ctx, in, a, id)
	}
	return f.authenticateForeign(ctx, in, a)
}

// authenticateOwn authenticates by an assertion that the service account has signed: its id is iss and sub (RFC 7523 §3).
func (f *Federation) authenticateOwn(ctx context.Context, in users.ClientCredentials, a Assertion, account users.ID) (users.Caller, error) {
	now := f.Service.Now()
	switch {
	case a.Subject != a.Issuer:
		return users.Caller{}, refused(errors.New("sub is not iss"))
	case in.ID != "" && in.ID != a.Issuer:
		return users.Caller{}, refused(errors.New("client_id is not iss"))
	case a.Type != "" && a.Type != "jwt" && a.Type != "client-authentication+jwt":
		return users.Caller{}, refused(errors.New("typ is that of another kind of token"))
	case len(a.Audiences) == 0 || slices.ContainsFunc(a.Audiences, func(s string) bool { return !slices.Contains(f.Audiences, s) }):
		return users.Caller{}, refused(errors.New("aud has another value than the issuer and the token endpoint"))
	case a.ID == "" || len(a.ID) > maxID:
		return users.Caller{}, refused(errors.New("jti is missing or too long"))
	}
	if err := checkTimes(a, now, longestOwn); err != nil {
		return users.Caller{}, refused(err)
	}
	keys, err := f.Store.ClientKeys(ctx, account)
	if err != nil {
		return users.Caller{}, err
	}
	if err := f.verifyOwn(ctx, a, keys); err != nil {
		return users.Caller{}, err
	}
	caller, err := f.Service.AdmitAssertedClient(ctx, account)
	if err != nil {
		return users.Caller{}, err
	}
	first, err := f.Store.UseAssertion(ctx, digestOf(account, a.ID), a.Expires.Add(keptLonger))
	if err != nil {
		return users.Caller{}, err
	}
	if !first {
		return users.Caller{}, refused(errors.New("the assertion was used before"))
	}
	return caller, nil
}

// verifyOwn verifies an assertion by the keys of its service account: those that are registered first, and only then those
// that have to be fetched.
func (f *Federation) verifyOwn(ctx context.Context, a Assertion, keys []Key) error {
	var registered []PublicKey
	for _, k := range keys {
		if k.JWK == "" {
			continue
		}
		public, err := f.Assertions.ParseKey(k.JWK)
		if err != nil {
			return fmt.Errorf("the key %s of a service account cannot be read: %w", k.ID, err)
		}
		registered = append(registered, public)
	}
	if f.verifyBy(a, candidates(registered, a)) {
		return nil
	}
	var away error
	for _, k := range keys {
		if k.URL == "" {
			continue
		}
		found, err := f.sets.find(ctx, source{url: k.URL}, a)
		if err != nil {
			away = err
		} else if f.verifyBy(a, found) {
			return nil
		}
	}
	if away != nil {
		return away
	}
	return refused(errors.New("no key of the service account has signed the assertion"))
}

// authenticateForeign authenticates by an assertion of an issuer. The client says which service account it acts for: an
// assertion may be covered by the trusts of several.
func (f *Federation) authenticateForeign(ctx context.Context, in users.ClientCredentials, a Assertion) (users.Caller, error) {
	account, ok := users.ParseID(in.ID)
	if !ok {
		return users.Caller{}, refused(errors.New("client_id is missing or malformed"))
	}
	switch {
	case a.Type != "" && a.Type != "jwt":
		return users.Caller{}, refused(errors.New("typ is that of another kind of token"))
	case a.Issuer == f.Issuer:
		return users.Caller{}, refused(errors.New("the issuer is this service"))
	}
	if err := checkTimes(a, f.Service.Now(), longestForeign); err != nil {
		return users.Caller{}, refused(err)
	}
	trusts, err := f.Store.Trusts(ctx, account)
	if err != nil {
		return users.Caller{}, err
	}
	if err := f.verifyForeign(ctx, a, trusts); err != nil {
		return users.Caller{}, err
	}
	return f.Service.AdmitAssertedClient(ctx, account)
}

// verifyForeign verifies an assertion by the keys of a trust that covers it. The issuer is asked for its keys only where one
// does.
func (f *Federation) verifyForeign(ctx context.Context, a Assertion, trusts []Trust) error {
	var away error
	covered := false
	for _, t := range trusts {
		if !t.covers(a) {
			continue
		}
		covered = true
		found, err := f.sets.find(ctx, t.source(), a)
		if err != nil {
			away = err
		} else if f.verifyBy(a, found) {
			return nil
		}
	}
	switch {
	case away != nil:
		return away
	case covered:
		return refused(errors.New("no key of the issuer has signed the assertion"))
	}
	return refused(errors.New("no trust of the service account covers the assertion"))
}

// verifyBy reports whether one of these keys has signed the assertion.
func (f *Federation) verifyBy(a Assertion, keys []PublicKey) bool {
	return slices.ContainsFunc(keys, func(k PublicKey) bool { return f.Assertions.Verify(a, k) == nil })
}

// candidates returns the keys that may have signed an assertion: those with its kid, or all where it has none, that are for
// its algorithm. Of more than maxKeys none is tried.
func candidates(keys []PublicKey, a Assertion) []PublicKey {
	var found []PublicKey
	for _, k := range keys {
		if (a.KeyID == "" || k.ID == a.KeyID) && slices.Contains(k.Algorithms, a.Algorithm) {
			found = append(found, k)
		}
	}
	if len(found) > maxKeys {
		return nil
	}
	return found
}

// checkTimes returns why an assertion does not count at a time.
func checkTimes(a Assertion, now time.Time, longest time.Duration) error {
	switch {
	case !now.Before(a.Expires.Add(leeway)):
		return errors.New("the assertion has expired")
	case a.Expires.After(now.Add(longest + leeway)):
		return fmt.Errorf("the assertion expires more than %s ahead", longest)
	case a.NotBefore.After(now.Add(leeway)):
		return errors.New("the assertion does not count yet")
	case a.IssuedAt.After(now.Add(leeway)):
		return errors.New("the assertion is from the future")
	}
	return nil
}

// digestOf is what is noted of an assertion of a service account: the SHA-256 of its id and the jti, in base64url.
func digestOf(account users.ID, jti string) users.Digest {
	sum := sha256.Sum256([]byte(account.String() + " " + jti))
	return users.Digest(base64.RawURLEncoding.EncodeToString(sum[:]))
}

const notAuthenticated = "Client authentication failed."

// refused is the one answer to every assertion that does not count, the same as to a wrong secret. The cause is for the log.
func refused(cause error) error {
	return &users.Error{Kind: users.ErrCredentials, Message: notAuthenticated, Cause: cause, Guess: true}
}
