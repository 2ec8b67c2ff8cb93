package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// The sweeps go through all operations of the document. What they find true of each is true of those to come.

func TestSweepWithoutToken(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for o := range apitest.Operations(t) {
		byBearer, byClient := o.Takes("bearer"), o.Takes("client")
		if !byBearer {
			continue
		}
		for sent, want := range map[string]string{
			"":                                "Bearer",
			"Basic cm9vdDpyb290":              "Bearer",
			"Bearer":                          "Bearer",
			"Bearer nonsense":                 `Bearer error="invalid_token"`,
			"Bearer " + svc.AdminToken + "x":  `Bearer error="invalid_token"`,
			"Bearer " + svc.AdminToken + " x": `Bearer error="invalid_token"`,
		} {
			if byClient && strings.HasPrefix(sent, "Basic") {
				want = `Basic realm="svc-users"`
			}
			// Everything else is wrong too: the token comes first.
			answer := svc.Send(t, apitest.Request{
				Method: o.Method, Path: o.At("none") + "?cursor=x&cursor=y", Body: "{",
				Header: http.Header{"Authorization": {sent}, "Content-Type": {"text/plain"}},
			}).Want(t, 401, "")
			if got := answer.Header.Get("WWW-Authenticate"); got != want {
				t.Errorf("%s with %q: the challenge is %q, want %q", o.ID, sent, got, want)
			}
		}
		svc.Send(t, apitest.Request{
			Method: o.Method, Path: o.At(apitest.NoID), Body: o.Example(),
			Header: http.Header{"Authorization": {"Bearer " + svc.AdminToken, "Bearer " + svc.AdminToken}},
		}).Want(t, 401, "")
	}
}

func TestSweepWithTooWeakToken(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for o := range apitest.Operations(t) {
		if o.Permission == "" {
			continue
		}
		var others []string
		for p := range apitest.Operations(t) {
			if p.Permission != "" && p.Permission != o.Permission && !slices.Contains(others, p.Permission) {
				others = append(others, p.Permission)
			}
		}
		weak := svc.NewAccount(t, svc.NewRole(t, "", others...))
		svc.Send(t, apitest.Request{
			Method: o.Method, Path: o.At("none") + "?cursor=x&cursor=y", Token: weak.Token, Body: "{",
			Header: http.Header{"Content-Type": {"text/plain"}},
		}).Want(t, 403, "Missing required permission: "+o.Permission)
	}
}

// values has a value of each type, as JSON.
var values = map[string]string{"null": "null", "boolean": "true", "integer": "7", "string": `"x"`, "array": "[]", "object": "{}"}

func TestSweepWrongTypes(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	fields := 0
	for o := range apitest.Operations(t) {
		if o.MediaType == apitest.FormType {
			continue // whose values are all text: TestSweepForms
		}
		for name, schema := range o.Body.Properties {
			fields++
			for kind, value := range values {
				if schema.Is(kind) || kind == "object" && schema.Ref != "" {
					continue
				}
				answer := svc.Send(t, apitest.Request{
					Method: o.Method, Path: o.At(apitest.NoID), Token: svc.AdminToken, Body: `{"` + name + `":` + value + `}`,
				}).Want(t, o.FaultStatus(), "")
				if !slices.ContainsFunc(answer.Errors, func(f apitest.Fault) bool { return f.Field == name }) {
					t.Errorf("%s: %s as %s is no fault: %+v", o.ID, name, kind, answer.Errors)
				}
			}
		}
	}
	if fields < 20 {
		t.Errorf("only %d fields found", fields)
	}
}

