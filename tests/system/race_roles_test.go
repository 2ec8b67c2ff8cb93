package system

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A cycle made by its parts at once, of two roles and of three: the last part is refused.
func TestRaceCycle(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		for _, n := range []int{2, 3} {
			ring := make([]string, n)
			for i := range ring {
				ring[i] = c.newRole(nil)
			}
			for round := range rounds(t, 6) {
				answers := make([]answer, n)
				parts := make([]func(), n)
				for i := range ring {
					parts[i] = func() {
						answers[i] = c.replicas()[(i+round)%2].patient(http.MethodPatch, "/api/v1/roles/"+ring[i], c.admin.token,
							map[string]any{"parent_id": ring[(i+1)%n]})
					}
				}
				together(parts...)
				counts := map[int]int{}
				for _, a := range answers {
					counts[a.status]++
				}
				if counts[http.StatusOK] != n-1 || counts[http.StatusConflict] != 1 {
					t.Fatalf("round %d: of %d parts of a cycle: %v", round, n, counts)
				}
				without := 0
				for _, id := range ring {
					if c.ask(http.StatusOK, http.MethodGet, "/api/v1/roles/"+id, nil).text("parent_id") == "" {
						without++
					}
				}
				if without != 1 {
					t.Fatalf("round %d: %d of %d roles have no parent", round, without, n)
				}
				for _, id := range ring {
					c.ask(http.StatusOK, http.MethodPatch, "/api/v1/roles/"+id, map[string]any{"parent_id": nil})
				}
			}
		}
	})
}

// A role is deleted while it is given to an account, to a new account, or to a role as its parent. Either it
// stays and is held, or it is gone and was not given.
func TestRaceRoleDeletedWhileGiven(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		p := c.newPerson(c.roles["User"])
		child := c.newRole(nil)
		for round := range rounds(t, 4) {
			for _, way := range []struct {
				name, method, path, member string
				body                       map[string]any
				given, undone              int
			}{
				{"to an account", http.MethodPatch, "/api/v1/accounts/" + p.id, "role_id", map[string]any{}, http.StatusOK, http.StatusOK},
				{"to a role", http.MethodPatch, "/api/v1/roles/" + child, "parent_id", map[string]any{}, http.StatusOK, http.StatusOK},
				{"to a new account", http.MethodPost, "/api/v1/accounts", "role_id", newAccount(newEmail(), newPassword(), ""), http.StatusCreated, http.StatusOK},
			} {
				role := c.newRole(nil)
				way.body[way.member] = role
				var given, deleted answer
				together(
					func() { given = c.a.patient(way.method, way.path, c.admin.token, way.body) },
					func() { deleted = c.b.patient(http.MethodDelete, "/api/v1/roles/"+role, c.admin.token, nil) },
				)
				kept := given.is(way.given) && deleted.is(http.StatusConflict)
				gone := given.is(http.StatusUnprocessableEntity) && deleted.is(http.StatusOK)
				if !kept && !gone {
					t.Fatalf("round %d, %s: given %d %q, deleted %d %q", round, way.name, given.status, given.Message, deleted.status, deleted.Message)
				}
				if gone {
					c.ask(http.StatusNotFound, http.MethodGet, "/api/v1/roles/"+role, nil)
					continue
				}
				c.ask(http.StatusOK, http.MethodGet, "/api/v1/roles/"+role, nil)
				c.letGo(way.member, way.path, given.text("id"))
				c.ask(http.StatusOK, http.MethodDelete, "/api/v1/roles/"+role, nil)
			}
		}
		c.wholeAccounts()
	})
}

// letGo takes a role back from what it was given to.
func (c *cluster) letGo(member, path, id string) {
	c.t.Helper()
	if member == "parent_id" {
		c.ask(http.StatusOK, http.MethodPatch, path, map[string]any{"parent_id": nil})
		return
	}
	c.ask(http.StatusOK, http.MethodPatch, "/api/v1/accounts/"+id, map[string]any{"role_id": c.roles["User"]})
}

// wholeAccounts fails the test if there is an account whose role is not there.
func (c *cluster) wholeAccounts() {
	c.t.Helper()
	for page := 1; ; page++ {
		var list []struct {
			ID   string
			Role struct{ ID, Name string }
		}
		c.ask(http.StatusOK, http.MethodGet, fmt.Sprintf("/api/v1/accounts?page_size=100&page=%d", page), nil).into(c.t, &list)
		for _, a := range list {
			if a.Role.ID == "" || a.Role.Name == "" {
				c.t.Errorf("account %s has no role", a.ID)
			}
		}
		if len(list) < 100 {
			return
		}
	}
}

// A name is taken twice at once: by two new roles, two renamed, a new and a renamed one, in two spellings; and by
// two new permissions.
func TestRaceOneName(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		one, two := c.newRole(nil), c.newRole(nil)
		create := func(s *server, kind, name string) answer {
			return s.patient(http.MethodPost, "/api/v1/"+kind, c.admin.token, map[string]any{"name": name})
		}
		rename := func(s *server, id, name string) answer {
			return s.patient(http.MethodPatch, "/api/v1/roles/"+id, c.admin.token, map[string]any{"name": name})
		}
		for round := range rounds(t, 4) {
			name := unique("größe")
			other, permission := strings.ToUpper(name), unique("thing")+":use"
			for _, pair := range [][2]func() answer{
				{func() answer { return create(c.a, "roles", name) }, func() answer { return create(c.b, "roles", other) }},
				{func() answer { return rename(c.a, one, name+"x") }, func() answer { return rename(c.b, two, other+"X") }},
				{func() answer { return create(c.a, "roles", name+"y") }, func() answer { return rename(c.b, two, other+"Y") }},
				{func() answer { return create(c.a, "permissions", permission) }, func() answer { return create(c.b, "permissions", permission) }},
			} {
				var answers [2]answer
				together(func() { answers[0] = pair[0]() }, func() { answers[1] = pair[1]() })
				good := 0
				for _, a := range answers {
					if a.is(http.StatusOK, http.StatusCreated) {
						good++
					}
				}
				if good != 1 || !answers[0].is(http.StatusConflict) && !answers[1].is(http.StatusConflict) {
					t.Fatalf("round %d: %d %q and %d %q", round, answers[0].status, answers[0].Message, answers[1].status, answers[1].Message)
				}
			}
		}
	})
}
