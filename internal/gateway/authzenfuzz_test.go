package gateway_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// FuzzEvaluations holds the service against a looser reader: what it allows is what that reads too.
func FuzzEvaluations(f *testing.F) {
	svc := apitest.Start(f, apitest.Options{})
	const rest = `"subject":{"type":"user","id":"ME"},"action":{"name":"accounts:read"},"resource":{"type":"record","id":"1"}`
	for _, seed := range []string{
		`{` + rest + `}`, `{` + rest + `,"evaluations":[{},{"subject":null},{"action":{"name":"x"}}]}`, `{` + rest + `,"Subject":{},"evaluations":[{"subject":{"id":"ME"}}]}`,
		`{"evaluations":[{` + rest + `},7],"options":{"evaluations_semantic":"deny_on_first_deny"}}`, `{` + rest + `,"evaluations.0.x":[[[1]]],"evaluations":[{}]}`,
		`{` + rest + `,"evaluations":[{"x":{"x":{"evaluations":[{}]}}}],"context":{"a":"\ud800"}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		raw = strings.ReplaceAll(raw, "ME", svc.AdminID)
		status, body := postRaw(t, svc.Handler, evaluations, svc.AdminToken, raw)
		if status != 200 && status != 400 && status != 413 {
			t.Fatalf("%q is answered with %d %s", raw, status, body)
		}
		if status != 200 {
			return
		}
		var sent object
		if err := json.Unmarshal([]byte(raw), &sent); err != nil {
			t.Fatalf("%q is read: %v", raw, err)
		}
		var got struct {
			Decision    bool
			Evaluations []struct{ Decision bool }
		}
		apitest.Unmarshal(t, body, &got)
		items, _ := sent["evaluations"].([]any)
		if len(items) == 0 {
			items, got.Evaluations = []any{object{}}, []struct{ Decision bool }{{got.Decision}}
		}
		if len(got.Evaluations) > len(items) {
			t.Fatalf("%q has %d decisions", raw, len(got.Evaluations))
		}
		for i, e := range got.Evaluations {
			if e.Decision && !looselyAllowed(svc.AdminID, sent, items[i]) {
				t.Fatalf("%q: evaluation %d is allowed", raw, i)
			}
		}
	})
}

// looselyAllowed reports whether an evaluation is about the administrator and a system permission.
func looselyAllowed(admin string, defaults object, item any) bool {
	own, ok := item.(object)
	if !ok {
		return false
	}
	member := func(name, field string) string {
		value, there := own[name]
		if !there {
			value = defaults[name]
		}
		of, _ := value.(object)
		text, _ := of[field].(string)
		return text
	}
	kind := member("subject", "type")
	return (kind == "user" || kind == "account") && member("subject", "id") == admin && strings.Contains(member("action", "name"), ":") &&
		member("resource", "type") != "" && member("resource", "id") != ""
}

// postRaw sends a body past the checks of apitest, and returns the status and the body of the answer.
func postRaw(t *testing.T, h http.Handler, path, token, raw string) (status int, body []byte) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(raw))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.Bytes()
}
