package token

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

func testStatement() feed.Statement {
	c := testClaims()
	return feed.Statement{
		IssuedAt: testNow.Add(999 * time.Millisecond), After: `"<before>"`, Cursor: "1.2.-.a.b", Reset: true, More: true,
		Permissions: []feed.PermissionRights{{ID: c.Subject, Name: "a:b"}, {ID: c.TokenID}},
		Roles: []feed.RoleRights{
			{ID: c.TokenID, Name: "Rédaction", Parent: c.Subject, Permissions: []users.ID{c.Subject, c.TokenID}},
			{ID: c.Subject, Name: "Admin", All: true, Continued: true},
			{ID: c.Subject, Gone: true},
		},
		Accounts: []feed.AccountRights{{ID: c.Subject, Version: 3, Role: c.TokenID}, {ID: c.TokenID, Role: c.Subject}, {ID: c.TokenID}},
		Sessions: []feed.EndedSession{{ID: c.TokenID, Until: testNow.Add(time.Minute)}},
		Keys:     []string{curveKID, "key-0", "key-1", otherKID},
	}
}

func TestSignChanges(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	signed, err := set.SignChanges(testStatement())
	if err != nil {
		t.Fatal(err)
	}
	if !wellSigned(signed) {
		t.Error("the signature is not good")
	}
	const subject, id = "0199e7a0-0000-7000-8000-000000000001", "0199e7a0-0000-7000-8000-000000000002"
	for i, want := range []string{
		`{"alg":"RS256","typ":"changes+jwt","kid":"key-1"}`,
		`{"iss":"` + testIssuer + `","aud":"` + testAudience + `","iat":` + fmt.Sprint(testNow.Unix()) +
			`,"cursor":"1.2.-.a.b","after":"\"<before>\"","reset":true,` +
			`"permissions":[{"id":"` + subject + `","name":"a:b"},{"id":"` + id + `","name":null}],` +
			`"roles":[{"id":"` + id + `","name":"Rédaction","parent":"` + subject + `","all":false,"continued":false,"permissions":["` + subject + `","` + id + `"]},` +
			`{"id":"` + subject + `","name":"Admin","parent":null,"all":true,"continued":true,"permissions":[]},` +
			`{"id":"` + subject + `","name":null,"parent":null,"all":false,"continued":false,"permissions":[]}],` +
			`"accounts":[{"id":"` + subject + `","ver":3,"role":"` + id + `"},{"id":"` + id + `","ver":null,"role":"` + subject + `"},{"id":"` + id + `","ver":null,"role":null}],` +
			`"sessions":[{"sid":"` + id + `","until":` + fmt.Sprint(testNow.Add(time.Minute).Unix()) + `}],"keys":["` + curveKID + `","key-0","key-1","` + otherKID + `"],"more":true}`,
	} {
		if got, err := base64.RawURLEncoding.DecodeString(strings.Split(signed, ".")[i]); err != nil || string(got) != want {
			t.Errorf("part %d is\n%s (%v), want\n%s", i, got, err, want)
		}
	}
	// What nothing is told of is an empty list.
	signed, err = set.SignChanges(feed.Statement{IssuedAt: testNow, Cursor: "c", Keys: []string{"key-1"}})
	if err != nil {
		t.Fatal(err)
	}
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(signed, ".")[1])
	if err != nil || !json.Valid(body) || !bytes.Contains(body, []byte(`"permissions":[],"roles":[],"accounts":[],"sessions":[],`)) {
		t.Errorf("without changes it is %s (%v)", body, err)
	}
	if _, err := set.SignChanges(feed.Statement{After: "\xff", Keys: []string{"key-1"}}); err == nil || errors.Is(err, feed.ErrSignerUnlisted) {
		t.Errorf("text that is no UTF-8: %v", err)
	}
	for _, keys := range [][]string{nil, {"key-0", "key-2"}} {
		if _, err := set.SignChanges(feed.Statement{IssuedAt: testNow, Cursor: "c", Keys: keys}); !errors.Is(err, feed.ErrSignerUnlisted) {
			t.Errorf("the signing key is not among %q: %v", keys, err)
		}
	}
}

// TestChangesAreNoToken: a statement never passes for a token, not even one whose payload is a token's.
func TestChangesAreNoToken(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	statement, err := set.SignChanges(testStatement())
	if err != nil {
		t.Fatal(err)
	}
	for name, jws := range map[string]string{
		"a statement":                   statement,
		"a statement with a token's":    signed(goodHeader().with("typ", `"changes+jwt"`).String(), goodPayload().String()),
		"with what both have":           signed(goodHeader().with("typ", `"changes+jwt"`).String(), goodPayload().plus("accounts", "[]").plus("cursor", `"c"`).String()),
		"of our other key":              signParts(ourNextKey(), b64(goodHeader().with("typ", `"changes+jwt"`).with("kid", `"`+otherKID+`"`).String()), b64(goodPayload().String())),
		"the media type":                signed(goodHeader().with("typ", `"application/changes+jwt"`).String(), goodPayload().String()),
		"its payload under our header":  signed(goodHeader().String(), payloadOf(t, statement)),
		"its payload, its header twice": strings.Split(statement, ".")[0] + "." + statement,
	} {
		if _, err := set.Verify(jws, testNow); err == nil {
			t.Errorf("%s passes for a token", name)
		} else if strings.HasPrefix(name, "a statement") && !errors.Is(err, errTokenType) {
			t.Errorf("%s: refused because %v, want its type", name, err)
		}
		for range 2 {
			if _, err := set.Bearer(jws, testNow); err == nil {
				t.Errorf("%s passes for a token that is remembered", name)
			}
		}
	}
	// Nor does a token pass for a statement: its type says what it is, and is never another.
	token, _, err := set.Issue(testClaims())
	if err != nil {
		t.Fatal(err)
	}
	if token[:strings.IndexByte(token, '.')] == statement[:strings.IndexByte(statement, '.')] {
		t.Error("a token and a statement have one header")
	}
}

func payloadOf(t *testing.T, jws string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(jws, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
