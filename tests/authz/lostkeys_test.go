package authz

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
)

// What a key may change is decided inside the transaction, too: there the key must still be live and its account hold what
// the key lists.
func TestKeyLostBeforeTheTransaction(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		w := build(things, []rank{
			{name: "mgr", own: append(systemNames(), "docs:x")}, {name: "reader", own: systemNames()},
			{name: "x", own: []string{"docs:x"}}, {name: "freeX", own: []string{"docs:x"}, alone: true},
		})
		e := openRaw(t, h.Database)
		list := strings.Join(append(systemNames(), "docs:x"), " ")
		var key visitor
		for _, loss := range []loss{
			{"nothing", nil, func(*house, users.Tx, context.Context) error { return nil }},
			{"the key is ended", users.ErrUnauthenticated, func(h *house, tx users.Tx, ctx context.Context) error {
				id, _ := users.ParseID(key.id)
				return tx.EndAPIKey(ctx, h.parsed("a:mgr"), id)
			}},
			{"the key has expired", users.ErrUnauthenticated, func(h *house, tx users.Tx, ctx context.Context) error {
				id, _ := users.ParseID(key.id)
				return tx.ReplaceAPIKey(ctx, users.APIKey{ID: id, ExpiresAt: h.now(), Successor: h.parsed("a:x")})
			}},
			{"the account is disabled", users.ErrUnauthenticated, func(h *house, tx users.Tx, ctx context.Context) error {
				a, err := tx.Account(ctx, h.parsed("a:mgr"))
				a.Active = false
				return errors.Join(err, tx.UpdateAccount(ctx, a))
			}},
			{"the account is demoted", users.ErrForbidden, func(h *house, tx users.Tx, ctx context.Context) error {
				return tx.Unassign(ctx, h.parsed("r:mgr"), h.parsed("p:docs:x"))
			}},
		} {
			operations := changingMethods(t)
			for _, name := range []string{"DeleteAccount", "DeleteRole", "RemovePermission", "DeletePermission"} {
				t.Run(name+"/"+loss.name, func(t *testing.T) {
					e.wipe(t)
					h.visitors = map[string]visitor{}
					h.install(t, w)
					text := h.visitorKey(t, cell{who: h.live("a:mgr"), key: list})
					key = slices.Collect(maps.Values(h.visitors))[0]
					h.losesKey(t, e, text, loss, func(s *users.Service, c users.Caller) error { return operations[name].call(h, s, c) })
				})
			}
		}
	})
}

// losesKey makes a change with a key, which suffers the loss before the transaction begins.
func (h *house) losesKey(t *testing.T, e rawDatabase, key string, loss loss, do func(*users.Service, users.Caller) error) {
	t.Helper()
	c, err := h.Users.Authenticate(t.Context(), key)
	must(t, err)
	var afterLoss string
	store := &losingStore{Store: h.Store, lose: func() {
		must(t, h.Store.InTx(t.Context(), func(tx users.Tx) error { return loss.lose(h, tx, t.Context()) }))
		afterLoss = e.look(t, h).raw
	}}
	ports := h.Users.Ports
	ports.Store = store
	if err := do(users.New(ports), c); !errors.Is(err, loss.want) {
		t.Fatalf("the error is %v, want %v", err, loss.want)
	}
	if loss.want != nil && e.look(t, h).raw != afterLoss {
		t.Error("something has changed")
	}
}

// TestRestrictedCallersChangeNothing calls every method that changes something with a key of an administrator that lists all
// permissions, and with tokens that were exchanged for that and for a login, and of an account that it impersonates: but for the
// five that take away it refuses, whatever route or program calls it.
func TestRestrictedCallersChangeNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		w := world("")
		h.install(t, w)
		operator := h.Users.Ports
		operator.Operator = true
		_, err := h.keyManager(t, users.New(operator), h.Keys.Environment).Import(t.Context(), users.AsOperator()) // so that there are keys
		must(t, err)
		text := h.visitorKey(t, cell{who: h.live("a:admin"), key: strings.Join(w.names(w.holds(admin)), " ")})
		callers := map[string]users.Caller{}
		as := func(what, credential string) {
			c, err := h.Users.Authenticate(t.Context(), credential)
			must(t, err)
			callers[what] = c
		}
		exchange := func(credential, kind string) string {
			issued, err := h.Users.ExchangeToken(t.Context(), users.Caller{}, users.TokenExchange{SubjectToken: credential, SubjectTokenType: kind})
			must(t, err)
			return issued.Token
		}
		as("an API key", text)
		as("a token for an API key", exchange(text, users.APIKeyTokenType))
		login := h.known["a:admin"]
		as("a token for a token", exchange(login, users.AccessTokenType))
		as("a token for one that was exchanged", exchange(exchange(login, users.AccessTokenType), users.AccessTokenType))
		root, err := h.Users.Authenticate(t.Context(), login)
		must(t, err)
		impersonated, err := h.Users.Impersonate(t.Context(), root, h.id("a:all"), users.Impersonation{})
		must(t, err)
		as("an impersonator", impersonated.Token)
		as("a token for that of an impersonator", exchange(impersonated.Token, users.AccessTokenType))
		takesAway := []string{"DeleteAccount", "DeleteServiceAccount", "DeleteRole", "RemovePermission", "DeletePermission"}
		before := openRaw(t, h.Database).look(t, h).raw
		for name, o := range changingMethods(t) {
			if slices.Contains(takesAway, name) {
				continue
			}
			for what, c := range callers {
				if err := o.call(h, h.Users, c); !errors.Is(err, users.ErrForbidden) {
					t.Errorf("%s by %s: %v", name, what, err)
				}
			}
		}
		if openRaw(t, h.Database).look(t, h).raw != before {
			t.Error("something has changed")
		}
	})
}