func TestSweepBodies(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	bodies := 0
	for o := range apitest.Operations(t) {
		if o.MediaType != "application/json" {
			continue
		}
		if bodies++; o.IsAuthZEN() {
			continue // TestEvaluationFaults
		}
		send := func(body any, header http.Header) *apitest.Answer {
			t.Helper()
			return svc.Send(t, apitest.Request{Method: o.Method, Path: o.At(apitest.NoID), Token: svc.AdminToken, Body: body, Header: header})
		}
		send(nil, nil).Want(t, 415, "")
		send(o.Example(), http.Header{"Content-Type": {"text/plain"}}).Want(t, 415, "")
		send(o.Example(), http.Header{"Content-Type": {}}).Want(t, 415, "")
		send(o.Example(), http.Header{"Content-Encoding": {"gzip"}}).Want(t, 415, "")
		send("", nil).Want(t, 400, "The body is empty; it must be a JSON object.")
		send(o.Example()+"{}", nil).Want(t, 400, "")
		send("[]", nil).WantFaults(t, "")
		// Media type before size, size before JSON.
		large := strings.Repeat("{", o.MaxBytes+1)
		send(large, http.Header{"Content-Type": {"text/plain"}}).Want(t, 415, "")
		send(large, nil).Want(t, 413, fmt.Sprintf("The body is larger than %d bytes.", o.MaxBytes))
		send("[]"+strings.Repeat(" ", o.MaxBytes-2), nil).WantFaults(t, "")
		// Faults of body and query in one answer, each required field and both strangers.
		body := `{"stranger":"x"}`
		if o.ID == "createClientKey" { // one of its two members is needed, and neither is required
			body = `{"stranger":"x","jwks_url":"https://keys.example/jwks"}`
		}
		answer := svc.Send(t, apitest.Request{
			Method: o.Method, Path: o.At(apitest.NoID) + "?page=1", Token: svc.AdminToken, Body: body,
		}).WantFaults(t, append([]string{"page", "stranger"}, o.Body.Required...)...)
		if strings.Contains(string(answer.Body), `"x"`) {
			t.Errorf("%s: the answer repeats a value", o.ID)
		}
	}
	if bodies != 26 {
		t.Errorf("%d operations with a body, want 26", bodies)
	}
}

func TestSweepForms(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	forms := 0
	svc.NewPermission(t, "reports:read")
	client := svc.NewClient(t, svc.NewRole(t, "", "reports:read"))
	for o := range apitest.Operations(t) {
		if o.MediaType != apitest.FormType {
			continue
		}
		forms++
		path := o.At(apitest.NoID)
		send := func(body any, header http.Header) *apitest.Answer {
			t.Helper()
			if header == nil {
				header = http.Header{"Content-Type": {apitest.FormType}}
			}
			token := svc.AdminToken
			if !o.Takes("bearer") {
				token = ""
				header = header.Clone()
				header["Authorization"] = client.Basic()["Authorization"]
			}
			return svc.Send(t, apitest.Request{Method: o.Method, Path: path, Token: token, Body: body, Header: header})
		}
		send(o.Example(), nil).Want(t, 200, "")
		send(o.Example(), http.Header{"Content-Type": {apitest.FormType + "; charset=UTF-8"}}).Want(t, 200, "")
		send(o.Example()+"&stranger=1", nil).Want(t, 200, "")
		for _, header := range []http.Header{
			{"Content-Type": {}}, {"Content-Type": {"text/plain"}}, {"Content-Type": {"application/json"}}, {"Content-Type": {"multipart/form-data; boundary=x"}},
			{"Content-Type": {apitest.FormType, apitest.FormType}}, {"Content-Type": {apitest.FormType + "; charset=latin-1"}},
			{"Content-Type": {apitest.FormType}, "Content-Encoding": {"gzip"}},
		} {
			send(o.Example(), header).Want(t, 415, "")
		}
		large := o.Example() + "&" + strings.Repeat("x", o.MaxBytes-len(o.Example()))
		send(large, http.Header{"Content-Type": {"text/plain"}}).Want(t, 415, "")
		send(large, nil).Want(t, 413, fmt.Sprintf("The body is larger than %d bytes.", o.MaxBytes))
		send(large[:o.MaxBytes], nil).Want(t, 200, "")
		for _, unreadable := range []string{"", "&", "stranger=1", "%zz=1", "x=%zz", "a;b", "stranger=1&stranger=2&" + o.Example(), `{"token":"x"}`} {
			send(unreadable, nil).Want(t, 400, "")
		}
		for name := range o.Body.Properties {
			twice := name + "=x&" + name + "=x&" + o.Example()
			send(twice, nil).Want(t, 400, "A field comes more than once.")
		}
		for _, name := range o.Body.Required {
			send(name+"=", nil).Want(t, 400, "The field "+name+" is required.")
		}
		path = o.At(apitest.NoID) + "?" + o.Example()
		send(o.Example(), nil).Want(t, 400, "The parameters belong into the body, not into the query.")
	}
	if forms != 3 {
		t.Errorf("%d operations with a form, want 3", forms)
	}
}

