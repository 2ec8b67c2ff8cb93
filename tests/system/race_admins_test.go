package system

import (
	"net/http"
	"strings"
	"testing"
)

// way is a way to lose an administrator.
type way struct {
	name   string
	method string
	body   any
	// lost is what a request is answered whose caller went this way meanwhile.
	lost int
}

// The last two administrators are removed at once, each by itself or each by the other. One is removed. The other
// request is refused: with 409 where the account removes itself, and where its caller was removed first, with the 401 of
// an invalid token or the 403 of lost rights.
func TestRaceLastTwoAdministrators(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		ways := []way{
			{"delete", http.MethodDelete, nil, http.StatusUnauthorized},
			{"disable", http.MethodPatch, map[string]any{"is_active": false}, http.StatusUnauthorized},
			{"move", http.MethodPatch, map[string]any{"role_id": c.roles["User"]}, http.StatusForbidden},
		}
		two := [2]person{c.admin, c.newPerson(c.roles["Admin"])}
		for round := range rounds(t, 2) {
			for _, w := range ways {
				oneOf(t, round, c.bothGo(w, two, two), http.StatusOK, http.StatusConflict)
				two = c.mended(two)
				oneOf(t, round, c.bothGo(w, two, [2]person{two[1], two[0]}), http.StatusOK, w.lost)
				two = c.mended(two)
			}
		}
	})
}

// bothGo has each caller, at a replica of its own, do away with its target.
func (c *cluster) bothGo(w way, callers, targets [2]person) (answers [2]answer) {
	goes := func(i int) func() {
		return func() {
			answers[i] = c.replicas()[i].patient(w.method, "/api/v1/accounts/"+targets[i].id, callers[i].token, w.body)
		}
	}
	together(goes(0), goes(1))
	return answers
}

// mended finds out which of two administrators is left, which has to be exactly one, lets it restore the other, and
// returns two administrators.
func (c *cluster) mended(two [2]person) [2]person {
	c.t.Helper()
	left := -1
	for i, p := range two {
		a := c.any().me(p.token)
		if a.is(http.StatusOK) && strings.Contains(string(a.Data), `"role_id":"`+c.roles["Admin"]+`"`) {
			if left >= 0 {
				c.t.Fatal("both administrators are left, though one was told that it is gone")
			}
			left = i
		}
	}
	if left < 0 {
		c.t.Fatal("no active administrator is left")
	}
	c.admin = two[left]
	list := c.ask(http.StatusOK, http.MethodGet, "/api/v1/accounts?is_active=true&role_id="+c.roles["Admin"], nil)
	if !strings.Contains(string(list.Meta), `"total_items":1,`) {
		c.t.Fatalf("not one active administrator: %s", list.Meta)
	}
	other := &two[1-left]
	path := "/api/v1/accounts/" + other.id
	if c.any().patient(http.MethodGet, path, c.admin.token, nil).is(http.StatusNotFound) {
		*other = c.newPerson(c.roles["Admin"])
		return two
	}
	c.ask(http.StatusOK, http.MethodPatch, path, map[string]any{"is_active": true, "role_id": c.roles["Admin"]})
	if !c.any().me(other.token).is(http.StatusOK) {
		other.token = c.any().login(other.email, other.password)
	}
	return two
}
