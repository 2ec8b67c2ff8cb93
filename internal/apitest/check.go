package apitest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi/datamodel"

	"github.com/svc-users/svc-users/internal/app"
)

// openapi is the document, taken apart once for all tests of a process.
var openapi = sync.OnceValues(func() (validator.Validator, error) {
	// The hierarchy of roles refers to itself, by an array, which may be empty.
	document, err := libopenapi.NewDocumentWithConfiguration(app.Document(), &datamodel.DocumentConfiguration{IgnoreArrayCircularReferences: true})
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(document, config.WithFormatAssertions())
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return v, nil
})

// everyAnswerHas is true of each answer, whatever it is to.
var everyAnswerHas = map[string]string{
	"X-Content-Type-Options": "nosniff",
	"Referrer-Policy":        "no-referrer",
}

const apiPolicy = "default-src 'none'; frame-ancestors 'none'"

func (s *Service) check(t testing.TB, request *http.Request, response *http.Response, a *Answer) {
	t.Helper()
	problem := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s %s: "+format+"\n%d %s", append(append([]any{a.Request.Method, a.Request.Path}, args...), a.Status, a.Body)...)
	}
	for name, value := range everyAnswerHas {
		if a.Header.Get(name) != value {
			problem("header %s is %q", name, a.Header.Get(name))
		}
	}
	if len(a.Header["X-Request-Id"]) != 1 || len(a.Header["Content-Security-Policy"]) != 1 || len(a.Header["Cache-Control"]) != 1 {
		problem("a header is not there once: %v", a.Header)
	}
	if !strings.HasPrefix(a.Request.Path, "/docs") && a.Header.Get("Content-Security-Policy") != apiPolicy {
		problem("the policy is %q", a.Header.Get("Content-Security-Policy"))
	}
	if a.Header.Get("Server") != "" || a.Header.Get("X-Powered-By") != "" {
		problem("the answer names its server: %v", a.Header)
	}
	if found := s.secrets.in(string(a.Body)); found != "" {
		problem("the answer holds a password that was sent")
	}
	if s.leaksCredential(a) {
		problem("the answer holds a refresh token")
	}
	if s.leaksClientSecret(a) {
		problem("the answer holds a client secret")
	}
	if request.Method == http.MethodHead || len(a.Body) == 0 {
		if len(a.Body) > 0 {
			problem("HEAD has a body")
		}
		return
	}
	if a.Header.Get("Content-Length") != strconv.Itoa(len(a.Body)) {
		problem("Content-Length is %q", a.Header.Get("Content-Length"))
	}
	path := request.URL.Path
	switch {
	case !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json"), strings.HasPrefix(path, "/.well-known/") && a.Status < 400, path == "/openapi.json":
	case path == "/oauth2" || strings.HasPrefix(path, "/oauth2/"):
		if why := a.openOAuth(); why != "" {
			problem("%s", why)
		}
	case strings.HasPrefix(path, "/access/") && a.Status < 400:
	default:
		if why := a.open(path); why != "" {
			problem("%s", why)
		}
	}
	if strings.HasPrefix(path, "/api/") && len(a.Envelope.State) == 0 {
		problem("not an envelope")
	}
	s.validate(request, response, a, problem)
}

// open reads the envelope and says what is wrong with it, or nothing.
func (a *Answer) open(path string) string {
	keys, err := keysInOrder(a.Body)
	want := []string{"status", "code", "message", "data", "errors", "meta"}
	if path == "/api/v1/auth/jwks" && a.Status == http.StatusOK {
		want = append(want, "keys")
	}
	if err != nil || !slices.Equal(keys, want) {
		return "the keys of the envelope are " + strings.Join(keys, " ")
	}
	if err := json.Unmarshal(a.Body, &a.Envelope); err != nil {
		return "not an envelope: " + err.Error()
	}
	state := "success"
	if a.Status >= 400 {
		state = "error"
	}
	switch {
	case a.Code != a.Status:
		return "code is " + strconv.Itoa(a.Code)
	case a.State != state:
		return "status is " + a.State
	case a.Message == "":
		return "there is no message"
	case strings.HasPrefix(path, "/access/"):
		if a.Errors != nil && a.Status != http.StatusBadRequest || a.Status == http.StatusUnprocessableEntity || a.Status == http.StatusUnsupportedMediaType {
			return "an error of AuthZEN is not 400"
		}
	case (a.Errors != nil) != (a.Status == http.StatusUnprocessableEntity):
		return "errors are not there exactly on 422"
	}
	return ""
}

