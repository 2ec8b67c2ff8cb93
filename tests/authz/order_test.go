package authz

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
)

// attempt is a request that may be wrong in several ways at once.
type attempt struct {
	method, path, query, token, mediaType, body string
	padded                                      bool // the body is larger than is taken
}

// defect is one way to be wrong and what is then answered.
type defect struct {
	name    string
	status  int
	message string // or a part of it
	spoil   func(*attempt)
}

// patience only ends what hangs. It is far longer than anything takes that works, on however busy a machine.
const patience = 10 * time.Minute

// TestOrderOfChecks sends requests with every combination of up to three defects, and wants the answer of the
// one that the contract checks first.
func TestOrderOfChecks(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		h.install(t, world(""))
		client := &http.Client{
			// With Expect: 100-continue the body is sent only if somebody wants it, so that a refusal is never
			// lost in a connection that is closed while a megabyte is on its way.
			Transport: &http.Transport{ExpectContinueTimeout: patience, MaxIdleConnsPerHost: 4},
			Timeout:   patience,
		}
		t.Cleanup(client.CloseIdleConnections)
		calls := valid()
		for _, op := range keys(calls) {
			// Under /oauth2 and /access refusals have words and a form of their own, which are tested at the edge.
			if routes[op].public || routes[op].form || strings.HasPrefix(routes[op].path, "/access/") {
				continue
			}
			good := calls[op]
			good.op = op
			defects := h.defects(t, good)
			t.Run(op, func(t *testing.T) {
				for _, some := range combinations(len(defects), together) {
					ran.Add(1)
					a := h.attempt(t, good)
					var names []string
					for _, i := range slices.Backward(some) { // the first defect has the last word
						defects[i].spoil(&a)
						names = append(names, defects[i].name)
					}
					first := defects[some[0]]
					status, answer := h.try(t, client, a)
					if status != first.status || !strings.Contains(answer.Message, first.message) {
						t.Errorf("%v: %d %q, want %d %q", names, status, answer.Message, first.status, first.message)
					}
				}
				if !h.unchanged(t, everything...) {
					t.Errorf("something has changed: %s", h.look(t).differs(h.base))
				}
			})
		}
	})
}

// defects are those that a call can have, in the order of the contract's checks.
func (h *house) defects(t *testing.T, c call) []defect {
	r := routes[c.op]
	var list []defect
	if c.op != "forwardAuth" { // which takes every method, and every path below its own
		list = append(list,
			defect{"unknown route", 404, "Not found", func(a *attempt) { a.path += "/" }},
			defect{"wrong method", 405, "", func(a *attempt) { a.method = http.MethodPut }})
	}
	list = append(list, defect{"no token", 401, "", func(a *attempt) { a.token = "" }})
	if r.needs != "" {
		weak := h.token(t, h.base, h.live("a:but "+r.needs))
		list = append(list, defect{"no permission", 403, "Missing required permission: " + r.needs, func(a *attempt) { a.token = weak }})
	}
	if c.body != nil {
		list = append(list,
			defect{"media type", 415, "", func(a *attempt) { a.mediaType = "text/plain" }},
			defect{"size", 413, "", func(a *attempt) { a.padded = true }},
			defect{"JSON", 400, "", func(a *attempt) { a.body = strings.TrimSuffix(a.body, "}") }},
		)
	}
	query := "nonsense=1"
	switch {
	case c.op == "forwardAuth":
		query = "require=two%20words"
	case c.op == "getChanges":
		query = "wait_ms=no"
	case strings.HasSuffix(c.op, "Throttles"):
		query = "kind=none"
	case c.op == "explainPermission":
		query = "permission=two%20words"
	case r.method == http.MethodGet && c.target == "" && r.needs != "" && c.op != "listKeys": // which has no pages
		query = "page_size=0"
	case r.method == http.MethodGet:
		query = "" // unknown parameters are ignored, and there are no others
	}
	if query != "" {
		list = append(list, defect{"query", 422, "Validation error", func(a *attempt) { a.query = query }})
	}
	if c.target != "" {
		list = append(list, defect{"target", 404, " not found", func(a *attempt) {
			a.path = h.attempt(t, call{op: c.op, target: unknownID, second: c.second}).path
		}})
	}
	if against, status := againstTheRules(c.op); against.op != "" {
		list = append(list, defect{"rule", status, "", func(a *attempt) {
			ruled := h.attempt(t, against)
			a.path, a.body = ruled.path, ruled.body
		}})
	}
	return list
}

