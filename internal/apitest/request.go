package apitest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Request is a request to be sent.
type Request struct {
	Method string
	Path   string // with its query
	Token  string // for the Authorization header; empty for none
	// Body is sent as it is if it is a string, as a form if it is url.Values, as JSON otherwise; nil is no body. The
	// Content-Type is that of a form or application/json, unless Header has another.
	Body   any
	Header http.Header // added as it is
}

// Answer is what came back.
type Answer struct {
	Request Request
	Status  int
	Header  http.Header
	Body    []byte
	Envelope
}

// Envelope is the object of a JSON answer; it stays empty where the answer is none. Of an error under /oauth2,
// which has no envelope, it has the description as its message.
type Envelope struct {
	State   string          `json:"status"`
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
	Errors  []Fault         `json:"errors"`
	Meta    json.RawMessage `json:"meta"`
}

// Fault is one element of errors.
type Fault struct {
	Field   string `json:"field"`
	Problem string `json:"error"`
}

// Send sends a request and checks the answer as the package comment says.
func (s *Service) Send(t testing.TB, r Request) *Answer {
	t.Helper()
	body, mediaType := "", "application/json"
	switch b := r.Body.(type) {
	case nil:
	case string:
		body = b
	case url.Values:
		body, mediaType = b.Encode(), FormType
	default:
		encoded, err := json.Marshal(b)
		must(t, err)
		body = string(encoded)
	}
	s.secrets.noteBody(body)
	var reader io.Reader
	if r.Body != nil {
		reader = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(t.Context(), r.Method, s.URL+r.Path, reader)
	must(t, err)
	if r.Body != nil {
		request.Header.Set("Content-Type", mediaType)
	}
	if r.Token != "" {
		request.Header.Set("Authorization", "Bearer "+r.Token)
	}
	for name, values := range r.Header {
		request.Header[http.CanonicalHeaderKey(name)] = values
	}
	response, err := s.client.Do(request)
	must(t, err)
	defer response.Body.Close()
	answer := &Answer{Request: r, Status: response.StatusCode, Header: response.Header, Body: readAll(t, response.Body)}
	s.check(t, request, response, answer)
	return answer
}

// Get, Post, Patch and Delete are Send with the administrator's token.

// Get reads a path.
func (s *Service) Get(t testing.TB, path string) *Answer {
	t.Helper()
	return s.Send(t, Request{Method: http.MethodGet, Path: path, Token: s.AdminToken})
}

// Post sends a body.
func (s *Service) Post(t testing.TB, path string, body any) *Answer {
	t.Helper()
	return s.Send(t, Request{Method: http.MethodPost, Path: path, Token: s.AdminToken, Body: body})
}

// Patch sends a change.
func (s *Service) Patch(t testing.TB, path string, body any) *Answer {
	t.Helper()
	return s.Send(t, Request{Method: http.MethodPatch, Path: path, Token: s.AdminToken, Body: body})
}

// Delete deletes.
func (s *Service) Delete(t testing.TB, path string) *Answer {
	t.Helper()
	return s.Send(t, Request{Method: http.MethodDelete, Path: path, Token: s.AdminToken})
}

// Want fails the test at once unless the answer has this status and, where message is not empty, this message.
func (a *Answer) Want(t testing.TB, status int, message string) *Answer {
	t.Helper()
	if a.Status != status || message != "" && a.Message != message {
		t.Fatalf("%s %s: %d %q, want %d %q\n%s", a.Request.Method, a.Request.Path, a.Status, a.Message, status, message, a.Body)
	}
	return a
}

// WantFaults fails the test at once unless the answer is 422 and names exactly these fields, in any order.
func (a *Answer) WantFaults(t testing.TB, fields ...string) *Answer {
	t.Helper()
	a.Want(t, http.StatusUnprocessableEntity, "Validation error")
	missing := map[string]int{}
	for _, f := range fields {
		missing[f]++
	}
	for _, f := range a.Errors {
		missing[f.Field]--
	}
	for field, n := range missing {
		if n != 0 {
			t.Fatalf("%s %s: the faults are of %+v, want those of %q (%q)", a.Request.Method, a.Request.Path, a.Errors, fields, field)
		}
	}
	return a
}

// Into decodes the data of the answer.
func (a *Answer) Into(t testing.TB, v any) {
	t.Helper()
	must(t, json.Unmarshal(a.Data, v))
}

// Text returns a member of the data, found by its path through objects and arrays ("role", "name").
func (a *Answer) Text(t testing.TB, path ...string) string {
	t.Helper()
	value := a.Data
	for _, name := range path {
		var members map[string]json.RawMessage
		must(t, json.Unmarshal(value, &members))
		value = members[name]
	}
	var s string
	if err := json.NewDecoder(bytes.NewReader(value)).Decode(&s); err != nil {
		t.Fatalf("%s %s: %q is no string in %s", a.Request.Method, a.Request.Path, path, a.Body)
	}
	return s
}
