package users

import (
	"errors"
	"slices"
)

// Actor is an account that acts for the subject of a token (RFC 8693 §4.1), as the token names it. It counts while its account
// stands behind it, so it has what decides that of a token.
type Actor struct {
	Account ID    // act.sub
	Version int64 // act.ver: the token version of the account
	Session ID    // act.sid: of the token that the actor presented; zero if that had none
	// Impersonator says that the actor is no program that the subject has called, but an account that took the subject's place.
	Impersonator bool
	// Role is act.role_id of an impersonator: its own role when the token was issued.
	Role ID
	// Prior is the actor before this one; nil for the first.
	Prior *Actor
}

// maxActors bounds the chain of actors of a token: services that call one another, each with the token of the one before.
const maxActors = 4

// Chain is the actor and those before it, the latest first.
func (a *Actor) Chain() []*Actor {
	var chain []*Actor
	for ; a != nil; a = a.Prior {
		chain = append(chain, a)
	}
	return chain
}

// ValidLength reports whether a token may have so many actors.
func (a *Actor) ValidLength() bool { return len(a.Chain()) <= maxActors }

// Impersonated reports whether one of the actors took the subject's place.
func (a *Actor) Impersonated() bool {
	return slices.ContainsFunc(a.Chain(), func(one *Actor) bool { return one.Impersonator })
}

// actor is the caller as the actor of a token, before another one or nil.
func (c Caller) actor(prior *Actor) *Actor {
	return &Actor{Account: c.Account.ID, Version: c.Account.TokenVersion, Session: c.Session, Prior: prior}
}

// admitActor decides whether an account stands behind an actor of the caller's token. An impersonator must besides be allowed
// now what it takes to take the place of that account.
func (c Caller) admitActor(a *Actor, access Access) error {
	switch {
	case !access.Account.Active:
		return unauthenticated(errors.New("the account of the actor is disabled"))
	case access.Account.TokenVersion != a.Version:
		return unauthenticated(errors.New("the token version of the actor is past"))
	case !a.Session.IsZero() && slices.Contains(access.Ended, a.Session):
		return unauthenticated(errors.New("the session of the actor has ended"))
	case !a.Impersonator:
		return nil
	}
	// In the state in which the caller was looked up, which is the later one.
	impersonator := Caller{Account: access.Account, graph: c.graph}
	if role, ok := c.graph.Role(access.Account.Role.ID); ok {
		impersonator.Account.Role = role
	}
	if err := impersonator.Require(AccountsImpersonate); err != nil {
		return unauthenticated(errors.New("the impersonator has lost the permission to impersonate"))
	}
	if err := impersonator.mayChangeAccount(c.Account); err != nil {
		return unauthenticated(errors.New("the impersonator holds less than the account"))
	}
	return nil
}
