package authn

import (
	"testing"
	"time"
)

// exchangedToken is an exchanged token of a person with the role Manager.
func exchangedToken(account string, changes member) string {
	claims := claimsOf(account, member{"client_id": account, "role_id": manager, "roles": []string{}, "exchanged": true})
	for name, value := range changes {
		claims[name] = value
	}
	return sign(ourKey(), "key-1", "at+jwt", claims)
}

// actedBy is a token of account for which another one acts.
func actedBy(account, actor string, changes member) string {
	act := member{"sub": actor, "ver": 1}
	for name, value := range changes {
		act[name] = value
	}
	return exchangedToken(account, member{"client_id": actor, "act": act})
}

const asManagerWithoutRole = ":orders:read,orders:write"

// An exchanged token follows its account, session and API key, and shows no role.
func TestExchanged(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	v := follow(t, f, func(o *Options) { o.Changes.WhenLost = TokensAlone })
	awaitChanges(t, v)
	const key = "0199e7a0-0000-7000-8000-0000000000f3"
	whole, ofPhone := exchangedToken(ada, nil), exchangedToken(ada, member{"sid": phone})
	ofKey := exchangedToken(ada, member{"api_key_id": key, "scope": "orders:read orders:void"})
	becomes(t, "of a login", v, whole, asManagerWithoutRole)
	becomes(t, "of a session", v, ofPhone, asManagerWithoutRole)
	becomes(t, "of an API key", v, ofKey, ":orders:read")
	if p, err := v.Verify(t.Context(), whole); err != nil || p.Service || p.Email == "" || p.Actor != nil {
		t.Errorf("%+v, %v", p, err)
	}
	f.tells(endedOf(key, time.Now().Add(time.Hour)))
	becomes(t, "of an API key that has ended", v, ofKey, "401")
	becomes(t, "of a session after that", v, ofPhone, asManagerWithoutRole)
	f.tells(endedOf(phone, time.Now().Add(time.Hour)))
	becomes(t, "of a session that has ended", v, ofPhone, "401")
	f.tells(accountOf(ada, 1, user))
	becomes(t, "with a weaker role", v, whole, ":orders:read")
	f.tells(accountOf(ada, 2, user))
	becomes(t, "older than the account's version", v, whole, "401")

	f.CloseClientConnections()
	f.Close()
	eventually(t, "the feed is lost", v.Lost)
	for what, token := range map[string]string{"of a key": ofKey, "of a session": ofPhone, "of an older version": whole} {
		if got := can(v, token); got != "401" {
			t.Errorf("without the feed a token %s is %s", what, got)
		}
	}
}

// A token ends with each of its actors: with its account, its version and its session.
func TestActors(t *testing.T) {
	t.Parallel()
	const carol, dora = "0199e7a0-0000-7000-8000-0000000000d3", "0199e7a0-0000-7000-8000-0000000000d4"
	for what, change := range map[string]func(*feed){
		"the actor is disabled":              func(f *feed) { f.tells(accountOf(carol, nil, user)) },
		"the actor is deleted":               func(f *feed) { f.tells(accountOf(carol, nil, nil)) },
		"the actor has another version":      func(f *feed) { f.tells(accountOf(carol, 2, user)) },
		"the session of the actor has ended": func(f *feed) { f.tells(endedOf(laptop, time.Now().Add(time.Hour))) },
		"the one before it is disabled":      func(f *feed) { f.tells(accountOf(dora, nil, user)) },
		"the subject is disabled":            func(f *feed) { f.tells(accountOf(ada, nil, user)) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			f := newFeed(t)
			v := follow(t, f, func(o *Options) { o.Changes.WhenLost = TokensAlone })
			awaitChanges(t, v)
			token := actedBy(ada, carol, member{"sid": laptop, "act": member{"sub": dora, "ver": 1}})
			becomes(t, "before", v, token, asManagerWithoutRole)
			p, err := v.Verify(t.Context(), token)
			if err != nil || p.Actor == nil || p.Actor.Account != carol || p.Actor.Impersonator || p.Actor.Prior == nil || p.Actor.Prior.Account != dora || p.Actor.Prior.Prior != nil {
				t.Errorf("%+v, %v", p.Actor, err)
			}
			// The rights of a service that was called are of no concern.
			f.tells(accountOf(carol, 1, nil), accountOf(dora, 1, user))
			becomes(t, "an actor without a role", v, token, asManagerWithoutRole)
			change(f)
			becomes(t, "after", v, token, "401")
			f.CloseClientConnections()
			f.Close()
			eventually(t, "the feed is lost", v.Lost)
			if got := can(v, token); got != "401" {
				t.Errorf("without the feed it is %s", got)
			}
		})
	}
}

// An impersonator must hold the permission and all that the account holds, at every moment.
func TestImpersonators(t *testing.T) {
	t.Parallel()
	const carol, helper, all = "0199e7a0-0000-7000-8000-0000000000d3", "0199e7a0-0000-7000-8000-00000000c00a", "0199e7a0-0000-7000-8000-00000000c00b"
	f := newFeed(t)
	f.knows(roleOf(helper, "Helper", "orders:read", "orders:write", impersonate))
	admin := roleOf(all, "Admin")
	admin["all"] = true
	f.knows(admin)
	v := follow(t, f, nil)
	awaitChanges(t, v)
	token := actedBy(ada, carol, member{"impersonator": true, "role_id": helper})
	becomes(t, "at first", v, token, asManagerWithoutRole)
	p, err := v.Verify(t.Context(), token)
	if err != nil || p.Actor == nil || !p.Actor.Impersonator || p.Account != ada {
		t.Errorf("%+v, %v", p, err)
	}
	f.knows(roleOf(helper, "Helper", "orders:read", impersonate))
	becomes(t, "its role holds less", v, token, "401")
	f.knows(roleOf(helper, "Helper", "orders:read", "orders:write"))
	becomes(t, "its role lost the permission", v, token, "401")
	f.knows(roleOf(helper, "Helper", "orders:read", "orders:write", impersonate))
	becomes(t, "it has both again", v, token, asManagerWithoutRole)
	f.tells(accountOf(carol, 1, user))
	becomes(t, "another role", v, token, "401")
	f.tells(accountOf(carol, 1, helper))
	becomes(t, "its role again", v, token, asManagerWithoutRole)
	f.knows(roleOf(manager, "Manager", "orders:read", "orders:write", "orders:refund"))
	becomes(t, "the account holds more", v, token, "401")
	f.tells(accountOf(ada, 1, user))
	becomes(t, "the account has a weaker role", v, token, ":orders:read")
	f.tells(accountOf(ada, 1, all))
	f.knows(roleOf(helper, "Helper", "orders:read", "orders:write", "orders:refund", impersonate))
	becomes(t, "the account is an administrator, the impersonator holds all there is by name", v, token, "401")
	f.tells(accountOf(carol, 1, all))
	becomes(t, "both are", v, token, ":accounts:impersonate,orders:read,orders:refund,orders:write")
	f.tells(accountOf(carol, 1, nil))
	becomes(t, "the impersonator has no role", v, token, "401")
}
