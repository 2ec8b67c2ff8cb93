package certfile

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// issue makes a certificate in PEM for a name, and its key.
func issue(t *testing.T, name string, key crypto.Signer) (certificate, private string) {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour),
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}

func newKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	certificate, key := issue(t, "a.test", newKey(t))
	_, other := issue(t, "b.test", newKey(t))
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	shortCertificate, shortKey := issue(t, "c.test", short)
	for name, c := range map[string]struct {
		certificate, key string
		ofKey            bool
		problem          string
	}{
		"a pair":                    {certificate, key, false, ""},
		"parameters before the key": {certificate, "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + key, false, ""},
		"the key of another":        {certificate, other, true, "can't be used with the certificate in"},
		"the other way round":       {key, certificate, false, "does not begin with a certificate in PEM"},
		"no key":                    {certificate, certificate, true, "has no private key in PEM"},
		"nothing":                   {"", "", false, "does not begin with a certificate in PEM"},
		"an encrypted key":          {certificate, strings.ReplaceAll(key, "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"), true, "is encrypted"},
		"an encrypted key of old":   {certificate, "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n", true, "is encrypted"},
		"a short key":               {shortCertificate, shortKey, true, "has an RSA key of 1024 bits"},
		"a damaged certificate":     {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", key, true, "can't be used"},
		"a very long file":          {strings.Repeat(certificate, 3000), key, false, "is larger than 1 MiB"},
	} {
		folder := t.TempDir()
		certificateFile, keyFile := filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key")
		write(t, certificateFile, c.certificate)
		write(t, keyFile, c.key)
		pair, err := Load(certificateFile, keyFile)
		var wrong *Error
		switch {
		case c.problem == "":
			if err != nil || pair.Leaf().DNSNames[0] != "a.test" {
				t.Errorf("%s: %v", name, err)
			}
		case !errors.As(err, &wrong) || wrong.OfKey != c.ofKey || !strings.Contains(wrong.Problem, c.problem) || strings.Contains(err.Error(), "AAAA"):
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load("nowhere", "nowhere"); err == nil || err.Error() != "nowhere, which can't be read: no such file or directory" {
		t.Errorf("%v", err)
	}
	if _, err := Load(t.TempDir(), "nowhere"); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Errorf("%v", err)
	}
}

// TestRenewal: a new pair is used once it is whole, and what cannot be used is said once, if it stays.
func TestRenewal(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	certificateFile, keyFile := filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key")
	firstCertificate, firstKey := issue(t, "first.test", newKey(t))
	secondCertificate, secondKey := issue(t, "second.test", newKey(t))
	write(t, certificateFile, firstCertificate)
	write(t, keyFile, firstKey)
	pair, err := Load(certificateFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	check := func(used string, want ...string) {
		t.Helper()
		told = nil
		pair.check(func(err error) {
			if err == nil {
				told = append(told, "renewed")
			} else {
				told = append(told, "failed")
			}
		})
		certificate, err := pair.Config().GetCertificate(nil)
		if err != nil || certificate.Leaf.DNSNames[0] != used || !slices.Equal(told, want) {
			t.Errorf("%v is used (%v), and reported %v, want %v", certificate.Leaf.DNSNames, err, told, want)
		}
	}
	check("first.test")
	write(t, certificateFile, secondCertificate)
	check("first.test") // the key may follow
	write(t, keyFile, secondKey)
	check("second.test", "renewed")
	check("second.test")
	write(t, keyFile, firstKey)
	check("second.test")
	check("second.test", "failed")
	check("second.test")
	write(t, keyFile, "cut")
	check("second.test")
	check("second.test", "failed")
	write(t, keyFile, secondKey) // as it was
	check("second.test")
	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	check("second.test")
	check("second.test", "failed")
	check("second.test")
	write(t, certificateFile, firstCertificate)
	write(t, keyFile, firstKey)
	check("first.test", "renewed")
}
