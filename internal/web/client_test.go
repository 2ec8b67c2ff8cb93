package web

import (
	"encoding/base64"
	"net/url"
	"reflect"
	"testing"

	users "github.com/svc-users/svc-users"
)

func TestParseBasic(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]users.ClientCredentials{
		"id:secret":           {ID: "id", Secret: "secret"},
		"id:":                 {ID: "id"},
		":secret":             {Secret: "secret"},
		"a%3Ab:c%3Ad":         {ID: "a:b", Secret: "c:d"},
		"a+b:c%20d":           {ID: "a b", Secret: "c d"},
		"a:b:c":               {ID: "a", Secret: "b:c"},
		"%C3%BC:%00":          {ID: "ü", Secret: "\x00"},
		"id:svcs_0%2541%zz":   {},
		"%:x":                 {},
		"x:%1":                {},
		"no colon":            {},
		"id%3Asecret encoded": {},
	} {
		got, ok := parseBasic(base64.StdEncoding.EncodeToString([]byte(sent)))
		if ok != (want != users.ClientCredentials{}) || ok && got != want {
			t.Errorf("%q is %+v, %t", sent, got, ok)
		}
	}
	for _, malformed := range []string{"", "***", "aWQ6c2VjcmV0=", "aWQ6cw", "aWQ6cw==\n", "aWQ6 cw==", "aWQ6cx=="} {
		if got, ok := parseBasic(malformed); ok {
			t.Errorf("%q is %+v", malformed, got)
		}
	}
}

// FuzzBasic: what is understood of an Authorization header is what a client has encoded that way, and nothing else is
// understood.
func FuzzBasic(f *testing.F) {
	for _, seed := range []string{"aWQ6c2VjcmV0", "Og==", "", "YSUzQWI6Yytk", "***", "aWQ6c2VjcmV0=="} {
		f.Add(seed, "id", "secret")
	}
	f.Fuzz(func(t *testing.T, sent, id, secret string) {
		if in, ok := parseBasic(sent); ok {
			if raw, err := base64.StdEncoding.DecodeString(sent); err != nil || base64.StdEncoding.EncodeToString(raw) != sent {
				t.Errorf("%q has another spelling, and is %+v", sent, in)
			}
		}
		written := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id) + ":" + url.QueryEscape(secret)))
		in, ok := parseBasic(written)
		if fits := len(written) <= maxToken; ok != fits || ok && (in.ID != id || in.Secret != secret) {
			t.Errorf("%q and %q are %+v, %t", id, secret, in, ok)
		}
	})
}

// FuzzTokenForm: a form is refused, or each field has the one value that a lenient reader finds.
func FuzzTokenForm(f *testing.F) {
	for _, seed := range []string{
		"grant_type=client_credentials", "grant_type=client_credentials&scope=a+b", "grant_type=&scope=", "grant_type=x&grant_type=x", "%zz", "a;b=c",
		"grant_type=client_credentials&client_id=i&client_secret=s&x", "grant%5ftype=x",
	} {
		f.Add(seed)
	}
	type form struct {
		GrantType string `json:"grant_type"`
		Scope     string `json:"scope,omitempty"`
	}
	body := newBodySpec(reflect.TypeFor[form](), SmallBody)
	f.Fuzz(func(t *testing.T, raw string) {
		read, err := body.readForm("", raw)
		if err != nil {
			return
		}
		if read.Get("grant_type") == "" {
			t.Errorf("%q has no grant_type", raw)
		}
		lenient, _ := url.ParseQuery(raw)
		for name, values := range lenient {
			if len(values) != 1 || read.Get(name) != values[0] {
				t.Errorf("%q: %q is %q, and was read as %q", raw, name, values, read.Get(name))
			}
		}
		if _, err := body.readForm("x=1", raw); err == nil {
			t.Error("a query is taken")
		}
	})
}
