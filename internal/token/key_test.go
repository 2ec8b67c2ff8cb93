package token

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// giantKey is a valid RSA key of two Mersenne primes, 2^p-1 and 2^q-1: as long as one likes, made at once,
// and no secret.
func giantKey(t testing.TB, p, q uint, e int) *rsa.PrivateKey {
	t.Helper()
	one := big.NewInt(1)
	mersenne := func(n uint) *big.Int { return new(big.Int).Sub(new(big.Int).Lsh(one, n), one) }
	a, b := mersenne(p), mersenne(q)
	phi := new(big.Int).Mul(new(big.Int).Sub(a, one), new(big.Int).Sub(b, one))
	d := new(big.Int).ModInverse(big.NewInt(int64(e)), phi)
	if d == nil {
		t.Fatalf("%d has no inverse", e)
	}
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(a, b), E: e}, D: d, Primes: []*big.Int{a, b}}
	key.Precompute()
	if err := key.Validate(); err != nil {
		t.Fatal(err)
	}
	return key
}

func TestGenerateKey(t *testing.T) {
	t.Parallel()
	for _, bits := range []int{-1, 0, 1024, 2047, 8193, 1 << 20} {
		if _, err := GenerateRSAKey(bits); err == nil {
			t.Errorf("%d bits: accepted", bits)
		}
	}
	for _, algorithm := range []Algorithm{"", "none", "RS512", "ES384", "HS256", "es256"} {
		if _, err := GenerateKey(algorithm); err == nil {
			t.Errorf("algorithm %q: accepted", algorithm)
		}
	}
	key, err := GenerateRSAKey(2048)
	if err != nil {
		t.Fatal(err)
	}
	if bits := rsaOf(key).N.BitLen(); bits != 2048 {
		t.Errorf("%d bits", bits)
	}
	same, err := ParseKey(RS256, variableOf(key), key.PublicVariable(), "")
	if err != nil {
		t.Fatal(err)
	}
	if !rsaOf(same).Equal(rsaOf(key)) || same.ID() != key.ID() {
		t.Error("its own settings are another key")
	}
	if strings.ContainsAny(variableOf(key)+key.PublicVariable(), " \r\n") {
		t.Error("a setting is not one line")
	}
}

func TestThumbprint(t *testing.T) {
	t.Parallel()
	for _, private := range []*rsa.PrivateKey{rsaOf(ourKey()), giantKey(t, 2203, 1279, 65537)} {
		want, err := (&jose.JSONWebKey{Key: &private.PublicKey}).Thumbprint(crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if got := named(private, "").ID(); got != base64.RawURLEncoding.EncodeToString(want) {
			t.Errorf("thumbprint %s", got)
		}
	}
	want, err := (&jose.JSONWebKey{Key: &ecOf(ourCurveKey()).PublicKey}).Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if got := named(ourCurveKey().signer, "").ID(); got != base64.RawURLEncoding.EncodeToString(want) {
		t.Errorf("thumbprint %s of a P-256 key", got)
	}
}

func TestPEM(t *testing.T) {
	t.Parallel()
	for _, key := range []*Key{ourKey(), ourCurveKey()} {
		checkPEM(t, key)
	}
}

func checkPEM(t *testing.T, key *Key) {
	t.Helper()
	for text, kind := range map[string]string{string(pemOf(key)): "PRIVATE KEY", string(key.PublicPEM()): "PUBLIC KEY"} {
		if !strings.HasPrefix(text, "-----BEGIN "+kind+"-----\n") || !strings.HasSuffix(text, "\n-----END "+kind+"-----\n") {
			t.Errorf("not one block %s", kind)
		}
	}
	der, err := x509.MarshalPKIXPublicKey(key.signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.ReplaceAll(string(key.PublicPEM()), "\n", ""), base64.StdEncoding.EncodeToString(der)) {
		t.Error("the public PEM is not the SubjectPublicKeyInfo")
	}
}

// TestKeyIsSilent prints a key, and a set, in every way it may find its way into a log.
func TestKeyIsSilent(t *testing.T) {
	t.Parallel()
	set := testSet(t)
	key := ourKey()
	var printed bytes.Buffer
	curve := ourCurveKey()
	for _, value := range []any{key, *key, set, *set, []*Key{key}, struct{ K *Key }{key}, struct{ K Key }{*key}, curve, *curve, curveSet(t), struct{ K Key }{*curve}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X"} {
			fmt.Fprintf(&printed, verb+"\n", value)
		}
		for _, handler := range []slog.Handler{slog.NewTextHandler(&printed, nil), slog.NewJSONHandler(&printed, nil)} {
			slog.New(handler).Info("key", "value", value)
		}
		if err := json.NewEncoder(&printed).Encode(value); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.ToLower(printed.String())
	scalar, err := ecOf(curve).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range []*big.Int{new(big.Int).SetBytes(scalar), rsaOf(key).D, rsaOf(key).Primes[0], rsaOf(key).Primes[1], rsaOf(key).Precomputed.Dp} {
		for _, secret := range []string{number.Text(10), number.Text(16), base64.StdEncoding.EncodeToString(number.Bytes())} {
			if strings.Contains(text, strings.ToLower(secret[10:40])) {
				t.Fatal("part of a private key was printed")
			}
		}
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("", "value", key)
	if want := "[key key-1]"; fmt.Sprint(key) != want || !strings.Contains(logged.String(), want) {
		t.Errorf("printed %v, logged %s", key, &logged)
	}
}
