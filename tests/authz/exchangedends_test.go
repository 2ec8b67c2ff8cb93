package authz

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
)

// exchangeEnd is a token that was issued for another credential, and what ends it.
type exchangeEnd struct {
	token string
	end   func()
}

// exchangeEnds are all the ways, by name. Each has accounts of its own.
func exchangeEnds(t *testing.T, svc *apitest.Service) map[string]exchangeEnd {
	weak := svc.NewRole(t, "", "roles:read")
	helper := svc.NewRole(t, weak, "accounts:impersonate")
	update := func(id string, change map[string]any) func() {
		return func() { svc.Patch(t, "/api/v1/accounts/"+id, change).Want(t, 200, "") }
	}
	off, other := map[string]any{"is_active": false}, map[string]any{"password": "another-secret"}
	remove := func(path string) func() { return func() { svc.Delete(t, path).Want(t, 200, "") } }
	revoke := func(token string) func() {
		return func() {
			svc.Send(t, apitest.Request{Method: post, Path: "/oauth2/revoke", Body: url.Values{"token": {token}}}).Want(t, 200, "")
		}
	}
	ends := map[string]exchangeEnd{}
	ofAccount := func(name string, end func(apitest.Account) func()) {
		ada := svc.NewAccount(t, weak)
		ends["the account: "+name] = exchangeEnd{svc.ExchangedToken(t, nil, ada.Token), end(ada)}
		carol := svc.NewAccount(t, helper)
		ends["the impersonator: "+name] = exchangeEnd{svc.Impersonate(t, carol.Token, svc.NewAccount(t, weak).ID), end(carol)}
	}
	ofAccount("disabled", func(a apitest.Account) func() { return update(a.ID, off) })
	ofAccount("another password", func(a apitest.Account) func() { return update(a.ID, other) })
	ofAccount("deleted", func(a apitest.Account) func() { return remove("/api/v1/accounts/" + a.ID) })
	ofAccount("disabled by hand", func(a apitest.Account) func() {
		return func() { svc.Exec(t, `UPDATE accounts SET is_active = false WHERE id = '`+a.ID+`'`) }
	})

	ofKey := func(name string, end func(apitest.Account, apitest.APIKey) func()) {
		ada := svc.NewAccount(t, weak)
		key := svc.NewAPIKey(t, ada.Token, "roles:read")
		ends["the API key: "+name] = exchangeEnd{svc.ExchangedToken(t, nil, svc.ExchangedToken(t, nil, key.Key)), end(ada, key)}
	}
	ofKey("ended", func(a apitest.Account, k apitest.APIKey) func() {
		return remove("/api/v1/accounts/" + a.ID + "/api-keys/" + k.ID)
	})
	ofKey("revoked", func(_ apitest.Account, k apitest.APIKey) func() { return revoke(k.Key) })
	ofKey("rotated away", func(a apitest.Account, k apitest.APIKey) func() {
		return func() { svc.RotateAPIKey(t, a.Token, k, "0s") }
	})
	ofKey("cut by hand", func(_ apitest.Account, k apitest.APIKey) func() {
		return func() { svc.Exec(t, `UPDATE api_keys SET scope = '' WHERE id = '`+k.ID+`'`) }
	})

	ofSession := func(name string, end func(apitest.Session) func()) {
		ada, carol := svc.NewAccount(t, weak), svc.NewAccount(t, helper)
		s := svc.LoginSession(t, ada.Email, ada.Password)
		ends["the session: "+name] = exchangeEnd{svc.ExchangedToken(t, nil, s.Token), end(s)}
		s = svc.LoginSession(t, carol.Email, carol.Password)
		ends["the session of the impersonator: "+name] = exchangeEnd{svc.Impersonate(t, s.Token, ada.ID), end(s)}
	}
	ofSession("ended", func(s apitest.Session) func() { return revoke(s.Token) })
	ofSession("by hand", func(s apitest.Session) func() {
		return func() { svc.Exec(t, `DELETE FROM account_sessions WHERE id = '`+s.ID+`'`) }
	})

	for name, change := range map[string]func(apitest.Client) func(){
		"disabled": func(c apitest.Client) func() {
			return func() { svc.Patch(t, "/api/v1/service-accounts/"+c.ID, off).Want(t, 200, "") }
		},
		"deleted": func(c apitest.Client) func() { return remove("/api/v1/service-accounts/" + c.ID) },
	} {
		for i, which := range []string{"first", "last"} {
			actors := []apitest.Client{svc.NewClient(t, weak), svc.NewClient(t, weak)}
			token := svc.ExchangedToken(t, actors[1].Basic(), svc.ExchangedToken(t, actors[0].Basic(), svc.NewAccount(t, weak).Token))
			ends["the "+which+" actor: "+name] = exchangeEnd{token, change(actors[i])}
		}
	}
	return ends
}

