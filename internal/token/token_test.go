package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/svc-users/svc-users"
)

func checkClaims(t *testing.T, got, want users.Claims) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(users.Scope{})); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

func issue(t testing.TB, set *KeySet, c users.Claims) string {
	t.Helper()
	token, _, err := set.Issue(c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// decoded returns the texts of header and payload.
func decoded(t *testing.T, token string) (head, body string) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	text := make([]string, 2)
	for i := range text {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		text[i] = string(raw)
	}
	return text[0], text[1]
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	token := issue(t, set, testClaims())
	head, body := decoded(t, token)
	if want := `{"alg":"RS256","typ":"JWT","kid":"key-1"}`; head != want {
		t.Errorf("header %s, want %s", head, want)
	}
	if want := goodPayload().String(); body != want {
		t.Errorf("payload %s, want %s", body, want)
	}
	got, err := set.Verify(token, testNow)
	if err != nil {
		t.Fatal(err)
	}
	checkClaims(t, got, testClaims())
	if again := issue(t, set, testClaims()); again != token {
		t.Error("the same claims made another token")
	}
}

// A token names the role by its id, too, also where there is no room for the list of permissions.
func TestIssueRoleID(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	for _, permissions := range [][]string{{"a:b"}, {strings.Repeat("x", maxLength)}} {
		c := testClaims()
		c.RoleID, _ = users.ParseID(testRole)
		c.Permissions = permissions
		token := issue(t, set, c)
		if _, body := decoded(t, token); !strings.Contains(body, `"role_id":"`+testRole+`","roles":["Manager","User"]`) {
			t.Errorf("payload %.300s", body)
		}
		if got, err := set.Verify(token, testNow); err != nil || got.RoleID != c.RoleID {
			t.Errorf("read as %+v, %v", got.RoleID, err)
		}
	}
}

func TestIssueDetails(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	c := testClaims()
	c.Permissions = nil
	c.Email = `ö"<&>\@exämple.com`
	c.IssuedAt = c.IssuedAt.Add(999 * time.Millisecond).In(time.FixedZone("east", 3600))
	token := issue(t, set, c)
	_, body := decoded(t, token)
	for _, want := range []string{`"permissions":[]`, `"iat":` + fmt.Sprint(testNow.Unix()) + `,`, `"email":"ö\"<&>\\@exämple.com"`} {
		if !strings.Contains(body, want) {
			t.Errorf("payload %s lacks %s", body, want)
		}
	}
	got, err := set.Verify(token, testNow)
	if err != nil {
		t.Fatal(err)
	}
	c.Permissions, c.IssuedAt = []string{}, testNow
	checkClaims(t, got, c)
}

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	for name, spoil := range map[string]func(*users.Claims){
		"no subject":         func(c *users.Claims) { c.Subject = users.ID{} },
		"no token id":        func(c *users.Claims) { c.TokenID = users.ID{} },
		"no version":         func(c *users.Claims) { c.Version = 0 },
		"no e-mail":          func(c *users.Claims) { c.Email = "" },
		"no role":            func(c *users.Claims) { c.Roles = nil },
		"no exp":             func(c *users.Claims) { c.Expires = time.Time{} },
		"no iat":             func(c *users.Claims) { c.IssuedAt = time.Time{} },
		"no nbf":             func(c *users.Claims) { c.NotBefore = time.Time{} },
		"exp past year 9999": func(c *users.Claims) { c.Expires = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"invalid UTF-8":      func(c *users.Claims) { c.Roles = []string{"\xff"} },
		"one endless role":   func(c *users.Claims) { c.Roles = []string{strings.Repeat("r", maxLength)} },
	} {
		c := testClaims()
		spoil(&c)
		if token, _, err := set.Issue(c); err == nil || token != "" {
			t.Errorf("%s: %q, %v", name, token, err)
		}
	}
}

// TestIssueLength grows the permissions by one byte at a time over the border: a token is whole up to exactly
// 8192 bytes and never longer.
func TestIssueLength(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	var whole, omitted, longest int
	for n := 5100; n < 5600; n += 7 {
		c := testClaims()
		c.Permissions = []string{strings.Repeat("p", n)}
		token := issue(t, set, c)
		got, err := set.Verify(token, testNow)
		if err != nil {
			t.Fatalf("%d bytes of permissions, token of %d: %v", n, len(token), err)
		}
		_, body := decoded(t, token)
		if strings.HasSuffix(body, `"permissions":[],"permissions_omitted":true}`) {
			omitted++
			c.Permissions = []string{}
		} else {
			whole++
			longest = max(longest, len(token))
			if omitted > 0 || strings.Contains(body, "permissions_omitted") {
				t.Errorf("%d bytes of permissions are whole again", n)
			}
		}
		checkClaims(t, got, c)
	}
	if whole == 0 || omitted == 0 || longest > maxLength || longest < maxLength-12 {
		t.Errorf("whole %d times, omitted %d times, longest %d", whole, omitted, longest)
	}
}

func TestIssueOwnRoleAlone(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	c := testClaims()
	c.Roles = []string{"Own"}
	for range 15 { // as long as names and chains can be
		c.Roles = append(c.Roles, strings.Repeat("\U0001f642", 100))
	}
	token := issue(t, set, c)
	got, err := set.Verify(token, testNow)
	if err != nil {
		t.Fatal(err)
	}
	if _, body := decoded(t, token); !strings.HasSuffix(body, `"roles":["Own"],"permissions":[],"permissions_omitted":true}`) {
		t.Errorf("payload %s", body)
	}
	if len(c.Roles) != 16 || len(c.Permissions) != 2 {
		t.Error("Issue changed the caller's claims")
	}
	c.Roles, c.Permissions = []string{"Own"}, []string{}
	checkClaims(t, got, c)
}

// TestLongestEver fills everything that has a bound, with characters that JSON doubles.
func TestLongestEver(t *testing.T) {
	t.Parallel()
	wide := strings.Repeat(`"`, maxNameLength)
	key := named(giantKey(t, 4423, 3217, 65537), strings.Repeat(`\`, maxKIDLength)) // 7640 bits
	set, err := NewKeySet(key, nil, Options{Issuer: wide, Audiences: []string{wide}})
	if err != nil {
		t.Fatal(err)
	}
	c := testClaims()
	c.Email = strings.Repeat(`"`, 254)
	c.Roles = []string{strings.Repeat("\U0001f642", 100), "User"}
	c.Permissions = []string{strings.Repeat("p", maxLength)}
	token := issue(t, set, c)
	if len(token) > maxLength-200 { // 8192 bits would take 92 more
		t.Errorf("%d bytes", len(token))
	}
	if _, err := set.Verify(token, testNow); err != nil {
		t.Error(err)
	}
}

func TestVerifyLength(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	for _, length := range []int{8191, 8192, 8193} {
		token := tokenOfLength(t, length)
		_, err := set.Verify(token, testNow)
		if length <= 8192 && err != nil || length > 8192 && !errors.Is(err, errTooLong) {
			t.Errorf("%d bytes: %v", length, err)
		}
	}
}

// tokenOfLength pads with spaces, which mean nothing in JSON. Not every length of one part can be had in
// base64, but of two parts it can.
func tokenOfLength(t *testing.T, length int) string {
	t.Helper()
	for pad := range 4 {
		head := goodHeader().String() + strings.Repeat(" ", pad)
		for n := 5000; n < 6500; n++ {
			body := goodPayload().String()
			body += strings.Repeat(" ", n-len(body))
			if len(b64(head))+1+len(b64(body))+1+342 == length {
				return signed(head, body)
			}
		}
	}
	t.Fatalf("no token of %d bytes", length)
	return ""
}

func TestTimes(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	token := issue(t, set, testClaims()) // iat and nbf are testNow, exp an hour later
	exp := testNow.Add(time.Hour)
	for _, c := range []struct {
		now  time.Time
		want error
	}{
		{testNow, nil},
		{testNow.Add(-29 * time.Second), nil},
		{testNow.Add(-30 * time.Second), nil},
		{testNow.Add(-30*time.Second - time.Nanosecond), errTooEarly},
		{testNow.Add(-31 * time.Second), errTooEarly},
		{testNow.Add(-24 * time.Hour), errTooEarly},
		{exp.Add(-time.Second), nil},
		{exp, nil},
		{exp.Add(29 * time.Second), nil},
		{exp.Add(30*time.Second - time.Nanosecond), nil},
		{exp.Add(30 * time.Second), errExpired},
		{exp.Add(31 * time.Second), errExpired},
		{exp.Add(24 * time.Hour), errExpired},
		{exp.In(time.FixedZone("west", -8*3600)), nil},
		{time.Time{}, errTooEarly},
	} {
		if _, err := set.Verify(token, c.now); !errors.Is(err, c.want) {
			t.Errorf("at %v: %v, want %v", c.now, err, c.want)
		}
	}
	// nbf and iat each count alone.
	for _, name := range []string{"nbf", "iat"} {
		for after, want := range map[int64]error{29: nil, 30: nil, 31: errTooEarly} {
			token := signed(goodHeader().String(), goodPayload().with(name, fmt.Sprint(testNow.Unix()+after)).String())
			if _, err := set.Verify(token, testNow); !errors.Is(err, want) {
				t.Errorf("%s %d s ahead: %v, want %v", name, after, err, want)
			}
		}
	}
}

// TestOtherImplementation has go-jose read our tokens by our published keys, and us read its.
func TestOtherImplementation(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	parsed, err := jwt.ParseSigned(issue(t, set, testClaims()), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	var claims jwt.Claims
	if err := parsed.Claims(&rsaOf(ourKey()).PublicKey, &claims); err != nil {
		t.Fatal(err)
	}
	if err := claims.Validate(jwt.Expected{Issuer: testIssuer, AnyAudience: jwt.Audience{testAudience}, Time: testNow}); err != nil {
		t.Error(err)
	}

	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: rsaOf(ourNextKey()), KeyID: otherKID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign([]byte(goodPayload().String()))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	got, err := set.Verify(token, testNow)
	if err != nil {
		t.Fatal(err)
	}
	want := testClaims()
	want.Key = otherKID
	checkClaims(t, got, want)
}
