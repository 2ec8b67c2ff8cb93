package gateway_test

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// TestEvaluationFaults: each fault is 400, whose errors name the fields.
func TestEvaluationFaults(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	const subject, action, resource = `"subject":{"type":"user","id":"x"}`, `"action":{"name":"read"}`, `"resource":{"type":"record","id":"1"}`
	for body, fields := range map[string][]string{
		`{` + action + `,` + resource + `}`:  {"subject"},
		`{` + subject + `,` + resource + `}`: {"action"},
		`{` + subject + `,` + action + `}`:   {"resource"},
		`{}`:                                 {"subject", "action", "resource"},
		`[]`:                                 {""},
		`{"subject":{"id":"x"},` + action + `,` + resource + `}`:                                      {"subject.type"},
		`{"subject":{"type":"user"},` + action + `,` + resource + `}`:                                 {"subject.id"},
		`{` + subject + `,"action":{},` + resource + `}`:                                              {"action.name"},
		`{` + subject + `,` + action + `,"resource":{"id":"1"}}`:                                      {"resource.type"},
		`{` + subject + `,` + action + `,"resource":{"type":"record"}}`:                               {"resource.id"},
		`{"subject":"alice",` + action + `,` + resource + `}`:                                         {"subject"},
		`{"subject":null,` + action + `,` + resource + `}`:                                            {"subject"},
		`{"subject":[],"action":7,"resource":true}`:                                                   {"subject", "action", "resource"},
		`{` + subject + `,"action":{"name":123},` + resource + `}`:                                    {"action.name"},
		`{` + subject + `,"action":{"name":null},` + resource + `}`:                                   {"action.name"},
		`{"subject":{"type":"","id":""},"action":{"name":""},"resource":{"type":"","id":""}}`:         {"subject.type", "subject.id", "action.name", "resource.type", "resource.id"},
		`{"subject":{"type":"user","id":"a\nb"},"action":{"name":"\u0000"},` + resource + `}`:         {"subject.id", "action.name"},
		`{` + subject + `,` + action + `,"resource":{"type":"\u0085","id":"\u007f"}}`:                 {"resource.type", "resource.id"},
		`{` + subject + `,` + action + `,"resource":{"type":"x","id":"` + long(1025) + `"}}`:          {"resource.id"},
		`{` + subject + `,` + action + `,` + resource + `,"context":"now"}`:                           {"context"},
		`{` + subject + `,"action":{"name":"read","properties":[]},` + resource + `}`:                 {"action.properties"},
		`{` + subject + `,` + action + `,` + resource + `,"context":{"a":` + nested(40) + `}}`:        {""},
		`{` + subject + `,` + action + `,` + resource + `,"x":[` + strings.Repeat("1,", 1000) + `1]}`: {"x"},
	} {
		for _, path := range []string{evaluation, evaluations} {
			answer := svc.Post(t, path, body).Want(t, 400, "")
			wantFields(t, answer, fields)
			if !strings.HasPrefix(answer.Message, cmp.Or(answer.Errors[0].Field, "The body")) || !strings.HasSuffix(answer.Message, ".") {
				t.Errorf("%s: the message is %q", body, answer.Message)
			}
		}
	}
	for _, path := range []string{evaluation, evaluations} {
		good := `{` + subject + `,` + action + `,` + resource + `}`
		svc.Post(t, path, good).Want(t, 200, "")
		for _, broken := range []string{"", "{", good + "x", `{"subject":{},"subject":{}}`, `{"x":{"y":1,"y":2}}`, "\xff", `"x`} {
			svc.Post(t, path, broken).Want(t, 400, "")
		}
		for _, header := range []http.Header{{"Content-Type": {"text/plain"}}, {"Content-Type": {}}, {"Content-Encoding": {"gzip"}}} {
			svc.Send(t, apitest.Request{Method: "POST", Path: path, Token: svc.AdminToken, Body: good, Header: header}).Want(t, 400, "")
		}
		wantFields(t, svc.Post(t, path+"?dry_run=true", good).Want(t, 400, ""), []string{"dry_run"})
		svc.Send(t, apitest.Request{Method: "POST", Path: path, Body: good}).Want(t, 401, "")
		svc.Get(t, path).Want(t, 405, "")
	}
	svc.Post(t, "/access/v1/search/subject", `{}`).Want(t, 404, "Not found")
	svc.Post(t, evaluation, `{"x":"`+long(16<<10)+`"}`).Want(t, 413, "")
}

func long(n int) string { return strings.Repeat("x", n) }

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// wantFields fails the test unless the faults of an answer are of these fields.
func wantFields(t *testing.T, a *apitest.Answer, fields []string) {
	t.Helper()
	got := apply(a.Errors, func(f apitest.Fault) string { return f.Field })
	slices.Sort(got)
	if want := slices.Sorted(slices.Values(fields)); !slices.Equal(got, want) {
		t.Errorf("%v: the faults are of %q, want %q", a.Request.Body, got, want)
	}
}

func TestEvaluationsFaults(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	const rest = `"subject":{"type":"user","id":"x"},"action":{"name":"read"},"resource":{"type":"record","id":"1"}`
	for body, fields := range map[string][]string{
		`{` + rest + `,"evaluations":{}}`:                                                                {"evaluations"},
		`{` + rest + `,"evaluations":null}`:                                                              {"evaluations"},
		`{` + rest + `,"evaluations":[` + strings.Repeat("{},", 1000) + `{}]}`:                           {"evaluations"},
		`{"subject":7,"evaluations":[{` + rest + `}]}`:                                                   {"subject"},
		`{"subject":{"type":"user"},"evaluations":[{` + rest + `}]}`:                                     {"subject.id"},
		`{"action":{"name":""},"evaluations":[{` + rest + `}]}`:                                          {"action.name"},
		`{` + rest + `,"evaluations":[{}],"options":[]}`:                                                 {"options"},
		`{` + rest + `,"evaluations":[{}],"options":{"evaluations_semantic":"any"}}`:                     {"options.evaluations_semantic"},
		`{` + rest + `,"options":{"evaluations_semantic":"any"}}`:                                        {"options.evaluations_semantic"},
		`{` + rest + `,"evaluations":[{}],"options":{"evaluations_semantic":7}}`:                         {"options.evaluations_semantic"},
		`{` + rest + `,"evaluations":[{"context":{"a":` + nested(40) + `}}]}`:                            {""},
		`{"action":{"name":"x"},"resource":{"type":"r","id":"1"},"evaluations":[` + subjects(101) + `]}`: {"evaluations"},
	} {
		wantFields(t, svc.Post(t, evaluations, body).Want(t, 400, ""), fields)
	}
	svc.Post(t, evaluations, `{"action":{"name":"x"},"resource":{"type":"r","id":"1"},"evaluations":[`+subjects(100)+`]}`).Want(t, 200, "")
	// So many faults that not all are kept deny everything.
	svc.Post(t, evaluations, `{`+rest+`,"evaluations":[`+strings.TrimSuffix(strings.Repeat(`{"subject":1,"action":2,"resource":3},`, 999), ",")+`,{}]}`).Want(t, 400, "")
}

// subjects are evaluations about so many subjects.
func subjects(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`{"subject":{"type":"user","id":"%d"}}`, i)
	}
	return strings.Join(list, ",")
}
