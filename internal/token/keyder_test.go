package token

import (
	"bytes"
	"crypto/ecdsa"
	"math/big"
	"strings"
	"testing"
)

// TestDER writes keys of both kinds as a database keeps them, and reads them back.
func TestDER(t *testing.T) {
	t.Parallel()
	for _, key := range []*Key{ourKey(), ourCurveKey()} {
		der, err := key.PrivateDER()
		if err != nil {
			t.Fatal(err)
		}
		private, err := ParsePKCS8(der, key.ID())
		if err != nil {
			t.Fatal(err)
		}
		public, err := ParseSPKI(key.PublicDER(), "")
		if err != nil {
			t.Fatal(err)
		}
		if private.ID() != key.ID() || !private.CanSign() || private.Algorithm() != key.Algorithm() || thumbprint(private.public) != thumbprint(key.public) {
			t.Errorf("%s: another private key", key.Algorithm())
		}
		if public.ID() != thumbprint(key.public) || public.CanSign() || public.Algorithm() != key.Algorithm() || !bytes.Equal(public.PublicPEM(), key.PublicPEM()) {
			t.Errorf("%s: another public key", key.Algorithm())
		}
		for name, refused := range map[string]error{
			"private, cut":         second(ParsePKCS8(der[:len(der)-1], "")),
			"private, longer":      second(ParsePKCS8(append(bytes.Clone(der), 0), "")),
			"private, bad id":      second(ParsePKCS8(der, "a b")),
			"public as private":    second(ParsePKCS8(key.PublicDER(), "")),
			"private as public":    second(ParseSPKI(der, "")),
			"public, cut":          second(ParseSPKI(key.PublicDER()[1:], "")),
			"public, longer":       second(ParseSPKI(append(key.PublicDER(), 0), "")),
			"public, bad id":       second(ParseSPKI(key.PublicDER(), strings.Repeat("k", 129))),
			"nothing":              second(ParsePKCS8(nil, "")),
			"private of P-384":     second(ParsePKCS8(pkcs8(t, largerKey()), "")),
			"public of P-384":      second(ParseSPKI(spki(t, &largerKey().PublicKey), "")),
			"private of 17":        second(ParsePKCS8(pkcs8(t, giantKey(t, 2203, 1279, 17)), "")),
			"public of many bits":  second(ParseSPKI(spki(t, &giantKey(t, 4423, 4253, 65537).PublicKey), "")),
			"an SPKI of a garbage": second(ParseSPKI([]byte("garbage"), "")),
		} {
			if refused == nil || strings.ContainsAny(refused.Error(), "\n\x00") {
				t.Errorf("%s, %s: %v", key.Algorithm(), name, refused)
			}
		}
	}
}

func second(key *Key, err error) error {
	if key != nil {
		return nil
	}
	return err
}

// TestPointIsOnTheCurve: no key is made of a point that is not on P-256.
func TestPointIsOnTheCurve(t *testing.T) {
	t.Parallel()
	for at := 27; at < 91; at += 9 { // the coordinates, after the 26 bytes that name the curve and the form
		der := ourCurveKey().PublicDER()
		if der[26] != 4 || len(der) != 91 {
			t.Fatalf("an SPKI of %d bytes", len(der))
		}
		der[at] ^= 1
		if _, err := ParseSPKI(der, ""); err == nil {
			t.Errorf("byte %d changed: accepted", at)
		}
	}
	private := ecOf(ourCurveKey())
	moved := &ecdsa.PublicKey{Curve: private.Curve, X: big.NewInt(1), Y: big.NewInt(1)} //nolint:staticcheck // a point that no parser would return
	if half, problem := newPublicHalf(moved); problem == "" || half != nil {
		t.Error("a point beside the curve was accepted")
	}
}
