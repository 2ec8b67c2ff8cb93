package gateway_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

// hearsay is a store that has heard of an account what a test has told it, and counts how often it is asked for
// what is so now.
type hearsay struct {
	users.Store
	mu    sync.Mutex
	told  map[users.ID]users.Access
	asked int
}

func (h *hearsay) CachedAccess(id users.ID) (users.Access, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	access, ok := h.told[id]
	return access, ok
}

func (h *hearsay) Access(ctx context.Context, id users.ID) (users.Access, error) {
	h.mu.Lock()
	h.asked++
	h.mu.Unlock()
	return h.Store.Access(ctx, id)
}

// remember makes what is so now what is heard from here on.
func (h *hearsay) remember(t *testing.T, account string) {
	t.Helper()
	id, _ := users.ParseID(account)
	access, err := h.Store.Access(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = map[users.ID]users.Access{id: access}
}

// looks is how often the database has been asked since the last time.
func (h *hearsay) looks() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.asked
	h.asked = 0
	return n
}

// A yes may be by what was heard. A no is by what is so now, which is looked at once; and never is one permission
// held by the one and another by the other.
func TestNoIsNeverHearsay(t *testing.T) {
	t.Parallel()
	store := &hearsay{}
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		ports := o.Service.Ports
		store.Store = ports.Store
		ports.Store = store
		apitest.ReplaceService(o, users.New(ports))
	}})
	for _, name := range []string{"docs:a", "docs:b"} {
		svc.NewPermission(t, name)
	}
	role := svc.NewRole(t, "", "docs:a")
	person := svc.NewAccount(t, role)
	store.remember(t, person.ID)
	// Heard: a. Now: b.
	svc.Post(t, "/api/v1/roles/"+role+"/permissions", map[string]any{"permission_ids": svc.PermissionIDs(t, "docs:b")}).Want(t, 200, "")
	svc.Delete(t, "/api/v1/roles/"+role+"/permissions/"+svc.PermissionIDs(t, "docs:a")[0]).Want(t, 200, "")
	for _, c := range []struct {
		names []string
		check []string
		pass  int
		looks int
	}{
		{[]string{"docs:a"}, []string{"docs:a=true"}, 200, 0},
		{[]string{"docs:b"}, []string{"docs:b=true"}, 200, 1},
		{[]string{"docs:a", "docs:b"}, []string{"docs:a=false", "docs:b=true"}, 403, 1},
		{[]string{"docs:b", "docs:a"}, []string{"docs:b=true", "docs:a=false"}, 403, 1},
		{[]string{"nobody:has"}, []string{"nobody:has=false"}, 403, 1},
		{slices.Repeat([]string{"docs:a"}, 100), slices.Repeat([]string{"docs:a=true"}, 100), 200, 0},
		{slices.Repeat([]string{"docs:b"}, 100), slices.Repeat([]string{"docs:b=true"}, 100), 200, 1},
	} {
		store.looks()
		answer := svc.Send(t, apitest.Request{Method: "POST", Path: checkPath, Token: person.Token, Body: map[string]any{"permissions": c.names}})
		if got := verdicts(t, answer); !slices.Equal(got, c.check) {
			t.Errorf("check of %v: %v", c.names, got)
		}
		if n := store.looks(); n != c.looks {
			t.Errorf("check of %v asks the database %d times, want %d", c.names, n, c.looks)
		}
		svc.Send(t, apitest.Request{
			Method: "GET", Path: forward + "/x", Token: person.Token, Header: http.Header{"X-Auth-Require": {strings.Join(c.names, " ")}},
		}).Want(t, c.pass, "")
		if n := store.looks(); n != c.looks {
			t.Errorf("forward of %v asks the database %d times, want %d", c.names, n, c.looks)
		}
	}
	// About others nothing is hearsay.
	about := func(want string) {
		t.Helper()
		answer := svc.Post(t, checkPath, map[string]any{"account_id": person.ID, "permissions": []string{"docs:a"}})
		if got := verdicts(t, answer); got[0] != want {
			t.Errorf("%v, want %s", got, want)
		}
	}
	about("docs:a=false")
	// Introspection answers by the state of now.
	svc.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"is_active": false}).Want(t, 200, "")
	answer := svc.Send(t, apitest.Request{
		Method: "POST", Path: introspect, Token: svc.AdminToken, Body: "token=" + person.Token, Header: http.Header{"Content-Type": {apitest.FormType}},
	}).Want(t, 200, "")
	if string(answer.Body) != inactive {
		t.Errorf("%s", answer.Body)
	}
}
