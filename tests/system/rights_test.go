package system

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// A right that one replica grants is granted by the other with the very next request. A right that it revokes is refused
// by the other as soon on SQLite, and within a second on PostgreSQL. The replica that made the change enforces it at
// once in any case.
func TestRightsCountOnTheOtherReplica(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		for round := range rounds(t, 1) {
			here, there := c.a, c.b
			if round%2 == 1 {
				here, there = there, here
			}
			r := replicas{c, here, there}
			r.roleAndParent()
			r.permissions()
			r.account()
		}
		for _, s := range c.replicas() {
			if a := s.me(c.admin.token); !a.is(http.StatusOK) {
				t.Errorf("the administrator, who was not changed, is answered %d", a.status)
			}
		}
	})
}

// replicas is a cluster in which here makes the changes and there is asked.
type replicas struct {
	*cluster
	here, there *server
}

func (r replicas) change(method, path string, body any) {
	r.t.Helper()
	r.here.want(http.StatusOK, method, path, r.admin.token, body)
}

// converges fails the test unless a request that needs accounts:read gets the status: at once from the replica that made
// the change, and from the other at once on SQLite or within liveLimit on PostgreSQL.
func (r replicas) converges(why, token string, status int) {
	r.t.Helper()
	const path = "/api/v1/accounts?page_size=1"
	limit := time.Duration(0)
	if strings.HasPrefix(r.database, "postgres") {
		limit = liveLimit
	}
	began := time.Now()
	if a := r.here.send(http.MethodGet, path, token, nil); !a.is(status) {
		r.t.Errorf("%s: the replica that changed it answers %d %q %v, want %d", why, a.status, a.Message, a.err, status)
	}
	for {
		late := time.Since(began)
		a := r.there.send(http.MethodGet, path, token, nil)
		if a.is(status) {
			break
		}
		if !a.is(http.StatusOK) || late > limit {
			r.t.Errorf("%s: %v later the other replica answers %d %q %v, want %d", why, late, a.status, a.Message, a.err, status)
			break
		}
		time.Sleep(time.Millisecond)
	}
}

func (r replicas) roleAndParent() {
	p := r.newPerson(r.roles["User"])
	r.there.me(p.token) // caches the rights of before there
	account := "/api/v1/accounts/" + p.id
	r.converges("as User", p.token, http.StatusForbidden)
	r.change(http.MethodPatch, account, map[string]any{"role_id": r.roles["Manager"]})
	r.converges("as Manager", p.token, http.StatusOK)
	r.change(http.MethodPatch, account, map[string]any{"role_id": r.roles["User"]})
	r.converges("as User again", p.token, http.StatusForbidden)

	parent, child := r.newRole(nil), r.newRole(nil)
	r.change(http.MethodPatch, "/api/v1/roles/"+child, map[string]any{"parent_id": parent})
	r.change(http.MethodPatch, account, map[string]any{"role_id": child})
	r.converges("with a role that inherits nothing", p.token, http.StatusForbidden)
	r.change(http.MethodPatch, "/api/v1/roles/"+parent, map[string]any{"parent_id": r.roles["Manager"]})
	r.converges("when the parent's parent is Manager", p.token, http.StatusOK)
	r.change(http.MethodPatch, "/api/v1/roles/"+parent, map[string]any{"parent_id": nil})
	r.converges("when it is no more", p.token, http.StatusForbidden)
	read := map[string]any{"permission_ids": []string{r.permission("accounts:read")}}
	r.change(http.MethodPost, "/api/v1/roles/"+parent+"/permissions", read)
	r.converges("when the parent is assigned accounts:read", p.token, http.StatusOK)
	r.change(http.MethodDelete, "/api/v1/roles/"+parent+"/permissions/"+r.permission("accounts:read"), nil)
	r.converges("when it is taken away", p.token, http.StatusForbidden)
}

// permissions are made, renamed and deleted, which shows in the permissions of GET /api/v1/auth/me.
func (r replicas) permissions() {
	id, name := r.newPermission()
	role := r.newRole(map[string]any{"permission_ids": []string{id}})
	p := r.newPerson(role)
	r.holds("as assigned", p.token, name, true)
	r.holds("as Admin", r.admin.token, name, true)
	renamed := name + "d"
	r.change(http.MethodPatch, "/api/v1/permissions/"+id, map[string]any{"name": renamed})
	r.holds("renamed, the old name", p.token, name, false)
	r.holds("renamed, the new name", p.token, renamed, true)
	r.change(http.MethodDelete, "/api/v1/permissions/"+id, nil)
	r.holds("deleted", p.token, renamed, false)
	r.holds("deleted, as Admin", r.admin.token, renamed, false)
}

func (r replicas) holds(why, token, name string, want bool) {
	r.t.Helper()
	var me struct{ Permissions []string }
	r.there.want(http.StatusOK, http.MethodGet, "/api/v1/auth/me", token, nil).into(r.t, &me)
	if slices.Contains(me.Permissions, name) != want {
		r.t.Errorf("%s: %s held is %v: %s", why, name, !want, strings.Join(me.Permissions, " "))
	}
}

// account goes through all changes that invalidate a token.
func (r replicas) account() {
	p := r.newPerson(r.roles["Manager"])
	account := "/api/v1/accounts/" + p.id
	r.converges("at first", p.token, http.StatusOK)

	r.change(http.MethodPatch, account, map[string]any{"is_active": false})
	r.converges("disabled", p.token, http.StatusUnauthorized)
	r.there.want(http.StatusUnauthorized, http.MethodPost, "/api/v1/auth/login", "", credentials(p.email, p.password))
	r.change(http.MethodPatch, account, map[string]any{"is_active": true})
	r.converges("enabled again, with the token of before", p.token, http.StatusUnauthorized)
	p.token = r.here.login(p.email, p.password)
	r.converges("with a fresh token", p.token, http.StatusOK)

	chosen := newPassword()
	fresh := r.here.want(http.StatusOK, http.MethodPost, "/api/v1/auth/password", p.token,
		map[string]any{"current_password": p.password, "new_password": chosen}).text("token")
	r.converges("after their change of the password", p.token, http.StatusUnauthorized)
	r.converges("with the token that came of it", fresh, http.StatusOK)

	r.change(http.MethodPatch, account, map[string]any{"password": newPassword()})
	r.converges("after the administrator's change of the password", fresh, http.StatusUnauthorized)
	r.there.want(http.StatusUnauthorized, http.MethodPost, "/api/v1/auth/login", "", credentials(p.email, chosen))

	p = r.newPerson(r.roles["Manager"])
	r.converges("before it is deleted", p.token, http.StatusOK)
	r.change(http.MethodDelete, "/api/v1/accounts/"+p.id, nil)
	r.converges("deleted", p.token, http.StatusUnauthorized)
}