// againstTheRules is a call that the account mgr may not make, though it is allowed the operation.
func againstTheRules(op string) (call, int) {
	c := map[string]call{
		"changePassword": {body: body{"current_password": "wrong", "new_password": "another-secret"}},
		"changeEmail":    {body: body{"current_password": "wrong", "email": "fresh@world.example"}},
		"createAccount":  {body: body{"email": "fresh@world.example", "password": "another-secret", "role_id": admin}},
		"updateAccount":  {target: "a:none", body: body{"role_id": "r:y"}},
		"deleteAccount":  {target: "a:mgrXY"},
		"createRole":     {body: body{"name": "Fresh", "parent_id": "r:y"}},

		"createServiceAccount": {body: body{"name": "fresh", "role_id": admin}},
		"updateServiceAccount": {target: "v:x", body: body{"role_id": "r:y"}},
		"deleteServiceAccount": {target: "v:mgrXY"},

		"updateRole":        {target: "r:freeNone", body: body{"parent_id": "r:y"}},
		"deleteRole":        {target: "r:mgrkid"},
		"assignPermissions": {target: "r:none", body: body{"permission_ids": []string{"p:docs:y"}}},
		"removePermission":  {target: "r:freeAll", second: "p:docs:x"},
		"createPermission":  {body: body{"name": "docs:x"}},
		"updatePermission":  {target: "p:docs:x", body: body{"name": "docs:fresh"}},
		"deletePermission":  {target: "p:docs:y"},
	}[op]
	if c.target == "" && c.body == nil {
		return call{}, 0
	}
	c.op = op
	if op == "deleteRole" || op == "createPermission" {
		return c, 409
	}
	return c, 403
}

func (h *house) attempt(t *testing.T, c call) attempt {
	t.Helper()
	r := h.request("", c)
	path, query, _ := strings.Cut(r.Path, "?")
	a := attempt{method: r.Method, path: path, query: query, token: h.tokenFor(t, cell{who: h.live("a:mgr")}), mediaType: "application/json"}
	if r.Body != nil {
		encoded, err := json.Marshal(r.Body)
		must(t, err)
		a.body = string(encoded)
	}
	return a
}

func (h *house) try(t *testing.T, client *http.Client, a attempt) (int, apitest.Envelope) {
	t.Helper()
	text := a.body
	if a.padded {
		text = strings.Repeat(" ", 1<<20) + text
	}
	url := h.URL + a.path
	if a.query != "" {
		url += "?" + a.query
	}
	request, err := http.NewRequestWithContext(t.Context(), a.method, url, strings.NewReader(text))
	must(t, err)
	if a.body != "" {
		request.Header.Set("Content-Type", a.mediaType)
	}
	if a.padded {
		request.Header.Set("Expect", "100-continue")
	}
	if a.token != "" {
		request.Header.Set("Authorization", "Bearer "+a.token)
	}
	response, err := client.Do(request)
	must(t, err)
	defer response.Body.Close()
	var answer apitest.Envelope
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.Code != response.StatusCode {
		t.Errorf("%s %s: %d is no envelope: %v", a.method, a.path, response.StatusCode, err)
	}
	return response.StatusCode, answer
}

// combinations lists all sets of 1 to most numbers below n, each in ascending order.
func combinations(n, most int) [][]int {
	var all [][]int
	var extend func(chosen []int, from int)
	extend = func(chosen []int, from int) {
		if len(chosen) > 0 {
			all = append(all, slices.Clone(chosen))
		}
		for i := from; i < n && len(chosen) < most; i++ {
			extend(append(chosen, i), i+1)
		}
	}
	extend(nil, 0)
	return all
}

func TestCombinations(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprint(combinations(3, 2)); got != "[[0] [0 1] [0 2] [1] [1 2] [2]]" {
		t.Error(got)
	}
}
