package authz

import (
	"strings"
	"testing"
)

// run sends the request of a cell and holds the answer, and the state afterwards, against the oracle.
func (h *house) run(t *testing.T, c cell) {
	want := c.judge(h.base)
	h.rehearse(t, c, want)
	secret, guarded := h.hashAtStake(t, c)
	answer := h.send(t, h.tokenFor(t, c), c.call)
	defer func() {
		if answer.Status < 300 && routes[c.call.op].method != "GET" && !routes[c.call.op].reads || t.Failed() {
			h.restore(t)
		}
	}()
	if problem := h.disagrees(answer, want, c.who); problem != "" {
		t.Fatalf("%s\nanswer: %d %s", problem, answer.Status, answer.Body)
	}
	if answer.Status == 201 && c.call.op != "createClientSecret" {
		h.know(c.call.created(), answer.Text(t, "id"))
	}
	h.hasChanged(t, c.call, want.next)
	h.shows(t, answer, c, want.next)
	if guarded {
		if now, _ := h.hashAtStake(t, c); (now != secret) != (want.status == 200) {
			t.Errorf("the stored hash has changed: %v", now != secret)
		}
	}
}

// touches are the lists that operations on a thing could change anything in.
var touches = []struct {
	of    string
	lists []string
}{
	{"declarations", []string{"permissions", "roles"}},
	{"permissions", []string{"permissions", "roles"}}, // of roles too: before "roles"
	{"roles", []string{"roles"}},
	{"", []string{"accounts"}},
}

// hasChanged checks that the state is now next. Where that is what was there before, the lists that the
// operation is about are read again, and after some cells all the others too.
func (h *house) hasChanged(t *testing.T, c call, next state) {
	t.Helper()
	if !next.equal(h.base) {
		now := h.look(t)
		if problem := now.differs(next); problem != "" {
			t.Errorf("not exactly the change is there (-want +got):\n%s", problem)
		}
		if problem := h.timesAgree(now, next); problem != "" {
			t.Error(problem)
		}
		return
	}
	lists := everything
	if h.cells++; h.cells%20 != 0 {
		for _, touch := range touches {
			if strings.Contains(routes[c.op].path, touch.of) {
				lists = touch.lists
				break
			}
		}
	}
	if !h.unchanged(t, lists...) {
		t.Errorf("something has changed: %s", h.look(t).differs(h.base))
	}
}

// hashAtStake is the stored hash of the account whose password a call is to change.
func (h *house) hashAtStake(t *testing.T, c cell) (string, bool) {
	account := ""
	switch {
	case c.call.op == "changePassword":
		account = c.who.account
	case c.call.op == "updateAccount" && c.call.has("password"):
		account = c.call.target
	}
	if _, exists := h.base.Accounts[account]; !exists {
		return "", false
	}
	hash, err := h.Store.PasswordHash(t.Context(), h.parsed(account))
	must(t, err)
	return string(hash), true
}
