package authz

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// worker is an account with the role own and a token from before all changes.
type worker struct {
	*testing.T
	h         *house
	old, root string
}

// asks sends a request with the old token.
func (w worker) asks(op string, status int) {
	w.Helper()
	c := call{op: op}
	if op == "deleteAccount" {
		c.target = root
	}
	if a := w.h.send(w, w.old, c); a.Status != status {
		w.Errorf("%s with the old token: %d %s, want %d", op, a.Status, a.Message, status)
	}
}

// admin does something as an administrator, which must work.
func (w worker) admin(c call) {
	w.Helper()
	if a := w.h.send(w, w.root, c); a.Status >= 300 {
		w.Fatalf("%s: %d %s", describe(c), a.Status, a.Body)
	}
}

func (w worker) account(b body) {
	w.Helper()
	w.admin(call{op: "updateAccount", target: "a:worker", body: b})
}
func (w worker) role(id string, b body) {
	w.Helper()
	w.admin(call{op: "updateRole", target: id, body: b})
}

// login tries a password and returns the token, if there is one.
func (w worker) login(secret string, status int) string {
	w.Helper()
	a := w.h.send(w, "", call{op: "login", body: body{"email": w.h.base.Accounts["a:worker"].Email, "password": secret}})
	if a.Status != status {
		w.Fatalf("login: %d %s, want %d", a.Status, a.Message, status)
	}
	if status != 200 {
		return ""
	}
	return a.Text(w, "token")
}

// holds checks the permissions of me.
func (w worker) holds(names ...string) {
	w.Helper()
	var me struct{ Permissions []string }
	w.h.send(w, w.old, call{op: "getMe"}).Into(w, &me)
	if !slices.Equal(me.Permissions, names) {
		w.Errorf("permissions are %q, want %q", me.Permissions, names)
	}
}

// named finds the id of a thing that has just been made.
func (w worker) named(list, name string) string {
	w.Helper()
	var found struct{ Data []wire }
	must(w, json.Unmarshal(w.h.read(w, list), &found))
	for _, thing := range found.Data {
		if strings.EqualFold(thing.Name, name) {
			return thing.ID
		}
	}
	w.Fatalf("there is no %q", name)
	return ""
}
