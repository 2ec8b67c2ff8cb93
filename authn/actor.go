package authn

import (
	"errors"
	"slices"
)

// Actor is an account that acts for the account of a token (RFC 8693 §4.1).
type Actor struct {
	// Account is the id of the account that acts: a UUID.
	Account string
	// Impersonator says that it took the other account's place, as an administrator may; else it is that of a service which
	// that account has called.
	Impersonator bool
	// Prior is the actor before this one, nil for the first: a service that was called by a service.
	Prior *Actor
}

// actor is a claim act. A token is valid while the accounts of all its actors are.
type actor struct {
	account      id
	version      int64 // claim ver of the actor's own token
	session      id    // claim sid of that token; zero for none
	impersonator bool
	role         id // of an impersonator when the token was issued; else zero
	prior        *actor
}

// impersonate is the permission that an impersonator must have now.
const impersonate = "accounts:impersonate"

// maxActors is how many actors a token has at most.
const maxActors = 4

var errActor = errors.New("act is not that of an actor, or there are too many")

// readActor reads the member act of an object and those in it; nil if there is none.
func readActor(r *reader, depth int) *actor {
	if r.err != nil || !r.o.has("act") {
		return nil
	}
	o, ok := r.o["act"].(object)
	if !ok || depth == maxActors {
		r.err = errActor
		return nil
	}
	in := reader{o: o}
	a := &actor{account: in.id("sub"), version: in.integer("ver"), impersonator: in.flag("impersonator")}
	if o.has("sid") {
		a.session = in.id("sid")
	}
	if o.has("role_id") {
		a.role = in.id("role_id")
	}
	a.prior = readActor(&in, depth+1)
	if r.err = in.err; r.err == nil && (a.version < 1 || a.impersonator != (a.role != id{})) {
		r.err = errActor
	}
	return a
}

// shown is the actor as a Principal shows it.
func (a *actor) shown() *Actor {
	if a == nil {
		return nil
	}
	return &Actor{Account: a.account.String(), Impersonator: a.impersonator, Prior: a.prior.shown()}
}

// actorsMayAct reports whether all actors of a token may act for an account with this role.
func (f *facts) actorsMayAct(c *claims, role id) bool {
	for a := c.act; a != nil; a = a.prior {
		entry, changed := f.accounts.get(a.account)
		own := a.role
		switch {
		case f.endedSession(a.session), changed && (entry.none || a.version != entry.version):
			return false
		case changed:
			own = entry.role
		}
		if a.impersonator && !f.rights.mayImpersonate(own, role) {
			return false
		}
	}
	return true
}

// mayImpersonate reports whether an account with one role may take the place of one with another: it has the permission for that,
// and all that the other role has.
func (r *rights) mayImpersonate(own, other id) bool {
	_, held, _ := r.of(own)
	_, wanted, _ := r.of(other)
	lacks := func(name string) bool {
		_, found := slices.BinarySearch(held, name)
		return !found
	}
	if r.everythingOf(other) && !r.everythingOf(own) || lacks(impersonate) {
		return false
	}
	return !slices.ContainsFunc(wanted, lacks)
}

// everythingOf reports whether a role is the one that holds every permission.
func (r *rights) everythingOf(u id) bool {
	role, known := r.roles.get(u)
	return known && role.all
}