func TestSweepQueries(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for o := range apitest.Operations(t) {
		send := func(query string) *apitest.Answer {
			t.Helper()
			return svc.Send(t, apitest.Request{Method: o.Method, Path: o.At(apitest.NoID) + query, Token: svc.AdminToken})
		}
		if o.Method == http.MethodDelete {
			send("?page=1").WantFaults(t, "page")
		}
		if o.Method != http.MethodGet {
			continue
		}
		if o.Subtree { // the query is a proxy's own, and what it does not know may be a misspelt requirement
			send("?stranger=1").WantFaults(t, "stranger")
		} else if got, want := send("?stranger=1&stranger=%00").Status, send("").Status; got != want {
			t.Errorf("%s: an unknown parameter makes %d of %d", o.ID, got, want)
		}
		for _, p := range o.Parameters {
			if p.In != "query" {
				continue
			}
			send("?"+p.Name+"=%zz").WantFaults(t, p.Name)
			send("?"+p.Name+"=%00").WantFaults(t, p.Name)
			send("?"+p.Name+"=%ff").WantFaults(t, p.Name)
			send("?"+p.Name+"=&"+p.Name+"=").WantFaults(t, p.Name)
			if !p.Schema.Is("string") || p.Name == "sort" || p.Name == "role_id" || p.Name == "email" {
				send("?"+p.Name+"=").WantFaults(t, p.Name)
				send("?"+p.Name+"=no%20no").WantFaults(t, p.Name)
			}
		}
	}
}

func TestSweepMethods(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	methods := map[string][]string{}
	for o := range apitest.Operations(t) {
		if o.Subtree {
			sweepSubtree(t, svc, o)
			continue
		}
		methods[o.Path] = append(methods[o.Path], o.Method)
	}
	for path, has := range methods {
		if slices.Contains(has, "GET") {
			has = append(has, "HEAD")
		}
		has = append(has, "OPTIONS")
		slices.Sort(has)
		allow := strings.Join(has, ", ")
		path = strings.NewReplacer("{id}", apitest.NoID, "{permission_id}", apitest.NoID).Replace(path)
		for _, method := range []string{"GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "TRACE", "BREW"} {
			if slices.Contains(has, method) {
				continue
			}
			answer := svc.Send(t, apitest.Request{Method: method, Path: path}).Want(t, 405, "")
			if answer.Header.Get("Allow") != allow {
				t.Errorf("%s %s: Allow is %q, want %q", method, path, answer.Header.Get("Allow"), allow)
			}
		}
		answer := svc.Send(t, apitest.Request{Method: "OPTIONS", Path: path}).Want(t, 204, "")
		if answer.Header.Get("Allow") != allow || len(answer.Body) > 0 {
			t.Errorf("OPTIONS %s: Allow is %q, want %q", path, answer.Header.Get("Allow"), allow)
		}
		if !slices.Contains(has, "GET") {
			continue
		}
		get := svc.Send(t, apitest.Request{Method: "GET", Path: path, Token: svc.AdminToken})
		head := svc.Send(t, apitest.Request{Method: "HEAD", Path: path, Token: svc.AdminToken})
		for _, h := range []http.Header{get.Header, head.Header} {
			h.Del("Date")
			h.Del("X-Request-Id")
			if path == "/api/v1/auth/changes" {
				h.Del("ETag") // it is another one every ten seconds
			}
		}
		if head.Status != get.Status || !apitest.SameHeader(get.Header, head.Header) {
			t.Errorf("%s: HEAD answers %d %v, GET %d %v", path, head.Status, head.Header, get.Status, get.Header)
		}
	}
}

// sweepSubtree makes sure that an operation of all methods is one at all paths below it too, and that none of
// them gets round the token.
func sweepSubtree(t *testing.T, svc *apitest.Service, o apitest.Operation) {
	t.Helper()
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE", "get", "M-SEARCH"} {
		for _, below := range []string{"", "/", "/x", "//", "/x//y/", "/../..", "/./", "/%2e%2e/%2e%2e/", "/%2F", "/x%00y", "/?x=1"} {
			r := apitest.Request{Method: method, Path: o.Path + below}
			svc.Send(t, r).Want(t, 401, "")
			r.Token = svc.AdminToken
			svc.Send(t, r).Want(t, 200, "")
		}
	}
}
