package system

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// writer makes one write after the other, and keeps the outcome of each.
type writer struct {
	t     *testing.T
	s     *server
	token string
	user  string   // id of the role User
	three []string // ids of three permissions

	account string // its own account, whose e-mail and state are changed together
	current []int  // which of its changes the account may be at
	n       int
	writes  []write
}

// newWriters makes n of them, with an account each.
func (c *cluster) newWriters(n int) []*writer {
	c.t.Helper()
	var three []string
	for range 3 {
		id, _ := c.newPermission()
		three = append(three, id)
	}
	var list []*writer
	for range n {
		list = append(list, &writer{
			t: c.t, token: c.admin.token, user: c.roles["User"], three: three,
			account: c.newPerson(c.roles["User"]).id, current: []int{0},
		})
	}
	return list
}

// work writes until it is told to stop or, where a lost answer means a lost server, until the first of those.
func (w *writer) work(stop <-chan struct{}, goOn bool) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(2 * time.Millisecond):
		}
		var last outcome
		switch w.n++; w.n % 9 {
		case 0:
			last = w.newAccount() // the slow one: it hashes
		case 1, 2, 3:
			last = w.newRole()
		case 4, 5:
			last = w.deleteRole()
		default:
			last = w.changeAccount()
		}
		if last == unknown && !goOn {
			return
		}
	}
}

// outcomeOf returns the outcome that an answer means, and fails the test for an answer that a writer must not get.
func (w *writer) outcomeOf(a answer, success int) outcome {
	switch {
	case a.err != nil:
		return unknown
	case a.is(success):
		return done
	case a.is(http.StatusServiceUnavailable) && strings.Contains(a.Message, "cannot be told"):
		return unknown
	case a.is(http.StatusServiceUnavailable):
		return refused
	}
	w.t.Errorf("a write is answered %d %q", a.status, a.Message)
	return unknown
}

// role makes a role with three permissions, which is several statements.
func (w *writer) role() (name string, a answer) {
	name = unique("Made")
	return name, w.s.send(http.MethodPost, "/api/v1/roles", w.token, map[string]any{"name": name, "permission_ids": w.three})
}

func (w *writer) newRole() outcome {
	name, a := w.role()
	o := w.outcomeOf(a, http.StatusCreated)
	w.writes = append(w.writes, write{"the new role " + name, o, func(s *server) (bool, string) { return w.findRole(s, name) }})
	return o
}

func (w *writer) findRole(s *server, name string) (there bool, problem string) {
	var list []struct {
		Name        string
		Permissions []struct{ ID string }
	}
	if problem := w.read(s, "/api/v1/roles?page_size=100&q="+url.QueryEscape(name), &list); problem != "" {
		return false, problem
	}
	for _, r := range list {
		if r.Name == name && len(r.Permissions) != len(w.three) {
			return true, fmt.Sprintf("it has %d permissions of %d", len(r.Permissions), len(w.three))
		}
		there = there || r.Name == name
	}
	return there, ""
}

// deleteRole makes a role and deletes it.
func (w *writer) deleteRole() outcome {
	name, a := w.role()
	if o := w.outcomeOf(a, http.StatusCreated); o != done {
		return o
	}
	o := w.outcomeOf(w.s.send(http.MethodDelete, "/api/v1/roles/"+a.text("id"), w.token, nil), http.StatusOK)
	w.writes = append(w.writes, write{"the deletion of role " + name, o, func(s *server) (bool, string) {
		there, problem := w.findRole(s, name)
		return !there, problem
	}})
	return o
}

func (w *writer) newAccount() outcome {
	email := newEmail()
	o := w.outcomeOf(w.s.send(http.MethodPost, "/api/v1/accounts", w.token, newAccount(email, newPassword(), w.user)), http.StatusCreated)
	w.writes = append(w.writes, write{"the new account " + email, o, func(s *server) (bool, string) {
		var list []struct {
			Role struct{ ID string }
		}
		problem := w.read(s, "/api/v1/accounts?email="+url.QueryEscape(email), &list)
		if len(list) > 0 && list[0].Role.ID != w.user {
			problem = "it has not the role it was made with"
		}
		return len(list) > 0, problem
	}})
	return o
}

// changeAccount changes e-mail and state of the writer's own account: the number in the e-mail is even while the
// account is active.
func (w *writer) changeAccount() outcome {
	o := w.outcomeOf(w.s.send(http.MethodPatch, "/api/v1/accounts/"+w.account, w.token,
		map[string]any{"email": w.email(w.n), "is_active": w.n%2 == 0}), http.StatusOK)
	switch o {
	case done:
		w.current = []int{w.n}
	case unknown:
		w.current = append(w.current, w.n)
	}
	return o
}

func (w *writer) email(n int) string { return fmt.Sprintf("at-%d-%s@%s", n, w.account, mailDomain) }

// check looks for all writes at a server, and checks that the account is in a state that it may be in. It returns the
// writes and removes them from the writer.
func (w *writer) check(s *server) []write {
	w.t.Helper()
	checkWrites(w.t, s, w.writes)
	var got struct {
		Email  string
		Active bool `json:"is_active"`
	}
	if problem := w.read(s, "/api/v1/accounts/"+w.account, &got); problem != "" {
		w.t.Errorf("the account %s", problem)
		return nil
	}
	n := 0
	_, _ = fmt.Sscanf(got.Email, "at-%d-", &n) // 0 is the e-mail it was made with
	if !slices.Contains(w.current, n) || got.Active != (n%2 == 0) {
		w.t.Errorf("the account is at change %d, active %v, and may be at %v", n, got.Active, w.current)
	}
	checked := w.writes
	w.current, w.writes = []int{n}, nil // what was seen now stays
	return checked
}

// read decodes what is at a path.
func (w *writer) read(s *server, path string, into any) (problem string) {
	a := s.send(http.MethodGet, path, w.token, nil)
	if !a.is(http.StatusOK) || json.Unmarshal(a.Data, into) != nil {
		return fmt.Sprintf("cannot be read: %d %q %v", a.status, a.Message, a.err)
	}
	return ""
}
