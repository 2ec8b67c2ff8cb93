package system

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// answer is a response, or err if there was none.
type answer struct {
	err     error
	status  int
	header  http.Header
	body    []byte
	Message string
	Data    json.RawMessage
	Meta    json.RawMessage
}

func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       patience,
	}
}

// send sends one request and checks the response against the rules for all responses. A body that is not nil is sent as
// JSON. It may be called from any goroutine of the test.
func (s *server) send(method, path, token string, body any) answer {
	s.t.Helper()
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return answer{err: err}
		}
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, "http://"+s.host+path, reader)
	if err != nil {
		return answer{err: err}
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	a := answer{status: response.StatusCode, header: response.Header}
	if a.body, a.err = io.ReadAll(response.Body); a.err != nil {
		return a
	}
	for _, problem := range a.open(method, path) {
		s.t.Errorf("%s %s: %d: %s", method, path, a.status, problem)
	}
	return a
}

// want is send for steps without which the test makes no sense. While the service is busy it is asked again, as
// it asks to be; it may be called from the test's own goroutine only.
func (s *server) want(status int, method, path, token string, body any) answer {
	s.t.Helper()
	a := s.patient(method, path, token, body)
	if a.err != nil || a.status != status {
		s.t.Fatalf("%s %s: %d %s %v, want %d", method, path, a.status, a.Message, a.err, status)
	}
	return a
}

// patient is send, repeated while the service is busy. A request that was refused for that had no effect, unless the
// database changed meanwhile.
func (s *server) patient(method, path, token string, body any) answer {
	s.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		a := s.send(method, path, token, body)
		if a.status != http.StatusServiceUnavailable || time.Now().After(deadline) {
			return a
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// is reports whether the status is one of these.
func (a answer) is(status ...int) bool {
	for _, s := range status {
		if a.err == nil && a.status == s {
			return true
		}
	}
	return false
}

// text is a member of the data, "" where there is none.
func (a answer) text(name string) string {
	var members map[string]json.RawMessage
	var s string
	if json.Unmarshal(a.Data, &members) != nil || json.Unmarshal(members[name], &s) != nil {
		return ""
	}
	return s
}

// into decodes the data.
func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.Data, v); err != nil {
		t.Fatalf("%v in %.300s", err, a.body)
	}
}

// login returns a token.
func (s *server) login(email, password string) string {
	s.t.Helper()
	a := s.want(http.StatusOK, http.MethodPost, "/api/v1/auth/login", "", credentials(email, password))
	return a.text("token")
}

func credentials(email, password string) map[string]any {
	return map[string]any{"email": email, "password": password}
}

// me is the status of GET /api/v1/auth/me: 200 for a valid token, 401 for an invalid one.
func (s *server) me(token string) answer {
	s.t.Helper()
	return s.send(http.MethodGet, "/api/v1/auth/me", token, nil)
}

// issues reports whether the answer at a path is a token, or something else that is signed.
func issues(path string) bool {
	return path == "/api/v1/auth/login" || path == "/api/v1/auth/refresh" || path == "/api/v1/auth/password" || path == changesPath || path == "/openapi.json" || strings.HasPrefix(path, "/docs")
}
