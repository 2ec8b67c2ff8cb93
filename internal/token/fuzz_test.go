package token

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users"
)

// FuzzVerify: the only tokens that count are, byte for byte, those that were issued.
func FuzzVerify(f *testing.F) {
	set := testSet(f)
	issued := make(map[string]bool)
	for version := range int64(4) {
		c := testClaims()
		c.Version += version
		c.Permissions = slices.Repeat(c.Permissions, int(version))
		token := issue(f, set, c)
		issued[token] = true
		f.Add(token)
	}
	for i, k := range slices.Concat(headerKinds(), payloadKinds(), signatureKinds(), curveKinds(), encodingKinds()) {
		if i%10 == 0 && len(k.token) <= maxLength && !k.signed {
			f.Add(k.token)
		}
	}
	f.Fuzz(func(t *testing.T, token string) {
		_, err := set.Verify(token, testNow)
		if (err == nil) != issued[token] {
			t.Errorf("error %v for %q", err, token)
		}
		if _, err := set.Bearer(token, testNow); (err == nil) != issued[token] {
			t.Errorf("Bearer: error %v for %q", err, token)
		}
	})
}

// FuzzSigned signs whatever the fuzzer thinks of, so that it gets past the signature. What then counts must
// be what another JSON reader understands of the same text.
func FuzzSigned(f *testing.F) {
	set := testSet(f)
	f.Add(goodHeader().String(), goodPayload().String())
	f.Add(goodHeader().String(), goodPayload().with("aud", `["x","`+testAudience+`"]`).plus("permissions_omitted", "true").String())
	for i, k := range slices.Concat(headerKinds(), payloadKinds()) {
		if parts := strings.Split(k.token, "."); i%10 == 0 && len(parts) == 3 && len(k.token) <= maxLength {
			head, _ := base64.RawURLEncoding.DecodeString(parts[0])
			body, _ := base64.RawURLEncoding.DecodeString(parts[1])
			f.Add(string(head), string(body))
		}
	}
	f.Fuzz(func(t *testing.T, head, body string) {
		got, err := set.Verify(signed(head, body), testNow)
		if err != nil {
			return
		}
		if h := members(t, head); len(h) != 3 || h["alg"] != "RS256" || h["typ"] != "JWT" || h["kid"] != testKID {
			t.Errorf("header %q counts", head)
		}
		p := members(t, body)
		_, isBool := p["permissions_omitted"].(bool)
		if _, present := p["permissions_omitted"]; present && !isBool {
			t.Errorf("payload %q counts", body)
		}
		aud, isArray := p["aud"].([]any)
		if p["aud"] != testAudience && !(isArray && slices.Contains(aud, any(testAudience))) || p["iss"] != testIssuer {
			t.Errorf("payload %q is for another", body)
		}
		want := []any{p["sub"], p["jti"], p["iat"], p["nbf"], p["exp"], p["ver"], p["email"], p["roles"], p["permissions"]}
		is := []any{
			got.Subject.String(), got.TokenID.String(), number(got.IssuedAt.Unix()), number(got.NotBefore.Unix()), number(got.Expires.Unix()),
			number(got.Version), got.Email, anys(got.Roles), anys(got.Permissions),
		}
		if fmt.Sprintf("%#v", is) != fmt.Sprintf("%#v", want) {
			t.Errorf("read %v of %q", is, body)
		}
		if _, ok := users.ParseID(got.Subject.String()); !ok || len(got.Roles) == 0 || got.Version < 1 {
			t.Errorf("claims of %q", body)
		}
	})
}

// members reads an object with the standard library's lenient reader.
func members(t *testing.T, text string) map[string]any {
	t.Helper()
	var m map[string]any
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&m); err != nil {
		t.Fatalf("%q counts, but: %v", text, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		t.Fatalf("%q counts with something behind it", text)
	}
	return m
}

func number(n int64) json.Number { return json.Number(fmt.Sprint(n)) }

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// FuzzParseKey: whatever is taken for a key signs, and is what it prints.
func FuzzParseKey(f *testing.F) {
	key := ourKey()
	f.Add(variableOf(key), key.PublicVariable(), "")
	f.Add(variableOf(key), "", "key-1")
	f.Add("", key.PublicVariable(), "key-1")
	f.Add(string(pemOf(key)), string(key.PublicPEM()), "a b")
	f.Add(variableOf(ourCurveKey()), ourCurveKey().PublicVariable(), "")
	f.Add(std(block("EC PRIVATE KEY", sec1(f, ecOf(ourCurveKey())))), "", "key-1")
	f.Add(std(block("RSA PRIVATE KEY", []byte{0x30, 0})), std(block("PUBLIC KEY", []byte{0x30, 0x80})), "\n")
	f.Add(std(append(pemOf(key), pemOf(key)...)), std(pemOf(key)), "")
	f.Fuzz(func(t *testing.T, private, public, kid string) {
		for _, algorithm := range []Algorithm{RS256, ES256} {
			fuzzKey(t, algorithm, private, public, kid)
		}
	})
}

func fuzzKey(t *testing.T, algorithm Algorithm, private, public, kid string) {
	key, err := ParseKey(algorithm, private, public, kid)
	if err != nil {
		if strings.ContainsAny(err.Error(), "\n\x00") || key != nil {
			t.Errorf("error %q", err)
		}
		return
	}
	again, err := ParseKey(algorithm, variableOf(key), key.PublicVariable(), key.ID())
	if err != nil || !bytes.Equal(pemOf(again), pemOf(key)) || kid != "" && key.ID() != kid || key.Algorithm() != algorithm {
		t.Fatalf("not what it prints: %v", err)
	}
	set, err := NewKeySet(key, nil, Options{Issuer: testIssuer, Audiences: []string{testAudience}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set.Verify(issue(t, set, testClaims()), testNow); err != nil {
		t.Fatal(err)
	}
}
