package apitest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// What holds every answer to the contract must notice one that breaks it.

func TestOpenNoticesBrokenEnvelopes(t *testing.T) {
	t.Parallel()
	const good = `{"status":"success","code":200,"message":"m","data":null,"errors":null,"meta":null}`
	for body, fine := range map[string]bool{
		good:                                   true,
		strings.Replace(good, "200", "201", 1): false,
		strings.Replace(good, "success", "error", 1):                                               false,
		strings.Replace(good, `"m"`, `""`, 1):                                                      false,
		strings.Replace(good, `,"meta":null`, "", 1):                                               false,
		strings.Replace(good, `"errors":null`, `"errors":[]`, 1):                                   false,
		strings.Replace(good, `"status":"success","code":200`, `"code":200,"status":"success"`, 1): false,
		strings.Replace(good, `}`, `,"more":1}`, 1):                                                false,
		"[]": false,
		"":   false,
	} {
		a := &Answer{Status: http.StatusOK, Body: []byte(body)}
		if why := a.open("/api/v1/auth/me"); (why == "") != fine {
			t.Errorf("%s: %q", body, why)
		}
	}
}

func TestValidateNoticesWhatTheDocumentDoesNotSay(t *testing.T) {
	t.Parallel()
	const home = `{"status":"success","code":200,"message":"This is svc-users; its docs are at /docs.","data":%s,"errors":null,"meta":null}`
	const data = `{"service":"svc-users","docs":"/docs","openapi":"/openapi.json","health":"/api/v1/health"}`
	for _, c := range []struct {
		status int
		body   string
		header string
		fine   bool
	}{
		{200, fmt.Sprintf(home, data), "X-Request-Id", true},
		{200, fmt.Sprintf(home, data), "X-Other", false},
		{200, fmt.Sprintf(home, "null"), "X-Request-Id", false},
		{200, fmt.Sprintf(home, `{"service":"svc-users"}`), "X-Request-Id", false},
		{200, fmt.Sprintf(home, strings.Replace(data, "}", `,"more":1}`, 1)), "X-Request-Id", false},
		{418, fmt.Sprintf(home, data), "X-Request-Id", false},
	} {
		request, err := http.NewRequest(http.MethodGet, "http://127.0.0.1/", nil)
		must(t, err)
		response := &http.Response{
			StatusCode: c.status, Request: request,
			Header: http.Header{"Content-Type": {"application/json"}, c.header: {"x"}},
		}
		noticed := false
		(&Service{}).validate(request, response, &Answer{Status: c.status, Body: []byte(c.body)}, func(string, ...any) { noticed = true })
		if noticed == c.fine {
			t.Errorf("%d %s with %s: noticed %v", c.status, c.body, c.header, noticed)
		}
	}
}

func TestSecretsAreFound(t *testing.T) {
	t.Parallel()
	var s secrets
	s.noteBody(`{"email":"ada@example.com","password":"correct horse","new_password":"another one"}`)
	for text, found := range map[string]bool{
		`{"echo":"correct horse"}`: true, "x another one": true, "ada@example.com": false, "correct": false,
	} {
		if (s.in(text) != "") != found {
			t.Errorf("%q: %v", text, !found)
		}
	}
}

func TestDocumentKeepsOpenAPI(t *testing.T) {
	t.Parallel()
	v, err := openapi()
	must(t, err)
	if ok, errs := v.ValidateDocument(); !ok {
		for _, e := range errs {
			t.Errorf("%s: %s %v", e.Message, e.Reason, e.SchemaValidationErrors)
		}
	}
}

// The examples that the document shows of bodies must be as its own schemas say.
func TestExampleBodiesKeepTheirSchemas(t *testing.T) {
	t.Parallel()
	v, err := openapi()
	must(t, err)
	for o := range Operations(t) {
		if o.RequestBody == nil {
			continue
		}
		path := "http://127.0.0.1" + o.At("019a0b6e-7c00-7a51-9c3d-2f6f0c5f7a10")
		request, err := http.NewRequest(o.Method, path, strings.NewReader(o.Example()))
		must(t, err)
		request.Header.Set("Content-Type", o.MediaType)
		request.Header.Set("Authorization", "Bearer x")
		if ok, errs := v.ValidateHttpRequest(request); !ok {
			for _, e := range errs {
				t.Errorf("%s: %s: %s %v", o.ID, e.Message, e.Reason, e.SchemaValidationErrors)
			}
		}
	}
}

// So must the examples of answers.
func TestExampleAnswersKeepTheirSchemas(t *testing.T) {
	t.Parallel()
	seen := 0
	for o := range Operations(t) {
		for status, raw := range o.Responses {
			var answer struct {
				Content map[string]struct{ Example json.RawMessage }
			}
			must(t, json.Unmarshal(raw, &answer))
			code, err := strconv.Atoi(status)
			must(t, err)
			example := answer.Content["application/json"].Example
			if example == nil {
				continue
			}
			seen++
			request, err := http.NewRequest(o.Method, "http://127.0.0.1"+o.At("019a0b6e-7c00-7a51-9c3d-2f6f0c5f7a10"), nil)
			must(t, err)
			header := http.Header{"Content-Type": {"application/json"}}
			for _, name := range []string{"X-Request-Id", "Etag", "Location"} {
				header.Set(name, "x")
			}
			header.Set("Retry-After", "1")
			for _, name := range []string{"X-Auth-Email", "X-Auth-Roles", "X-Auth-Permissions", "X-Auth-Actor"} {
				header.Set(name, "x")
			}
			header.Set("X-Auth-Subject", "019a0b6e-7c00-7a51-9c3d-2f6f0c5f7a10")
			(&Service{}).validate(request, &http.Response{StatusCode: code, Header: header}, &Answer{Status: code, Body: example}, func(format string, args ...any) {
				t.Errorf(o.ID+": "+format, args...)
			})
		}
	}
	if seen < 20 {
		t.Errorf("only %d examples found", seen)
	}
}
