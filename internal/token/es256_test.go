package token

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// TestES256 issues tokens and a statement under a key on P-256, and reads them, as its set and as one that signs with
// RSA does.
func TestES256(t *testing.T) {
	t.Parallel()
	set := curveSet(t)
	token := issue(t, set, testClaims())
	if head, _ := decoded(t, token); head != `{"alg":"ES256","typ":"JWT","kid":"`+curveKID+`"}` {
		t.Errorf("the header is %s", head)
	}
	if size := len(signatureOf(token)); size != 64 {
		t.Errorf("a signature of %d bytes", size)
	}
	for name, s := range map[string]*KeySet{"its own set": set, "a set that signs with RSA": testSet(t)} {
		got, err := s.Verify(token, testNow)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := testClaims()
		want.Key = curveKID
		checkClaims(t, got, want)
		for range 2 {
			if b, err := s.Bearer(token, testNow); err != nil || b != bearerOf(want) {
				t.Errorf("%s: Bearer says %+v, %v", name, b, err)
			}
		}
	}
	if _, err := set.Verify(issue(t, testSet(t), testClaims()), testNow); err != nil {
		t.Errorf("a token of RS256 in a set that signs with ES256: %v", err)
	}
	statement, err := set.SignChanges(testStatement())
	if err != nil {
		t.Fatal(err)
	}
	if head, _ := decoded(t, statement); head != `{"alg":"ES256","typ":"changes+jwt","kid":"`+curveKID+`"}` || len(signatureOf(statement)) != 64 {
		t.Errorf("the header of the statement is %s", head)
	}
	if _, err := set.Verify(statement, testNow); !errors.Is(err, errTokenType) {
		t.Errorf("a statement as a token: %v", err)
	}
}

// TestES256OtherImplementation has go-jose read our tokens by our published keys, and us read its.
func TestES256OtherImplementation(t *testing.T) {
	t.Parallel()
	set := curveSet(t)
	published := set.Public()[0]
	key := jose.JSONWebKey{}
	if err := key.UnmarshalJSON([]byte(`{"kty":"` + published.KeyType + `","crv":"` + published.Curve + `","alg":"` + published.Algorithm + `","kid":"` + published.ID +
		`","x":"` + b64(string(published.X)) + `","y":"` + b64(string(published.Y)) + `"}`)); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		parsed, err := jwt.ParseSigned(issue(t, set, testClaims()), []jose.SignatureAlgorithm{jose.ES256})
		if err != nil {
			t.Fatal(err)
		}
		var claims jwt.Claims
		if err := parsed.Claims(key, &claims); err != nil {
			t.Fatal(err)
		}
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: ecOf(ourCurveKey()), KeyID: curveKID}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		jws, err := signer.Sign([]byte(goodPayload().String()))
		if err != nil {
			t.Fatal(err)
		}
		token, err := jws.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := set.Verify(token, testNow); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEncodeSignature turns DER, in which numbers have no leading zeros, into 32 bytes each.
func TestEncodeSignature(t *testing.T) {
	t.Parallel()
	half := ourCurveKey().public
	small, large := big.NewInt(0x0102), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	got, err := half.encodeSignature(derOf(small, large))
	if want := append(append(make([]byte, 30), 1, 2), bytesOf(0xff, 32)...); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x, %v", got, err)
	}
	good := derOf(small, small)
	for name, der := range map[string][]byte{
		"nothing": nil, "not DER": []byte("signature"), "cut": good[:len(good)-1], "something behind": append(bytes.Clone(good), 0),
		"r‖s": bytesOf(1, 64), "33 bytes": derOf(new(big.Int).Lsh(large, 8), small), "negative": derOf(big.NewInt(-1), small),
		"zero": derOf(new(big.Int), small), "one number": {0x30, 3, 2, 1, 1},
	} {
		if got, err := half.encodeSignature(der); err == nil || got != nil {
			t.Errorf("%s: %x", name, got)
		}
	}
	for size, ok := range map[int]bool{255: false, 256: true, 257: false, 0: false} {
		if _, err := ourKey().public.encodeSignature(make([]byte, size)); (err == nil) != ok {
			t.Errorf("%d bytes for RSA: %v", size, err)
		}
	}
}
