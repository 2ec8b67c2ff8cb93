package token

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

func TestNewKeySetRefuses(t *testing.T) {
	t.Parallel()
	good := Options{Issuer: testIssuer, Audiences: []string{testAudience}}
	for name, c := range map[string]struct {
		signing *Key
		others  []*Key
		options Options
	}{
		"a public key":       {ourKey().PublicOnly(), nil, good},
		"a nil other":        {ourKey(), []*Key{nil}, good},
		"one key twice":      {ourKey(), []*Key{ourKey()}, good},
		"one id twice":       {ourKey(), []*Key{strange()}, good},
		"twice among others": {ourKey(), []*Key{ourNextKey(), ourNextKey()}, good},
		"no issuer":          {ourKey(), nil, Options{Audiences: []string{testAudience}}},
		"no audience":        {ourKey(), nil, Options{Issuer: testIssuer}},
		"issuer too long":    {ourKey(), nil, Options{Issuer: strings.Repeat("i", 513), Audiences: []string{testAudience}}},
		"audience too long":  {ourKey(), nil, Options{Issuer: testIssuer, Audiences: []string{testAudience, strings.Repeat("a", 513)}}},
		"too many bytes":     {ourKey(), nil, Options{Issuer: testIssuer, Audiences: []string{testAudience}, MaxBytes: 8193}},
		"too few bytes":      {ourKey(), nil, Options{Issuer: testIssuer, Audiences: []string{testAudience}, MaxBytes: 1024}},
		"negative bytes":     {ourKey(), nil, Options{Issuer: testIssuer, Audiences: []string{testAudience}, MaxBytes: -1}},
		"issuer not UTF-8":   {ourKey(), nil, Options{Issuer: "\xff", Audiences: []string{testAudience}}},
		"audience with NUL":  {ourKey(), nil, Options{Issuer: testIssuer, Audiences: []string{"a\x00"}}},
		"issuer with break":  {ourKey(), nil, Options{Issuer: "a\nb", Audiences: []string{testAudience}}},
	} {
		if set, err := NewKeySet(c.signing, c.others, c.options); err == nil || set != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := NewKeySet(ourKey(), []*Key{ourNextKey()}, Options{Issuer: strings.Repeat("i", 512), Audiences: []string{strings.Repeat("a", 512), "b"}}); err != nil {
		t.Error(err)
	}
}

// TestNoSigner: a set without a key to sign with verifies all the same.
func TestNoSigner(t *testing.T) {
	t.Parallel()
	set, err := NewKeySet(nil, []*Key{ourKey()}, Options{Issuer: testIssuer, Audiences: []string{testAudience}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := set.Issue(testClaims()); !errors.Is(err, users.ErrUnavailable) {
		t.Errorf("Issue: %v", err)
	}
	if _, err := set.SignChanges(feed.Statement{}); !errors.Is(err, users.ErrUnavailable) {
		t.Errorf("SignChanges: %v", err)
	}
	if _, err := set.Verify(issue(t, testSet(t), testClaims()), testNow); err != nil {
		t.Errorf("Verify: %v", err)
	}
	if public := set.Public(); len(public) != 1 || public[0].ID != ourKey().ID() {
		t.Errorf("public keys %+v", public)
	}
}

func TestPublic(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	public := set.Public()
	if len(public) != 3 || public[0].ID != testKID || public[1].ID != otherKID {
		t.Fatalf("%d keys, the first %q", len(public), public[0].ID)
	}
	curve := public[2]
	if curve.ID != curveKID || curve.Algorithm != "ES256" || curve.KeyType != "EC" || curve.Curve != "P-256" || curve.Modulus != nil || curve.Exponent != nil {
		t.Errorf("the key on P-256 is %+v", curve)
	}
	if point, err := ecOf(ourCurveKey()).PublicKey.Bytes(); err != nil || !bytes.Equal(point[1:], append(bytes.Clone(curve.X), curve.Y...)) || len(curve.X) != 32 {
		t.Error("another point")
	}
	if !bytes.Equal(curve.PEM, ourCurveKey().PublicPEM()) {
		t.Error("another point in the PEM")
	}
	for i, key := range []*Key{ourKey(), ourNextKey()} {
		if public[i].Algorithm != "RS256" || public[i].KeyType != "RSA" || public[i].X != nil || public[i].Y != nil || public[i].Curve != "" {
			t.Errorf("key %d: not that of an RSA key", i)
		}
		got := rsa.PublicKey{N: new(big.Int).SetBytes(public[i].Modulus), E: int(new(big.Int).SetBytes(public[i].Exponent).Int64())}
		if !got.Equal(&rsaOf(key).PublicKey) {
			t.Errorf("key %d: another modulus or exponent", i)
		}
		if public[i].Modulus[0] == 0 || !bytes.Equal(public[i].Exponent, []byte{1, 0, 1}) {
			t.Errorf("key %d: leading zeros", i)
		}
		block, rest := pem.Decode(public[i].PEM)
		if block == nil || len(rest) > 0 || block.Type != "PUBLIC KEY" {
			t.Fatalf("key %d: no PEM of a public key", i)
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil || !got.Equal(parsed) {
			t.Errorf("key %d: another key in the PEM, %v", i, err)
		}
	}
	public[0].Modulus[5]++
	public[0].PEM[40]++
	public[2].X[0]++
	if bytes.Equal(set.Public()[2].X, public[2].X) || bytes.Equal(set.Public()[0].Modulus, public[0].Modulus) || bytes.Equal(set.Public()[0].PEM, public[0].PEM) {
		t.Error("the caller can change the set")
	}
}

// TestRotation follows a key through its life: to come, signing, retired, gone.
func TestRotation(t *testing.T) {
	t.Parallel()
	options := Options{Issuer: testIssuer, Audiences: []string{testAudience}}
	before, err := NewKeySet(ourKey(), []*Key{ourNextKey()}, options)
	if err != nil {
		t.Fatal(err)
	}
	others := []*Key{ourKey()}
	after, err := NewKeySet(ourNextKey(), others, options)
	if err != nil {
		t.Fatal(err)
	}
	others[0] = strange()
	gone, err := NewKeySet(ourNextKey(), nil, options)
	if err != nil {
		t.Fatal(err)
	}
	older, newer := issue(t, before, testClaims()), issue(t, after, testClaims())
	for name, c := range map[string]struct {
		set   *KeySet
		token string
		want  error
	}{
		"older, before": {before, older, nil},
		"newer, before": {before, newer, nil},
		"older, after":  {after, older, nil},
		"newer, after":  {after, newer, nil},
		"older, gone":   {gone, older, errKey},
		"newer, gone":   {gone, newer, nil},
	} {
		if _, err := c.set.Verify(c.token, testNow); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if head, _ := decoded(t, newer); !strings.Contains(head, `"kid":"`+otherKID+`"`) {
		t.Errorf("header %s", head)
	}
}
