package token

import (
	"crypto"
	"errors"
	"io"
	"math/big"
	"strings"
	"testing"
)

// elsewhere is a signer whose private half is out of reach, as that of a key management service. change spoils what it
// signs.
type elsewhere struct {
	signer crypto.Signer
	change func(signature []byte) ([]byte, error)
}

func (s elsewhere) Public() crypto.PublicKey { return s.signer.Public() }

func (s elsewhere) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts.HashFunc() != crypto.SHA256 || len(digest) != 32 || rand == nil {
		return nil, errors.New("asked for another hash")
	}
	signature, err := s.signer.Sign(rand, digest, opts)
	if err != nil || s.change == nil {
		return signature, err
	}
	return s.change(signature)
}

// lying is a signer under the public key of another.
type lying struct {
	crypto.Signer
	public crypto.PublicKey
}

func (s lying) Public() crypto.PublicKey { return s.public }

// TestSigner has the private half elsewhere: all works but exporting it.
func TestSigner(t *testing.T) {
	t.Parallel()
	for _, own := range []*Key{ourKey(), ourCurveKey()} {
		key, err := NewKey(elsewhere{signer: own.signer}, "")
		if err != nil {
			t.Fatal(err)
		}
		if key.ID() != thumbprint(own.public) || key.Algorithm() != own.Algorithm() || !key.CanSign() {
			t.Errorf("%s: key %s", own.Algorithm(), key.ID())
		}
		set := setOf(t, key)
		if _, err := set.Verify(issue(t, set, testClaims()), testNow); err != nil {
			t.Errorf("%s: %v", own.Algorithm(), err)
		}
		if text, err := key.PrivatePEM(); err == nil || text != nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the private half was exported: %v", own.Algorithm(), err)
		}
		if text, err := key.PrivateVariable(); err == nil || text != "" {
			t.Errorf("%s: the private half was exported: %v", own.Algorithm(), err)
		}
		if _, err := key.PublicOnly().PrivateDER(); err == nil {
			t.Error("a public key has a private half")
		}
	}
	const id = "key"
	for name, c := range map[string]struct {
		signer crypto.Signer
		id     string
	}{
		"refuses":        {elsewhere{ourKey().signer, func([]byte) ([]byte, error) { return nil, errors.New("no") }}, id},
		"wrong length":   {elsewhere{ourKey().signer, func(s []byte) ([]byte, error) { return s[1:], nil }}, id},
		"raw, not DER":   {elsewhere{ourCurveKey().signer, func([]byte) ([]byte, error) { return make([]byte, 64), nil }}, id},
		"zeros":          {elsewhere{ourCurveKey().signer, func([]byte) ([]byte, error) { return derOf(new(big.Int), new(big.Int)), nil }}, id},
		"PSS":            {elsewhere{ourKey().signer, func([]byte) ([]byte, error) { return ps(crypto.SHA256, "x"), nil }}, id},
		"another's":      {lying{ourKey().signer, strange().signer.Public()}, id},
		"another's P256": {lying{ourCurveKey().signer, strangeCurve().signer.Public()}, id},
		"P-384":          {largerKey(), id},
		"a bad id":       {ourKey().signer, "a b"},
	} {
		if key, err := NewKey(c.signer, c.id); err == nil || key != nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
