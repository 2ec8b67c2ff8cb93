package system

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// commonHeader is in each answer of ours.
var commonHeader = map[string]string{
	"X-Content-Type-Options": "nosniff",
	"Referrer-Policy":        "no-referrer",
}

var envelopeKeys = []string{"status", "code", "message", "data", "errors", "meta"}

// open reads the envelope of an answer and returns what is wrong with the answer, whatever it was to.
func (a *answer) open(method, path string) []string {
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	path, _, _ = strings.Cut(path, "?")
	if a.status == http.StatusInternalServerError {
		problem("a defect: %.300s", a.body)
	}
	for name, value := range commonHeader {
		if a.header.Get(name) != value {
			problem("%s is %q", name, a.header.Get(name))
		}
	}
	for _, name := range []string{"X-Request-Id", "Content-Security-Policy", "Cache-Control"} {
		if len(a.header.Values(name)) != 1 {
			problem("%s is there %d times", name, len(a.header.Values(name)))
		}
	}
	if a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") == "" {
		problem("no Retry-After")
	}
	if a.status == http.StatusUnauthorized && !strings.HasPrefix(a.header.Get("Www-Authenticate"), "Bearer") {
		problem("no WWW-Authenticate")
	}
	if 300 <= a.status && a.status < 400 && a.status != http.StatusNotModified {
		problem("a redirect to %q", a.header.Get("Location"))
	}
	if what := leakIn(string(a.body)+fmt.Sprint(a.header), issues(path) && a.status == http.StatusOK); what != "" {
		problem("the answer holds %s", what)
	}
	if strings.HasPrefix(path, "/oauth2") && a.status >= 400 {
		var e struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if err := json.Unmarshal(a.body, &e); err != nil || e.Error == "" || e.Description == "" {
			problem("no error of OAuth: %.300s", a.body)
		}
		a.Message = e.Description
		return problems
	}
	enveloped := strings.HasPrefix(path, "/api/v1") || a.status >= 400 && path != "/livez" && path != "/readyz"
	if enveloped && method != http.MethodHead && a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		if what := a.envelope(path); what != "" {
			problem("%s: %.300s", what, a.body)
		}
	}
	return problems
}

// envelope reads the six keys, and says what is wrong with them.
func (a *answer) envelope(path string) string {
	want := envelopeKeys
	if path == "/api/v1/auth/jwks" && a.status == http.StatusOK {
		want = append(slices.Clone(want), "keys")
	}
	var members map[string]json.RawMessage
	var e struct {
		Status  string          `json:"status"`
		Code    int             `json:"code"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
		Meta    json.RawMessage `json:"meta"`
	}
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	if err := decoder.Decode(&members); err != nil || decoder.More() {
		return "not one object"
	}
	for _, name := range want {
		if _, ok := members[name]; !ok {
			return "no member " + name
		}
	}
	if err := json.Unmarshal(a.body, &e); err != nil || len(members) != len(want) {
		return "not the six keys"
	}
	state := "success"
	if a.status >= 400 {
		state = "error"
	}
	if e.Code != a.status || e.Status != state || e.Message == "" {
		return "the envelope and the status differ, or there is no message"
	}
	a.Message, a.Data, a.Meta = e.Message, e.Data, e.Meta
	return ""
}
