package users

import (
	"context"
	"errors"
)

// Impersonation is a request for a token of another account, as it was made.
type Impersonation struct {
	// Reason is kept in the event; nil is none. It is spelled as a description.
	Reason *string
	Found  Faults
}

// Impersonate needs accounts:impersonate, and issues a token of a person, which names the caller as its actor. It lives for ten minutes at most and
// no longer than the caller's token, is Restricted as one that was exchanged, and belongs to no session of the account. It
// counts while the caller's account is active, has the same token version, the session has not ended, and what Impersonate asks
// for is so: that permission, and all that the account holds.
//
// ErrNotFound for an account that does not exist or is of a service; ErrForbidden for the caller's own account and for one that holds more than the
// caller; ErrConflict for one that is disabled; ErrInvalid.
func (s *Service) Impersonate(ctx context.Context, c Caller, account string, in Impersonation) (IssuedToken, error) {
	faults := in.Found
	reason := faults.Description("reason", in.Reason)
	if err := faults.Err(); err != nil {
		return IssuedToken{}, err
	}
	var subject Caller
	var claims Claims
	err := s.Change(ctx, c, AccountsImpersonate, func(tx *Change) error {
		target, err := person(accountNow(ctx, tx, account))
		if err != nil {
			return err
		}
		if err := tx.Caller.mayImpersonate(target); err != nil {
			return err
		}
		subject = Caller{Account: target, graph: tx.Caller.graph, exchanged: true, expires: tx.Caller.expires, scope: tx.Caller.scope}
		claims = s.restrictedClaims(subject)
		if !claims.Expires.After(claims.IssuedAt) {
			return unauthenticated(errors.New("the token expires at this moment"))
		}
		claims.Scope, claims.Act = subject.scope, tx.Caller.impersonator()
		tx.Record(accountImpersonated(target, claims, reason))
		return nil
	})
	if err != nil {
		return IssuedToken{}, err
	}
	issued, err := s.issueExchanged(claims, subject)
	if err == nil && s.Impersonated != nil {
		s.Impersonated(c.Account.ID, claims.Subject, claims.TokenID)
	}
	return issued, err
}

// mayImpersonate refuses the caller's own account, one that holds more, and one that is disabled.
func (c Caller) mayImpersonate(target Account) error {
	if c.Subject.is(target.ID) {
		return forbidden("An account cannot impersonate itself.")
	}
	if err := c.mayChangeAccount(target); err != nil {
		return err
	}
	if !target.Active {
		return conflict("This account is disabled.")
	}
	return nil
}

// impersonator is the caller as the actor of a token of another account.
func (c Caller) impersonator() *Actor {
	a := c.actor(nil)
	a.Impersonator, a.Role = true, c.Account.Role.ID
	return a
}
