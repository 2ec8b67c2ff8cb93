package system

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// spellings are ways to write one address, all of which name the same account: cases, composed and decomposed letters,
// the domain in Unicode and as A-label.
func spellings(n int) []string {
	name := fmt.Sprintf("josé.müller%d", n)
	decomposed := strings.NewReplacer("é", "e\u0301", "ü", "u\u0308").Replace(name)
	var list []string
	for _, local := range []string{name, strings.ToUpper(name), decomposed, strings.ToUpper(decomposed), "José.Müller" + fmt.Sprint(n)} {
		for _, domain := range []string{"bücher.people.example", "BÜCHER.People.Example", "bu\u0308cher.people.example", "xn--bcher-kva.people.example", "XN--BCHER-KVA.people.EXAMPLE"} {
			list = append(list, local+"@"+domain)
		}
	}
	return list
}

// Fifty creates of one e-mail: exactly one is made.
func TestRaceOneEmail(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		for round := range rounds(t, 1) {
			var mu sync.Mutex
			counts := map[int]int{}
			var all []func()
			for _, email := range append(spellings(round), spellings(round)...) {
				s := c.replicas()[len(all)%2]
				body := newAccount(email, newPassword(), c.roles["User"])
				all = append(all, func() {
					a := s.patient(http.MethodPost, "/api/v1/accounts", c.admin.token, body)
					mu.Lock()
					defer mu.Unlock()
					counts[a.status]++
				})
			}
			together(all...)
			if len(all) != 50 || counts[http.StatusCreated] != 1 || counts[http.StatusConflict] != 49 {
				t.Fatalf("round %d: of %d creates of one e-mail: %v", round, len(all), counts)
			}
			if a := c.ask(http.StatusOK, http.MethodGet, "/api/v1/accounts?q=%C3%BCller"+fmt.Sprint(round)+"@", nil); !strings.Contains(string(a.Meta), `"total_items":1,`) {
				t.Fatalf("round %d: %s", round, a.Meta)
			}
		}
	})
}

// Two accounts take one e-mail, or a new one and an old one: one gets it.
func TestRaceOneEmailTakenByTwo(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		one, two := c.newPerson(c.roles["User"]), c.newPerson(c.roles["User"])
		for round := range rounds(t, 4) {
			email := newEmail()
			var answers [2]answer
			together(
				func() { answers[0] = c.rename(c.a, one, email) },
				func() { answers[1] = c.rename(c.b, two, strings.ToUpper(email)) },
			)
			oneOf(t, round, answers, http.StatusOK, http.StatusConflict)
			taken := 0
			for _, p := range []person{one, two} {
				if strings.EqualFold(c.ask(http.StatusOK, http.MethodGet, "/api/v1/accounts/"+p.id, nil).text("email"), email) {
					taken++
				}
			}
			if taken != 1 {
				t.Fatalf("round %d: %d accounts have the e-mail", round, taken)
			}
		}
	})
}

func (c *cluster) rename(s *server, p person, email string) answer {
	return s.patient(http.MethodPatch, "/api/v1/accounts/"+p.id, c.admin.token, map[string]any{"email": email})
}

// oneOf fails the test unless one of two answers is a success and the other the refusal.
func oneOf(t *testing.T, round int, answers [2]answer, success, refusal int) {
	t.Helper()
	a, b := answers[0], answers[1]
	if !(a.is(success) && b.is(refusal) || b.is(success) && a.is(refusal)) {
		t.Fatalf("round %d: %d %q %v and %d %q %v, want one %d and one %d",
			round, a.status, a.Message, a.err, b.status, b.Message, b.err, success, refusal)
	}
}

// Two simultaneous changes of different fields are both kept: neither overwrites the other's field with the value from
// before.
func TestRaceFieldsOfOneAccount(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		p := c.newPerson(c.roles["User"])
		path := "/api/v1/accounts/" + p.id
		for round := range rounds(t, 8) {
			email, active, role := newEmail(), round%2 == 0, c.roles[[]string{"User", "Manager"}[round%2]]
			var all [3]answer
			together(
				func() { all[0] = c.rename(c.a, p, email) },
				func() {
					all[1] = c.b.patient(http.MethodPatch, path, c.admin.token, map[string]any{"is_active": active})
				},
				func() {
					all[2] = c.any().patient(http.MethodPatch, path, c.admin.token, map[string]any{"role_id": role})
				},
			)
			for _, a := range all {
				if !a.is(http.StatusOK) {
					t.Fatalf("round %d: %d %q %v", round, a.status, a.Message, a.err)
				}
			}
			var got struct {
				Email  string
				Active bool   `json:"is_active"`
				Role   string `json:"role_id"`
			}
			c.ask(http.StatusOK, http.MethodGet, path, nil).into(t, &got)
			if got.Email != email || got.Active != active || got.Role != role {
				t.Fatalf("round %d: a change was lost: %+v, want %s %v %s", round, got, email, active, role)
			}
		}
	})
}

// Many writers of one field: what is there in the end is what the last of them wrote, on both replicas, and it
// was acknowledged.
func TestRaceLastWriter(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		p := c.newPerson(c.roles["User"])
		for round := range rounds(t, 2) {
			var mu sync.Mutex
			last := answer{}
			var all []func()
			for i := range 8 {
				all = append(all, func() {
					a := c.rename(c.replicas()[i%2], p, newEmail())
					mu.Lock()
					defer mu.Unlock()
					if !a.is(http.StatusOK) {
						t.Errorf("round %d: %d %q %v", round, a.status, a.Message, a.err)
					} else if a.text("updated_at") > last.text("updated_at") {
						last = a
					}
				})
			}
			together(all...)
			for _, s := range c.replicas() {
				a := s.want(http.StatusOK, http.MethodGet, "/api/v1/accounts/"+p.id, c.admin.token, nil)
				if a.text("email") != last.text("email") || a.text("updated_at") != last.text("updated_at") {
					t.Fatalf("round %d: %s, and the last acknowledged is %s", round, a.Data, last.Data)
				}
			}
		}
	})
}
