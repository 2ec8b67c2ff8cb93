package authn

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// vectorFile is testdata/vectors.json, which the service's own verifier has written and is held against.
type vectorFile struct {
	Issuer, Audience string
	Now              int64
	JWKS             json.RawMessage
	Tokens           []struct {
		Name, Token string
		Base64      []byte
		Good        bool
	}
}

func readVectors(t testing.TB) vectorFile {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectorFile
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// verifier serves the keys of the file to a verifier whose time is that of the file.
func (v vectorFile) verifier(t testing.TB) *Verifier {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(v.JWKS) }))
	t.Cleanup(server.Close)
	verifier, err := New(Options{
		JWKS: server.URL, Issuer: v.Issuer, Audience: v.Audience, Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Unix(v.Now, 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

// TestVectors: of about a thousand tokens, good and forged, this verifier says what the service says.
func TestVectors(t *testing.T) {
	t.Parallel()
	file := readVectors(t)
	verifier := file.verifier(t)
	good, bad := 0, 0
	for _, one := range file.Tokens {
		token := one.Token
		if one.Base64 != nil {
			token = string(one.Base64)
		}
		p, err := verifier.Verify(context.Background(), token)
		if (err == nil) != one.Good {
			t.Errorf("%s: %v", one.Name, err)
			continue
		}
		if err != nil {
			bad++
			var refusal *Error
			if !asError(err, &refusal) || refusal.Status != http.StatusUnauthorized {
				t.Errorf("%s: %v is no 401", one.Name, err)
			}
			if strings.ContainsAny(err.Error(), "\"'\\\x00\n{") {
				t.Errorf("%s: the error seems to quote: %v", one.Name, err)
			}
			continue
		}
		good++
		if problem := differs(p, token); problem != "" {
			t.Errorf("%s: %s", one.Name, problem)
		}
	}
	if good < 12 || bad < 300 {
		t.Errorf("%d good and %d bad tokens", good, bad)
	}
	t.Logf("%d good and %d bad tokens", good, bad)
}

// differs holds what was understood of a token against what a lenient reader understands of it.
func differs(p Principal, token string) string {
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		return err.Error()
	}
	var c map[string]any // a struct would take names in any case
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if err := dec.Decode(&c); err != nil {
		return err.Error()
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return "something is behind it"
	}
	omitted, _ := c["permissions_omitted"].(bool)
	listed, _ := c["permissions"].([]any)
	permissions := make([]string, len(listed))
	for i, one := range listed {
		permissions[i], _ = one.(string)
	}
	slices.Sort(permissions)
	is := []any{p.Account, p.Service, strings.Join(p.Scope, " "), p.TokenID, p.Email, fmt.Sprint(p.IssuedAt.Unix()), fmt.Sprint(p.Expires.Unix()), p.Roles, p.Permissions, p.PermissionsOmitted, p.Live, actorsOf(p.Actor)}
	_, person := c["email"]
	scope, _ := c["scope"].(string)
	email, _ := c["email"].(string)
	says := []any{c["sub"], !person, scope, c["jti"], email, c["iat"], c["exp"], c["roles"], permissions, omitted, false, actorsIn(c["act"])}
	if fmt.Sprintf("%q", is) != fmt.Sprintf("%q", says) {
		return fmt.Sprint("understood otherwise than it is written: ", is)
	}
	return ""
}

// actorsOf are actors in one line, the latest first: an id each, with an exclamation mark behind that of an impersonator.
func actorsOf(a *Actor) (line string) {
	for ; a != nil; a = a.Prior {
		line += a.Account
		if a.Impersonator {
			line += "!"
		}
	}
	return line
}

// actorsIn is the same of a claim act.
func actorsIn(act any) (line string) {
	for m, there := act.(map[string]any); there; m, there = m["act"].(map[string]any) {
		line += fmt.Sprint(m["sub"])
		if m["impersonator"] == true {
			line += "!"
		}
	}
	return line
}
