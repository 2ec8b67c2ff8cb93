package authz

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// evaluation is the body of a request of AuthZEN: its subject is a name of the model, and it asks for each permission of
// the call, or for the first one where the operation is for one alone.
func (h *house) evaluation(c call) map[string]any {
	subject, _ := c.text("subject")
	request := map[string]any{
		"subject": map[string]any{"type": "user", "id": h.id(subject)}, "resource": map[string]any{"type": "any", "id": "1"},
	}
	var items []any
	for _, name := range c.list("permissions") {
		items = append(items, map[string]any{"action": map[string]any{"name": name}})
	}
	if c.op == "evaluateAccesses" {
		request["evaluations"] = items
	} else {
		request["action"] = map[string]any{"name": c.list("permissions")[0]}
	}
	return request
}

// showsDecisions checks the answer to an evaluation against the model.
func (h *house) showsDecisions(t testing.TB, a *apitest.Answer, c cell, s state) {
	t.Helper()
	type decision struct {
		Decision bool
		Context  struct{ Reason string }
	}
	var got struct {
		decision
		Evaluations []decision
	}
	must(t, json.Unmarshal(a.Body, &got))
	names := c.call.list("permissions")
	if c.call.op == "evaluateAccess" {
		names, got.Evaluations = names[:1], []decision{got.decision}
	}
	subject, _ := c.call.text("subject")
	var want, have []string
	for _, name := range names {
		want = append(want, fmt.Sprint(s.may(subject, name), s.reason(c.who.account, subject, name)))
	}
	for _, d := range got.Evaluations {
		have = append(have, fmt.Sprint(d.Decision, d.Context.Reason))
	}
	if !slices.Equal(have, want) {
		t.Errorf("the answer is %s, want %v", a.Body, want)
	}
}

// reason is why a subject may do a thing or not, as it is told to a caller.
func (s state) reason(who, subject, permission string) string {
	of, exists := s.Accounts[subject]
	switch {
	case !exists:
		return "unknown_subject"
	case !of.Active:
		return "account_disabled"
	case s.may(subject, permission):
		return "granted"
	case s.permissionNamed(permission) == "" && s.may(who, "accounts:read"):
		return "unknown_permission"
	}
	return "not_granted"
}