// oauthCodes are the codes of errors under /oauth2 by their status; all others are invalid_request.
var oauthCodes = map[int]string{
	http.StatusUnauthorized: "invalid_token", http.StatusForbidden: "insufficient_scope",
	http.StatusInternalServerError: "server_error", http.StatusServiceUnavailable: "temporarily_unavailable", http.StatusTooManyRequests: "temporarily_unavailable",
}

// oauthOwnCodes are further codes, by the status that they may come with.
var oauthOwnCodes = map[int][]string{
	http.StatusBadRequest:   {"unsupported_token_type", "invalid_client", "invalid_scope", "invalid_target", "unsupported_grant_type"},
	http.StatusUnauthorized: {"invalid_client"},
}

// openOAuth reads an error of OAuth, takes its description for the message, and says what is wrong with it.
func (a *Answer) openOAuth() string {
	if a.Status < 400 {
		return ""
	}
	keys, err := keysInOrder(a.Body)
	if err != nil || !slices.Equal(keys, []string{"error", "error_description"}) {
		return "the keys of the error are " + strings.Join(keys, " ")
	}
	var e struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal(a.Body, &e); err != nil {
		return "not an error: " + err.Error()
	}
	a.Message = e.Description
	switch want := cmp.Or(oauthCodes[a.Status], "invalid_request"); {
	case e.Error != want && !slices.Contains(oauthOwnCodes[a.Status], e.Error):
		return "the error is " + e.Error + ", not " + want
	case e.Description == "" || strings.ContainsAny(e.Description, "\"\\") || strings.ContainsFunc(e.Description, func(r rune) bool { return r < ' ' || r > '~' }):
		return "the description is not of the characters that RFC 6749 allows"
	}
	return ""
}

// keysInOrder returns the names of the members of an object.
func keysInOrder(body []byte) ([]string, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	var keys []string
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		name, _ := key.(string)
		keys = append(keys, name)
	}
	return keys, nil
}

// subtrees are the paths of the operations that answer every method, there and below.
var subtrees = []string{"/api/v1/auth/forward"}

// described is a request as the document has it: of an operation that takes a subtree, the one at its path.
func described(request *http.Request) *http.Request {
	for _, path := range subtrees {
		if below, ok := strings.CutPrefix(request.URL.EscapedPath(), path); ok && (below == "" || below[0] == '/') {
			request = request.Clone(request.Context())
			request.Method, request.URL.Path, request.URL.RawPath = http.MethodGet, path, ""
		}
	}
	return request
}

// validate holds the answer against the document. What is about no operation of it (an unknown path, a method
// that a path does not have) is described in its text alone.
func (s *Service) validate(request *http.Request, response *http.Response, a *Answer, problem func(string, ...any)) {
	if a.Status == http.StatusMethodNotAllowed || strings.HasPrefix(request.URL.Path, "/docs") ||
		a.Status == http.StatusNotFound && a.Message == "Not found" {
		return
	}
	v, err := openapi()
	if err != nil {
		problem("the document cannot be read: %v", err)
		return
	}
	if len(a.Envelope.State) > 0 {
		if why := a.unlike(described(request)); why != "" {
			problem("not as the document shows it: %s", why)
		}
	}
	response.Body = io.NopCloser(bytes.NewReader(a.Body))
	if ok, errs := v.ValidateHttpResponse(described(request), response); !ok {
		for _, e := range errs {
			problem("not as the document says: %s: %s %v", e.Message, e.Reason, e.SchemaValidationErrors)
		}
	}
}