// TestExchangedTokensEnd: with the account, the session, the API key or an actor a token ends at once on the replica that has ended
// it, and within a second on the other, whichever way it is asked about.
func TestExchangedTokensEnd(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		other := svc.Replica(t, nil)
		// ways are those in which a token is taken: its status, or that of what introspection says of it.
		ways := func(s *apitest.Service, token string) map[string]int {
			send := func(r apitest.Request) *apitest.Answer { r.Token = token; return s.Send(t, r) }
			said := map[string]int{
				"me":      send(apitest.Request{Method: get, Path: "/api/v1/auth/me"}).Status,
				"check":   send(apitest.Request{Method: post, Path: "/api/v1/auth/check", Body: map[string]any{"permissions": []string{"roles:read"}}}).Status,
				"forward": send(apitest.Request{Method: get, Path: "/api/v1/auth/forward?require=roles:read"}).Status,
				"roles":   send(apitest.Request{Method: get, Path: "/api/v1/roles"}).Status,
			}
			var is struct{ Active bool }
			apitest.Unmarshal(t, s.Send(t, apitest.Request{Method: post, Path: "/oauth2/introspect", Token: s.AdminToken, Body: url.Values{"token": {token}}}).Body, &is)
			said["introspection"] = map[bool]int{true: http.StatusOK, false: http.StatusUnauthorized}[is.Active]
			return said
		}
		for name, e := range exchangeEnds(t, svc) {
			for replica, s := range map[string]*apitest.Service{"this": svc, "the other": other} {
				for way, status := range ways(s, e.token) {
					if status != http.StatusOK {
						t.Errorf("%s: before, at %s replica, %s says %d", name, replica, way, status)
					}
				}
			}
			e.end()
			for way, status := range ways(svc, e.token) {
				if status != http.StatusUnauthorized {
					t.Errorf("%s: after, %s says %d", name, way, status)
				}
			}
			// The promise is a second; what is waited for here is the end, however busy the machine.
			for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
				said := ways(other, e.token)
				if !slices.ContainsFunc(slices.Collect(maps.Values(said)), func(status int) bool { return status != http.StatusUnauthorized }) {
					break
				}
				if time.Since(began) > apitest.Patience {
					t.Fatalf("%s: the other replica says %v", name, said)
				}
			}
			svc.Exchange(t, nil, e.token).Want(t, 400, "The subject_token is not valid.")
		}
	})
}

// TestActorDisabledWhileItsTokenIsUsed: requests that begin after the actor was disabled are refused, however many were under way.
func TestActorDisabledWhileItsTokenIsUsed(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		weak := svc.NewRole(t, "", "roles:read")
		for range 5 {
			client := svc.NewClient(t, weak)
			token := svc.ExchangedToken(t, client.Basic(), svc.NewAccount(t, weak).Token)
			var disabled sync.WaitGroup
			disabled.Add(1)
			var wait sync.WaitGroup
			for range 4 {
				wait.Go(func() {
					for range 20 {
						if status := svc.Send(t, apitest.Request{Method: get, Path: "/api/v1/roles", Token: token}).Status; status != 200 && status != 401 {
							t.Errorf("while it is disabled: %d", status)
						}
					}
					disabled.Wait()
					svc.Send(t, apitest.Request{Method: get, Path: "/api/v1/roles", Token: token}).Want(t, 401, "The access token is not valid.")
				})
			}
			svc.Patch(t, "/api/v1/service-accounts/"+client.ID, map[string]any{"is_active": false}).Want(t, 200, "")
			disabled.Done()
			wait.Wait()
		}
	})
}
