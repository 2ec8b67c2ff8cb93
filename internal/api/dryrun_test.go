package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

// rights are the effective permissions of every role by its id, and who has which role, as one text each.
func rights(t *testing.T, svc *apitest.Service, accounts []apitest.Account) (map[string][]string, map[string]string) {
	t.Helper()
	graph, err := svc.Store.Graph(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	roles, held := map[string][]string{}, map[string]string{}
	for _, id := range roleIDs(t, svc) {
		parsed, _ := users.ParseID(id)
		roles[id] = []string{}
		for _, p := range graph.Effective(parsed) {
			roles[id] = append(roles[id], string(p))
		}
	}
	for _, a := range accounts {
		id, _ := users.ParseID(a.ID)
		account, err := svc.Store.Account(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		held[a.ID] = account.Role.ID.String() + fmt.Sprint(account.Active)
	}
	return roles, held
}

func roleIDs(t *testing.T, svc *apitest.Service) []string {
	t.Helper()
	var list []struct{ ID string }
	if err := json.Unmarshal(svc.Get(t, "/api/v1/roles?page_size=100").Want(t, 200, "").Data, &list); err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(list))
	for i, r := range list {
		ids[i] = r.ID
	}
	return ids
}

// everything is all that is listed, to be compared.
func everything(t *testing.T, svc *apitest.Service) string {
	t.Helper()
	var all strings.Builder
	for _, path := range []string{"/api/v1/roles?page_size=100", "/api/v1/permissions?page_size=100", "/api/v1/accounts?page_size=100"} {
		a := svc.Get(t, path).Want(t, 200, "")
		all.Write(a.Data)
	}
	return all.String()
}

// TestDryRunTellsTheTruth draws requests, tries each without effect and then makes it in earnest: the first says
// what the second does, refuses what it refuses in the same words, and leaves everything as it was.
func TestDryRunTellsTheTruth(t *testing.T) {
	t.Parallel()
	apitest.OnBoth(t, func(t *testing.T, svc *apitest.Service) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		draw := rand.New(rand.NewPCG(seed, 1))
		w := &drawn{svc: svc, draw: draw}
		for range 4 {
			w.permissions = append(w.permissions, svc.NewPermission(t, fmt.Sprintf("thing%d:use", draw.Uint64())))
			w.roles = append(w.roles, svc.NewRole(t, ""))
		}
		for _, role := range w.roles {
			w.accounts = append(w.accounts, svc.NewAccount(t, role))
		}
		caller := svc.NewAccount(t, svc.NewRole(t, "", "roles:update", "roles:create", "permissions:update", "accounts:update"))
		succeeded := 0
		for range 60 {
			r := w.request(t)
			r.Token = svc.AdminToken
			if draw.IntN(4) == 0 {
				r.Token = caller.Token
			}
			before := everything(t, svc)
			rolesBefore, heldBefore := rights(t, svc, w.accounts)
			dry := r
			dry.Path += "?dry_run=true"
			tried := svc.Send(t, dry)
			if now := everything(t, svc); now != before {
				t.Fatalf("%s %s changed something: %s", dry.Method, dry.Path, cmp.Diff(before, now))
			}
			done := svc.Send(t, r)
			if done.Status >= 400 {
				if tried.Status != done.Status || tried.Message != done.Message {
					t.Fatalf("%s %s %s: %d %s, in earnest %d %s", r.Method, r.Path, r.Body, tried.Status, tried.Message, done.Status, done.Message)
				}
				continue
			}
			succeeded++
			tried.Want(t, 200, "Dry run: nothing was changed")
			rolesAfter, heldAfter := rights(t, svc, w.accounts)
			var said struct {
				Roles []struct {
					ID           string
					Gains, Loses []string
					Accounts     int
				}
				Accounts int
			}
			tried.Into(t, &said)
			got := map[string][2][]string{}
			for _, role := range said.Roles {
				got[role.ID] = [2][]string{role.Gains, role.Loses}
			}
			want := differences(rolesBefore, rolesAfter)
			if r.Method == http.MethodPost && r.Path == "/api/v1/roles" { // whose id was another in the dry run
				got, want = unnamed(got), unnamed(want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s %s %s: %s", r.Method, r.Path, r.Body, diff)
			}
			touched := 0
			for id, held := range heldAfter {
				if effective(rolesBefore, heldBefore[id]) != effective(rolesAfter, held) {
					touched++
				}
			}
			// The caller and the administrator are not among those that are looked at.
			others := 0
			for _, role := range said.Roles {
				if !slices.Contains(w.roles, role.ID) {
					others += role.Accounts
				}
			}
			if said.Accounts-others != touched {
				t.Fatalf("%s %s %s: %d accounts are said to be touched, %d of them others; %d are", r.Method, r.Path, r.Body, said.Accounts, others, touched)
			}
			if r.Method == http.MethodPost && r.Path == "/api/v1/roles" {
				w.roles = append(w.roles, done.Text(t, "id"))
			}
		}
		if succeeded < 10 {
			t.Errorf("only %d of 60 requests succeeded", succeeded)
		}
	})
}

// effective is what somebody with a role may do, or nothing while disabled.
func effective(roles map[string][]string, held string) string {
	if role, active := strings.CutSuffix(held, "true"); active {
		return strings.Join(roles[role], " ")
	}
	return ""
}

func differences(before, after map[string][]string) map[string][2][]string {
	out := map[string][2][]string{}
	ids := slices.Collect(maps.Keys(before))
	ids = slices.AppendSeq(ids, maps.Keys(after))
	only := func(in, notIn []string) []string {
		list := []string{}
		for _, p := range in {
			if !slices.Contains(notIn, p) {
				list = append(list, p)
			}
		}
		return list
	}
	for _, id := range ids {
		d := [2][]string{only(after[id], before[id]), only(before[id], after[id])}
		if len(d[0])+len(d[1]) > 0 {
			out[id] = d
		}
	}
	return out
}

// unnamed leaves the ids out.
func unnamed(m map[string][2][]string) map[string][2][]string {
	out := map[string][2][]string{}
	for _, v := range m {
		out[fmt.Sprint(v)] = v
	}
	return out
}

// drawn draws requests about what there is.
type drawn struct {
	svc         *apitest.Service
	draw        *rand.Rand
	permissions []string
	roles       []string
	accounts    []apitest.Account
}

func (w *drawn) one(list []string) string { return list[w.draw.IntN(len(list))] }

func (w *drawn) request(t *testing.T) apitest.Request {
	t.Helper()
	role := "/api/v1/roles/" + w.one(w.roles)
	permission := "/api/v1/permissions/" + w.one(w.permissions)
	name := fmt.Sprintf("name%d", w.draw.Uint64())
	switch w.draw.IntN(9) {
	case 0:
		return apitest.Request{Method: "POST", Path: "/api/v1/roles", Body: map[string]any{"name": name, "parent_id": w.one(w.roles), "permission_ids": []string{w.one(w.permissions)}}}
	case 1:
		return apitest.Request{Method: "PATCH", Path: role, Body: map[string]any{"name": name, "parent_id": w.one(w.roles)}}
	case 2:
		return apitest.Request{Method: "DELETE", Path: role}
	case 3, 4:
		return apitest.Request{Method: "POST", Path: role + "/permissions", Body: map[string]any{"permission_ids": []string{w.one(w.permissions)}}}
	case 5:
		return apitest.Request{Method: "DELETE", Path: role + "/permissions/" + w.one(w.permissions)}
	case 6:
		return apitest.Request{Method: "PATCH", Path: permission, Body: map[string]any{"name": name}}
	case 7:
		return apitest.Request{Method: "POST", Path: "/api/v1/permissions", Body: map[string]any{"name": name}}
	}
	account := "/api/v1/accounts/" + w.accounts[w.draw.IntN(len(w.accounts))].ID
	return apitest.Request{Method: "PATCH", Path: account, Body: map[string]any{"role_id": w.one(w.roles), "is_active": w.draw.IntN(3) > 0}}
}

func TestDryRunParameter(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	ada := svc.NewAccount(t, svc.NewRole(t, "", "accounts:read"))
	path := "/api/v1/accounts/" + ada.ID
	for _, query := range []string{"dry_run=", "dry_run=1", "dry_run=TRUE", "dry_run=yes", "dry_run=true&dry_run=true"} {
		svc.Send(t, apitest.Request{Method: "PATCH", Path: path + "?" + query, Token: svc.AdminToken, Body: `{"is_active":false}`}).WantFaults(t, "dry_run")
		svc.Send(t, apitest.Request{Method: "DELETE", Path: "/api/v1/permissions/" + ada.ID + "?" + query, Token: svc.AdminToken}).WantFaults(t, "dry_run")
	}
	svc.Send(t, apitest.Request{Method: "PATCH", Path: path + "?dry_run=true&x=1", Token: svc.AdminToken, Body: `{"bogus":1}`}).WantFaults(t, "bogus", "x")
	svc.Send(t, apitest.Request{Method: "DELETE", Path: path + "?dry_run=true", Token: svc.AdminToken}).WantFaults(t, "dry_run")
	svc.Get(t, path+"?dry_run=1").Want(t, 200, "Account retrieved successfully")

	// Nothing of an account's own is changed, and no password is hashed; what would be is said.
	dry := svc.Send(t, apitest.Request{Method: "PATCH", Path: path + "?dry_run=true", Token: svc.AdminToken, Body: map[string]any{"is_active": false, "password": "another secret"}}).
		Want(t, 200, "Dry run: nothing was changed")
	wantData(t, dry, `{"roles":[],"accounts":1,"account":{"id":"`+ada.ID+`","gains":[],"loses":["accounts:read"]}}`)
	svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: ada.Token}).Want(t, 200, "")
	svc.Login(t, ada.Email, ada.Password)
	svc.Send(t, apitest.Request{Method: "PATCH", Path: path + "?dry_run=false", Token: svc.AdminToken, Body: `{"is_active":false}`}).Want(t, 200, "Account updated successfully")

	made := svc.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/roles?dry_run=true", Token: svc.AdminToken, Body: map[string]any{"name": "New", "permission_ids": svc.PermissionIDs(t, "roles:read")}}).
		Want(t, 200, "Dry run: nothing was changed")
	if made.Header.Get("Location") != "" || !strings.Contains(string(made.Data), `"name":"New","gains":["roles:read"],"loses":[],"accounts":0`) {
		t.Errorf("%v %s", made.Header, made.Data)
	}
}
