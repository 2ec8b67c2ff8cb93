package system

import (
	"net/http"
	"strings"
	"testing"
)

// A permission is deleted while it is assigned, or while a role is made with it. Whichever request came first, no role
// holds it in the end, and the second request is refused.
func TestRacePermissionDeletedWhileAssigned(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		role := c.newRole(nil)
		for round := range rounds(t, 4) {
			for _, path := range []string{"/api/v1/roles/" + role + "/permissions", "/api/v1/roles"} {
				id, name := c.newPermission()
				body := map[string]any{"permission_ids": []string{id}}
				success := http.StatusOK
				if path == "/api/v1/roles" {
					body["name"], success = unique("Role"), http.StatusCreated
				}
				var assigned, deleted answer
				together(
					func() { assigned = c.a.patient(http.MethodPost, path, c.admin.token, body) },
					func() { deleted = c.b.patient(http.MethodDelete, "/api/v1/permissions/"+id, c.admin.token, nil) },
				)
				if !assigned.is(success, http.StatusUnprocessableEntity) || !deleted.is(http.StatusOK) {
					t.Fatalf("round %d: assigned %d %q, deleted %d %q", round, assigned.status, assigned.Message, deleted.status, deleted.Message)
				}
				held := assigned.text("id")
				if held == "" {
					held = role
				}
				for _, s := range c.replicas() {
					a := s.want(http.StatusOK, http.MethodGet, "/api/v1/roles/"+held, c.admin.token, nil)
					if strings.Contains(string(a.Data), name) {
						t.Fatalf("round %d: a role holds a permission that was deleted: %s", round, a.Data)
					}
				}
			}
		}
	})
}

// Several permissions are assigned and taken away at once: each of the changes is kept, and none brings back what
// another took.
func TestRacePermissionsOfOneRole(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		var ids, names []string
		for range 4 {
			id, name := c.newPermission()
			ids, names = append(ids, id), append(names, name)
		}
		role := c.newRole(map[string]any{"permission_ids": ids[:2]})
		path := "/api/v1/roles/" + role + "/permissions"
		for round := range rounds(t, 4) {
			// The first two go and the last two come; the next round it is the other way round.
			gone, come := ids[:2], ids[2:]
			if round%2 == 1 {
				gone, come = come, gone
			}
			answers := make([]answer, 4)
			together(
				func() { answers[0] = c.a.patient(http.MethodDelete, path+"/"+gone[0], c.admin.token, nil) },
				func() { answers[1] = c.b.patient(http.MethodDelete, path+"/"+gone[1], c.admin.token, nil) },
				func() {
					answers[2] = c.a.patient(http.MethodPost, path, c.admin.token, map[string]any{"permission_ids": come[:1]})
				},
				func() {
					answers[3] = c.b.patient(http.MethodPost, path, c.admin.token, map[string]any{"permission_ids": come[1:]})
				},
			)
			for i, a := range answers {
				if !a.is(http.StatusOK) {
					t.Fatalf("round %d, change %d: %d %q %v", round, i, a.status, a.Message, a.err)
				}
			}
			data := string(c.ask(http.StatusOK, http.MethodGet, "/api/v1/roles/"+role, nil).Data)
			for i, name := range names {
				if want := (i >= 2) == (round%2 == 0); strings.Contains(data, `"`+name+`"`) != want {
					t.Fatalf("round %d: permission %d held: %v; %s", round, i, !want, data)
				}
			}
		}
	})
}
