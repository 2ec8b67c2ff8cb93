package authz

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

// TestExchangesNeverWiden: tokens that are exchanged for one another at random, with scopes, audiences and actors, may do exactly
// what the first credential may at the moment, the scopes name and the audience has its prefix for; and what is asked beyond that is
// refused. The rights of the account change all the while.
func TestExchangesNeverWiden(t *testing.T) {
	t.Parallel()
	names := []users.PermissionName{"docs:a", "docs:b", "mall:a", "mall:b"}
	svc := apitest.Start(t, apitest.Options{})
	for _, n := range names {
		svc.NewPermission(t, string(n))
	}
	svc.Post(t, "/api/v1/declarations/apply", map[string]any{"service": "docs", "audience": "docs", "permission_prefix": "docs:"}).Want(t, 200, "")
	role := svc.NewRole(t, "", "docs:a", "docs:b", "mall:a", "mall:b")
	ada, client := svc.NewAccount(t, role), svc.NewClient(t, role)
	session := svc.LoginSession(t, ada.Email, ada.Password)
	actor := svc.NewClient(t, svc.AdminRole) // whose rights are no part of the token's
	actorToken := svc.ClientToken(t, actor, "")
	roleID, _ := users.ParseID(role)
	ids := make([]users.ID, len(names))
	for i, text := range svc.PermissionIDs(t, "docs:a", "docs:b", "mall:a", "mall:b") {
		ids[i], _ = users.ParseID(text)
	}
	hold := func(t *rapid.T, mask int) {
		err := svc.Store.InTx(t.Context(), func(tx users.Tx) error {
			for i, id := range ids {
				err := tx.Unassign(t.Context(), roleID, id)
				if mask>>i&1 == 1 {
					err = tx.Assign(t.Context(), roleID, []users.ID{id})
				}
				if err != nil && !errors.Is(err, users.ErrNotFound) && !errors.Is(err, users.ErrTaken) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	text := func(mask int) string {
		var list []string
		for i, n := range names {
			if mask>>i&1 == 1 {
				list = append(list, string(n))
			}
		}
		return strings.Join(list, " ")
	}
	keys, ofClient := make([]string, 16), make([]string, 16)
	for mask := range keys {
		ofClient[mask] = svc.ClientToken(t, client, text(mask))
		if mask > 0 {
			keys[mask] = svc.NewAPIKey(t, ada.Token, strings.Fields(text(mask))...).Key
		}
	}
	const all, docs = 15, 3
	rapid.Check(t, func(t *rapid.T) {
		held := all
		hold(t, held)
		// credential may do what is in bound, of what its account holds.
		credential, kind, bound, narrowed := session.Token, users.AccessTokenType, all, false
		switch mask := rapid.IntRange(1, all).Draw(t, "list"); rapid.SampledFrom([]string{"login", "key", "client", "scoped client"}).Draw(t, "credential") {
		case "key":
			credential, kind, bound = keys[mask], users.APIKeyTokenType, mask
		case "client":
			credential = ofClient[0]
		case "scoped client":
			credential, bound = ofClient[mask], mask
		}
		for range rapid.IntRange(1, 4).Draw(t, "exchanges") {
			in := users.TokenExchange{SubjectToken: credential, SubjectTokenType: kind}
			scope := rapid.IntRange(0, all).Draw(t, "scope")
			in.Scope = text(scope)
			if rapid.Bool().Draw(t, "audience") {
				in.Audience = "docs"
			}
			if rapid.Bool().Draw(t, "actor") {
				in.ActorToken, in.ActorTokenType = actorToken, users.AccessTokenType
			}
			reach := bound
			if narrowed || in.Audience != "" {
				reach &= docs
			}
			issued, err := svc.Users.ExchangeToken(t.Context(), users.Caller{}, in)
			if scope&^(reach&held) != 0 {
				if err == nil {
					t.Fatalf("a scope of %q is given of %04b", in.Scope, reach&held)
				}
				continue
			}
			if err != nil {
				// Nothing of a list is for the audience: there is no token of nothing.
				if reach != 0 || in.Audience == "" {
					t.Fatalf("%+v: %v", in, err)
				}
				continue
			}
			credential, kind, narrowed = issued.Token, users.AccessTokenType, narrowed || in.Audience != ""
			bound = reach
			if scope != 0 {
				bound &= scope
			}
			if issued.Life > 10*60*1e9 {
				t.Fatalf("it lives for %v", issued.Life)
			}
			held = rapid.IntRange(0, all).Draw(t, "held")
			hold(t, held)
			c, err := svc.Users.AuthenticateForAny(t.Context(), credential)
			if err == nil {
				c, err = svc.Users.Fresh(t.Context(), c)
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, n := range names {
				if want := held&bound>>i&1 == 1; c.May(n) != want || (c.Require(n) == nil) != want || slices.Contains(c.Permissions(), n) != want {
					t.Fatalf("held %04b, bound %04b: may %s is %t", held, bound, n, c.May(n))
				}
			}
			if !c.Restricted() || len(c.Roles()) != 0 || c.May(users.AccountsRead) {
				t.Fatalf("it is more than its credential: %v %v", c.Roles(), c.Permissions())
			}
		}
	})
}

// TestImpersonators walks through what an impersonator may, and what ends its token.
func TestImpersonators(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		for _, name := range []string{"docs:a", "docs:b"} {
			svc.NewPermission(t, name)
		}
		weak := svc.NewRole(t, "", "docs:a")
		helper := svc.NewRole(t, weak, "accounts:impersonate", "accounts:read")
		carol := svc.NewAccount(t, helper)
		session := svc.LoginSession(t, carol.Email, carol.Password)
		ada := svc.NewAccount(t, weak)
		token := svc.Impersonate(t, session.Token, ada.ID)
		send := func(token, method, path string, body any) *apitest.Answer {
			t.Helper()
			return svc.Send(t, apitest.Request{Method: method, Path: path, Token: token, Body: body})
		}
		me := send(token, get, "/api/v1/auth/me", nil).Want(t, 200, "")
		if me.Text(t, "id") != ada.ID || me.Text(t, "act", "sub") != carol.ID || !strings.Contains(string(me.Body), `"impersonator":true`) {
			t.Errorf("%s", me.Body)
		}
		refused := "An exchanged token is not accepted here; use an access token from a login."
		for _, c := range []struct{ method, path string }{
			{post, "/api/v1/auth/password"}, {post, "/api/v1/auth/email"}, {get, "/api/v1/auth/sessions"}, {del, "/api/v1/auth/sessions"}, {get, "/api/v1/auth/api-keys"},
			{post, "/api/v1/auth/api-keys"}, {post, "/api/v1/accounts/" + ada.ID + "/impersonate"}, {post, "/api/v1/accounts"}, {post, "/api/v1/roles"},
		} {
			send(token, c.method, c.path, map[string]any{}).Want(t, 403, refused)
		}
		if sessions := send(ada.Token, get, "/api/v1/auth/sessions", nil).Want(t, 200, ""); string(sessions.Data) != "[]" {
			t.Errorf("the impersonation is a session: %s", sessions.Data)
		}
		// Exchanged for less it still has its impersonator.
		less := svc.ExchangedToken(t, nil, token, "scope", "docs:a")
		if me := send(less, get, "/api/v1/auth/me", nil).Want(t, 200, ""); me.Text(t, "act", "sub") != carol.ID {
			t.Errorf("%s", me.Body)
		}
		alive := func(what string, want bool) {
			t.Helper()
			status := map[bool]int{true: 200, false: 401}[want]
			for name, one := range map[string]string{"the token": token, "one for it": less} {
				if answer := send(one, get, "/api/v1/auth/me", nil); answer.Status != status {
					t.Errorf("%s: %s is answered with %d", what, name, answer.Status)
				}
			}
		}
		role := "/api/v1/roles/" + weak + "/permissions"
		permission := svc.PermissionIDs(t, "docs:b", "accounts:impersonate")
		svc.Post(t, role, map[string]any{"permission_ids": permission[:1]}).Want(t, 200, "")
		alive("the account holds more, and so the role that inherits it", true)
		svc.Patch(t, "/api/v1/roles/"+helper, map[string]any{"parent_id": nil}).Want(t, 200, "")
		alive("the role of the impersonator inherits nothing", false)
		svc.Patch(t, "/api/v1/roles/"+helper, map[string]any{"parent_id": weak}).Want(t, 200, "")
		alive("it inherits again", true)
		svc.Delete(t, "/api/v1/roles/"+helper+"/permissions/"+permission[1]).Want(t, 200, "")
		alive("it lost the permission to impersonate", false)
		svc.Post(t, "/api/v1/roles/"+helper+"/permissions", map[string]any{"permission_ids": permission[1:]}).Want(t, 200, "")
		alive("it has that again", true)
		svc.Patch(t, "/api/v1/accounts/"+ada.ID, map[string]any{"role_id": svc.AdminRole}).Want(t, 200, "")
		alive("the account is an administrator", false)
		svc.Patch(t, "/api/v1/accounts/"+ada.ID, map[string]any{"role_id": weak}).Want(t, 200, "")
		alive("it is none", true)
		svc.Send(t, apitest.Request{Method: post, Path: apitest.LogoutPath, Body: map[string]any{"refreshToken": session.RefreshToken}}).Want(t, http.StatusOK, "")
		alive("the impersonator has logged out", false)

		for what, end := range map[string]func(){
			"the impersonator is disabled": func() {
				svc.Patch(t, "/api/v1/accounts/"+carol.ID, map[string]any{"is_active": false}).Want(t, 200, "")
			},
			"the impersonator has another password": func() {
				svc.Patch(t, "/api/v1/accounts/"+carol.ID, map[string]any{"password": "another-secret"}).Want(t, 200, "")
				carol.Password = "another-secret"
			},
			"the account is disabled": func() {
				svc.Patch(t, "/api/v1/accounts/"+ada.ID, map[string]any{"is_active": false}).Want(t, 200, "")
			},
		} {
			for _, id := range []string{carol.ID, ada.ID} {
				svc.Patch(t, "/api/v1/accounts/"+id, map[string]any{"is_active": true}).Want(t, 200, "")
			}
			token = svc.Impersonate(t, svc.Login(t, carol.Email, carol.Password), ada.ID)
			less = svc.ExchangedToken(t, nil, token)
			alive("before "+what, true)
			end()
			alive(what, false)
		}
	})
}
