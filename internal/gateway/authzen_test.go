package gateway_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

const (
	evaluation  = "/access/v1/evaluation"
	evaluations = "/access/v1/evaluations"
)

// object is a JSON object.
type object = map[string]any

func subjectOf(id string) object    { return object{"type": "user", "id": id} }
func actionOf(name string) object   { return object{"name": name} }
func resourceOf(id string) object   { return object{"type": "record", "id": id} }
func itemsOf(items ...object) []any { return apply(items, func(o object) any { return o }) }

func apply[A, B any](list []A, f func(A) B) []B {
	out := make([]B, len(list))
	for i, a := range list {
		out[i] = f(a)
	}
	return out
}

// TestEvaluation sends what the certification scenario of AuthZEN calls its core: four decisions, and requests whose form
// alone counts.
func TestEvaluation(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for _, name := range []string{"read", "write"} {
		svc.NewPermission(t, name)
	}
	writers := svc.NewRole(t, "", "read", "write")
	alice, bob := svc.NewAccount(t, writers), svc.NewAccount(t, svc.NewRole(t, "", "read"))
	pep := svc.NewAccount(t, svc.NewRole(t, "", "accounts:read"))
	ask := func(token string, body any) *apitest.Answer {
		t.Helper()
		return svc.Send(t, apitest.Request{Method: "POST", Path: evaluation, Token: token, Body: body})
	}
	request := func(id, action string) object {
		return object{"subject": subjectOf(id), "action": actionOf(action), "resource": resourceOf("record-1")}
	}
	with := func(o object, name string, value any) object {
		o[name] = value
		return o
	}
	properties := func(o object, id, name string) object {
		o["properties"] = object{id: name, "deep": []any{object{"a": nil}, 1.5, true}}
		return o
	}
	yes, no := `{"decision":true,"context":{"reason":"granted"}}`, func(reason string) string { return `{"decision":false,"context":{"reason":"` + reason + `"}}` }
	for _, c := range []struct {
		body object
		want string
	}{
		{request(alice.ID, "read"), yes},
		{request(alice.ID, "write"), yes},
		{request(bob.ID, "read"), yes},
		{request(bob.ID, "write"), no("not_granted")},
		{request(bob.ID, "delete"), no("unknown_permission")},
		{request(bob.ID, "no name\""), no("unknown_permission")},
		{request(bob.ID, strings.Repeat("x", 1024)), no("unknown_permission")},
		{request(apitest.NoID, "read"), no("unknown_subject")},
		{request(strings.ToUpper(bob.ID), "read"), no("unknown_subject")},
		{request("alice@example.com", "read"), no("unknown_subject")},
		{with(request(bob.ID, "read"), "subject", object{"type": "account", "id": bob.ID}), yes},
		{with(request(bob.ID, "read"), "subject", object{"type": "group", "id": bob.ID}), no("unknown_subject")},
		{with(request(alice.ID, "read"), "context", object{"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}), yes},
		{with(request(alice.ID, "read"), "context", nil), yes},
		{with(with(request(alice.ID, "read"), "foo", "bar"), "futureField", object{"nested": true}), yes},
		{object{
			"subject": properties(subjectOf(alice.ID), "role", "admin"), "action": properties(actionOf("read"), "method", "GET"),
			"resource": properties(resourceOf("record-1"), "owner", "bob"),
		}, yes},
	} {
		for range 2 { // the same request gets the same decision
			if answer := ask(pep.Token, c.body).Want(t, 200, ""); string(answer.Body) != c.want {
				t.Errorf("%v: %s, want %s", c.body, answer.Body, c.want)
			}
		}
	}

	// About itself a caller asks without a permission, and does not learn which permissions there are. About any other
	// subject it learns nothing.
	for action, want := range map[string]string{"read": yes, "write": no("not_granted"), "nothing": no("not_granted"), "no name ": no("not_granted")} {
		if answer := ask(bob.Token, request(bob.ID, action)).Want(t, 200, ""); string(answer.Body) != want {
			t.Errorf("%s: %s, want %s", action, answer.Body, want)
		}
	}
	for _, id := range []string{alice.ID, apitest.NoID, "none"} {
		ask(bob.Token, request(id, "read")).Want(t, 403, "Missing required permission: accounts:read")
	}
	ask("", request(bob.ID, "read")).Want(t, 401, "")

	// Decisions follow the state of now.
	svc.Patch(t, "/api/v1/accounts/"+bob.ID, object{"is_active": false}).Want(t, 200, "")
	for _, action := range []string{"read", "write", "nothing"} {
		want := no("account_disabled")
		if answer := ask(pep.Token, request(bob.ID, action)).Want(t, 200, ""); string(answer.Body) != want {
			t.Errorf("%s: %s, want %s", action, answer.Body, want)
		}
	}
	ask(bob.Token, request(bob.ID, "read")).Want(t, 401, "")
	svc.Delete(t, "/api/v1/roles/"+writers+"/permissions/"+svc.PermissionIDs(t, "write")[0]).Want(t, 200, "")
	if answer := ask(alice.Token, request(alice.ID, "write")).Want(t, 200, ""); string(answer.Body) != no("not_granted") {
		t.Errorf("%s", answer.Body)
	}
}

func TestEvaluations(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for _, name := range []string{"read", "write"} {
		svc.NewPermission(t, name)
	}
	alice, bob := svc.NewAccount(t, svc.NewRole(t, "", "read", "write")), svc.NewAccount(t, svc.NewRole(t, "", "read"))
	ask := func(token string, body object) string {
		t.Helper()
		answer := svc.Send(t, apitest.Request{Method: "POST", Path: evaluations, Token: token, Body: body}).Want(t, 200, "")
		var got struct {
			Decision    *bool
			Evaluations []struct {
				Decision bool
				Context  struct {
					Reason string
					Error  *struct {
						Status  int
						Message string
					}
				}
			}
		}
		apitest.Unmarshal(t, answer.Body, &got)
		if (got.Decision == nil) == (got.Evaluations == nil) {
			t.Errorf("%v: %s", body, answer.Body)
		}
		var list []string
		for _, e := range got.Evaluations {
			word := fmt.Sprint(e.Decision, " ", e.Context.Reason)
			if e.Context.Error != nil {
				word = fmt.Sprint(e.Decision, " ", e.Context.Error.Status, " ", e.Context.Error.Message)
			}
			list = append(list, word)
		}
		if got.Decision != nil {
			list = append(list, fmt.Sprint("one ", *got.Decision))
		}
		return strings.Join(list, ", ")
	}
	resource, read, write := resourceOf("record-1"), actionOf("read"), actionOf("write")
	reading := func(id string) object { return object{"subject": subjectOf(id)} }
	options := func(semantic string) object {
		return object{"evaluations_semantic": semantic, "another_option": "value"}
	}
	for _, c := range []struct {
		body object
		want string
	}{
		// The examples of the specification, §7.1.
		{object{"subject": subjectOf(alice.ID), "action": read, "evaluations": itemsOf(object{"resource": resource}, object{"resource": resourceOf("record-2")})}, "true granted, true granted"},
		{object{"subject": subjectOf(bob.ID), "resource": resource, "evaluations": itemsOf(object{"action": read}, object{"action": write})}, "true granted, false not_granted"},
		{object{"evaluations": itemsOf(
			object{"subject": subjectOf(alice.ID), "action": read, "resource": resource},
			object{"subject": subjectOf(bob.ID), "action": write, "resource": resource, "context": object{"time": "2025-06-27T18:03-07:00"}})}, "true granted, false not_granted"},
		{object{"subject": subjectOf(bob.ID), "action": read, "resource": resource, "evaluations": itemsOf(object{}, object{"action": write})}, "true granted, false not_granted"},
		// A subject of an evaluation takes the place of the whole default.
		{object{"subject": subjectOf(alice.ID), "action": write, "resource": resource, "evaluations": itemsOf(reading(bob.ID), object{}, object{"subject": object{"id": bob.ID}})},
			"false not_granted, true granted, false 400 subject.type is required."},
		// Without evaluations it is a request for one.
		{object{"subject": subjectOf(alice.ID), "action": read, "resource": resource}, "one true"},
		{object{"subject": subjectOf(bob.ID), "action": write, "resource": resource, "evaluations": []any{}, "options": options("deny_on_first_deny")}, "one false"},
		// A fault of one denies that one.
		{object{"subject": subjectOf(alice.ID), "action": read, "options": options("execute_all"), "evaluations": itemsOf(object{"resource": resource}, object{})},
			"true granted, false 400 resource is required."},
		{object{"subject": subjectOf(alice.ID), "action": read, "resource": resource, "evaluations": []any{7, object{"subject": "bob"}, object{"subject": nil}, object{"action": object{"name": ""}}, object{"context": 1}, object{}, nil}},
			"false 400 The evaluation must be an object., false 400 subject must be an object., false 400 subject must not be null., false 400 action.name must not be empty., " +
				"false 400 context must be an object., true granted, false 400 The evaluation must not be null."},
		// The other semantics.
		{object{"action": write, "resource": resource, "options": options("deny_on_first_deny"), "evaluations": itemsOf(reading(alice.ID), reading(bob.ID), reading(alice.ID))}, "true granted, false not_granted"},
		{object{"action": write, "resource": resource, "options": options("deny_on_first_deny"), "evaluations": itemsOf(reading(alice.ID), object{}, reading(alice.ID))},
			"true granted, false 400 subject is required."},
		{object{"action": write, "resource": resource, "options": options("permit_on_first_permit"), "evaluations": itemsOf(reading(bob.ID), object{}, reading(alice.ID), reading(bob.ID))},
			"false not_granted, false 400 subject is required., true granted"},
		{object{"action": write, "resource": resource, "options": object{}, "evaluations": itemsOf(reading(apitest.NoID), reading("none"), reading(alice.ID))},
			"false unknown_subject, false unknown_subject, true granted"},
	} {
		if got := ask(svc.AdminToken, c.body); got != c.want {
			t.Errorf("%v:\n got %s\nwant %s", c.body, got, c.want)
		}
	}
	// A caller without accounts:read asks about itself, as often as it likes, and about no other at all.
	mine := object{"action": read, "resource": resource, "evaluations": itemsOf(reading(bob.ID), object{"subject": subjectOf(bob.ID), "action": write}, object{})}
	if got := ask(bob.Token, mine); got != "true granted, false not_granted, false 400 subject is required." {
		t.Error(got)
	}
	others := object{"action": read, "resource": resource, "evaluations": itemsOf(reading(bob.ID), reading(alice.ID))}
	svc.Send(t, apitest.Request{Method: "POST", Path: evaluations, Token: bob.Token, Body: others}).Want(t, 403, "Missing required permission: accounts:read")
}

// A request id is an arbitrary string, and the answer has the same.
func TestEvaluationRequestID(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for sent, kept := range map[string]bool{
		"bfe9eb29-ab87-4ca3-be83-a1d5d8305716": true, "a b/{\"c\"}": true, long(256): true, long(257): false, "ä": true, "\xff": false, "": false,
	} {
		for _, path := range []string{evaluation, evaluations, "/access/none"} {
			got := svc.Send(t, apitest.Request{Method: "POST", Path: path, Header: http.Header{"X-Request-ID": {sent}}, Body: "{}"}).Header.Get("X-Request-ID")
			if (got == sent) != kept || got == "" {
				t.Errorf("%q becomes %q", sent, got)
			}
		}
	}
}

func TestDecisionPointMetadata(t *testing.T) {
	t.Parallel()
	const path = "/.well-known/authzen-configuration"
	svc := apitest.Start(t, apitest.Options{})
	answer := svc.Send(t, apitest.Request{Method: "GET", Path: path, Header: http.Header{
		"Host": {"evil.example"}, "X-Forwarded-Host": {"evil.example"}, "Forwarded": {"host=evil.example;proto=http"},
	}}).Want(t, 200, "")
	const want = `{"policy_decision_point":"` + apitest.PublicURL + `","access_evaluation_endpoint":"` + apitest.PublicURL + evaluation +
		`","access_evaluations_endpoint":"` + apitest.PublicURL + evaluations + `"}`
	if string(answer.Body) != want || answer.Header.Get("Cache-Control") != keysCaching || answer.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%s %v", answer.Body, answer.Header)
	}
	svc.Send(t, apitest.Request{Method: "GET", Path: path, Header: http.Header{"If-None-Match": {answer.Header.Get("ETag")}}}).Want(t, 304, "")
	// It needs no issuer that is a URL, and a URL of its own.
	withoutIssuer := apitest.Start(t, withURLs("users", "https://users.example/pdp"))
	if answer := withoutIssuer.Get(t, path).Want(t, 200, ""); !strings.Contains(string(answer.Body), `"https://users.example/pdp/access/v1/evaluation"`) {
		t.Errorf("%s", answer.Body)
	}
	if answer := apitest.Start(t, withURLs("https://id.example", "")).Get(t, path).Want(t, 404, ""); !strings.Contains(answer.Message, "PUBLIC_URL") {
		t.Error(answer.Message)
	}
}
