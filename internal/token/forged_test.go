package token

import (
	"errors"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/svc-users/svc-users"
)

// allKinds are made once, since most of them have to be signed.
var allKinds = sync.OnceValue(func() []kind {
	return slices.Concat(headerKinds(), payloadKinds(), serviceKinds(), exchangedKinds(), signatureKinds(), curveKinds(), encodingKinds())
})

// TestForged tries every kind of forged token there is a name for. Each is refused, and for its own reason,
// and quotes nothing of itself in the error.
func TestForged(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	kinds := allKinds()
	seen := make(map[string]bool)
	tokens := make(map[string]string)
	for _, k := range kinds {
		if seen[k.name] {
			t.Errorf("two kinds are called %q", k.name)
		}
		seen[k.name] = true
		if twin, ok := tokens[k.token]; ok {
			t.Errorf("%q and %q are one token", k.name, twin)
		}
		tokens[k.token] = k.name
		if k.signed && !wellSigned(k.token) {
			t.Errorf("%s: not signed well, so that it tests nothing", k.name)
		}
		claims, err := set.Verify(k.token, testNow)
		switch {
		case err == nil:
			t.Errorf("%s: accepted", k.name)
		case k.want != nil && !errors.Is(err, k.want):
			t.Errorf("%s: refused because %v, want %v", k.name, err, k.want)
		case claims.Subject != users.ID{} || claims.Roles != nil:
			t.Errorf("%s: claims beside the error", k.name)
		case strings.ContainsAny(err.Error(), "\"'\\\x00\n{"):
			t.Errorf("%s: the error seems to quote: %v", k.name, err)
		}
		// By the way that remembers, twice: a refusal must not be remembered as anything else.
		for range 2 {
			if _, again := set.Bearer(k.token, testNow); again == nil || !errors.Is(again, err) {
				t.Errorf("%s: Bearer says %v, Verify %v", k.name, again, err)
			}
		}
	}
	t.Logf("%d kinds of forged tokens", len(kinds))
	if len(kinds) < 300 {
		t.Errorf("%d kinds, want 300 at least", len(kinds))
	}
}

// TestUnforged is the control: what the forged tokens are made of, and harmless variations, count.
func TestUnforged(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	for name, token := range unforged() {
		got, err := set.Verify(token, testNow)
		if err != nil {
			t.Errorf("%s: refused: %v", name, err)
		}
		want := testClaims()
		if name == "role_id" {
			want.RoleID, _ = users.ParseID(testRole)
		}
		switch {
		case name == "our other key":
			want.Key = otherKID
		case strings.HasPrefix(name, "ES256"):
			want.Key = curveKID
		}
		checkClaims(t, got, want)
		if b, err := set.Bearer(token, testNow); err != nil || b != bearerOf(want) {
			t.Errorf("%s: Bearer says %+v, %v", name, b, err)
		}
	}
}

// TestUnforgedServices is the control of the tokens of service accounts.
func TestUnforgedServices(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	for name, token := range unforgedServices() {
		got, err := set.Verify(token, testNow)
		if err != nil {
			t.Errorf("%s: refused: %v", name, err)
		}
		want := serviceClaims()
		if strings.Contains(name, "scope") {
			want = scopedClaims()
		}
		if strings.Contains(name, "ES256") {
			want.Key = curveKID
		}
		checkClaims(t, got, want)
		for range 2 {
			b, err := set.Bearer(token, testNow)
			if want := want.Bearer(); err != nil || !reflect.DeepEqual(b, want) {
				t.Errorf("%s: Bearer says %+v, %v", name, b, err)
			}
		}
	}
}

// TestUnforgedExchanged is the control of the exchanged ones, which are issued to the same claims too.
func TestUnforgedExchanged(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	for name, one := range unforgedExchanged() {
		for what, token := range map[string]string{"": one.token, " as issued": issue(t, set, one.want)} {
			got, err := set.Verify(token, testNow)
			if err != nil {
				t.Errorf("%s%s: refused: %v", name, what, err)
			}
			checkClaims(t, got, one.want)
			for range 2 {
				b, err := set.Bearer(token, testNow)
				if want := one.want.Bearer(); err != nil || !reflect.DeepEqual(b, want) {
					t.Errorf("%s%s: Bearer says %+v, %v", name, what, b, err)
				}
			}
		}
	}
}

// unforged are good tokens by name.
func unforged() map[string]string {
	h, p := goodHeader(), goodPayload()
	em := new(big.Int).SetBytes(padded(b64(h.String()) + "." + b64(p.String())))
	private := rsaOf(ourKey())
	byHand := em.Exp(em, private.D, private.N).FillBytes(make([]byte, 256))
	respelled := func(o object) string {
		return strings.NewReplacer(`":`, "\" :\n\t", `,"`, " ,\r\n\"").Replace(o.String()) + " "
	}
	backwardsObject := func(o object) object {
		var r object
		for i := range o {
			r = append(r, o[len(o)-1-i])
		}
		return r
	}
	return map[string]string{
		"plain":                       signed(h.String(), p.String()),
		"padding made by hand":        b64(h.String()) + "." + b64(p.String()) + "." + b64(string(byHand)),
		"other order":                 signed(backwardsObject(h).String(), backwardsObject(p).String()),
		"JSON white space":            signed(respelled(h), respelled(p)),
		"escapes":                     signed(h.renamed("alg", `\u0061lg`).String(), p.renamed("sub", `s\u0075b`).String()),
		"our other key":               signParts(ourNextKey(), b64(h.with("kid", `"`+otherKID+`"`).String()), b64(p.String())),
		"an unknown claim":            signed(h.String(), p.plus("x", `{"y":[1.5,null,{"z":"\ud83d\ude00"}]}`).String()),
		"an unknown claim of no kind": signed(h.String(), p.plus("azp", `null`).String()),
		"aud an array":                signed(h.String(), p.with("aud", `["`+testAudience+`"]`).String()),
		"aud among others":            signed(h.String(), p.with("aud", `["https://other.example","`+testAudience+`"]`).String()),
		"role_id":                     signed(h.String(), p.plus("role_id", `"`+testRole+`"`).String()),
		"ES256":                       signedES(curveHeader().String(), p.String()),
		"ES256 respelled":             signedES(respelled(curveHeader()), respelled(p)),
		"ES256, s in the upper half":  highES(true),
		"ES256, s in the lower half":  highES(false),
		"ES256, r with leading zero":  paddedES(0),
		"ES256, s with leading zero":  paddedES(32),
		"permissions_omitted true":    signed(h.String(), p.plus("permissions_omitted", `true`).String()),
		"permissions_omitted false":   signed(h.String(), p.plus("permissions_omitted", `false`).String()),
	}
}
