package token

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"
)

func std(text []byte) string { return base64.StdEncoding.EncodeToString(text) }

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// wrap breaks lines as the base64 command does.
func wrap(value, lineEnd string) string {
	var lines []string
	for part := range slices.Chunk([]byte(value), 76) {
		lines = append(lines, string(part))
	}
	return strings.Join(lines, lineEnd) + lineEnd
}

func pkcs8(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func spki(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func sec1(t testing.TB, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestParseKeyAccepts(t *testing.T) {
	t.Parallel()
	private := rsaOf(ourKey())
	p8, p1 := pkcs8(t, private), x509.MarshalPKCS1PrivateKey(private)
	pub, pub1 := spki(t, &private.PublicKey), x509.MarshalPKCS1PublicKey(&private.PublicKey)
	plain := block("PRIVATE KEY", p8)
	for name, c := range map[string]struct{ private, public, kid string }{
		"PKCS#8 alone":           {std(plain), "", "k"},
		"PKCS#1 alone":           {std(block("RSA PRIVATE KEY", p1)), "", "k"},
		"with its SPKI":          {std(plain), std(block("PUBLIC KEY", pub)), "k"},
		"with its PKCS#1":        {std(plain), std(block("RSA PUBLIC KEY", pub1)), "k"},
		"CRLF inside the PEM":    {std(bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n"))), "", "k"},
		"no newline at the end":  {std(bytes.TrimSpace(plain)), "", "k"},
		"blank lines around":     {std([]byte("\n\n" + string(plain) + "\n \r\n")), "", "k"},
		"wrapped":                {wrap(std(plain), "\n"), wrap(std(block("PUBLIC KEY", pub)), "\n"), "k"},
		"wrapped with CRLF":      {wrap(std(plain), "\r\n"), "", "k"},
		"wrapped and indented":   {"  " + wrap(std(plain), "\n\t"), "", "k"},
		"without base64 padding": {strings.TrimRight(std(plain), "="), "", "k"},
		"longest kid":            {std(plain), "", strings.Repeat("k", 128)},
		"any kid":                {std(plain), "", `2025-10/main~!`},
	} {
		key, err := ParseKey(RS256, c.private, c.public, c.kid)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !rsaOf(key).Equal(private) || key.ID() != c.kid {
			t.Errorf("%s: another key, id %s", name, key.ID())
		}
	}
	if base64.URLEncoding.EncodeToString(plain) != std(plain) {
		t.Error("url-safe base64 of a PEM differs, so it should be read too")
	}
	for name, c := range map[string]struct{ private, public string }{
		"PKCS#8 on P-256":   {std(block("PRIVATE KEY", pkcs8(t, ecOf(ourCurveKey())))), ""},
		"SEC 1":             {std(block("EC PRIVATE KEY", sec1(t, ecOf(ourCurveKey())))), ""},
		"SEC 1 with public": {std(block("EC PRIVATE KEY", sec1(t, ecOf(ourCurveKey())))), ourCurveKey().PublicVariable()},
	} {
		for _, kid := range []string{"", "k"} {
			key, err := ParseKey(ES256, c.private, c.public, kid)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if want := cmp.Or(kid, thumbprint(ourCurveKey().public)); !ecOf(key).Equal(ecOf(ourCurveKey())) || key.ID() != want || key.Algorithm() != ES256 {
				t.Errorf("%s: another key, id %s", name, key.ID())
			}
		}
	}
	key, err := ParseKey(RS256, std(plain), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if key.ID() != thumbprint((*rsaPublic)(&private.PublicKey)) {
		t.Errorf("default id %s", key.ID())
	}
	for _, large := range []*rsa.PrivateKey{giantKey(t, 2203, 1279, 65537), giantKey(t, 4423, 3217, 65537)} {
		if _, err := ParseKey(RS256, std(block("PRIVATE KEY", pkcs8(t, large))), "", ""); err != nil {
			t.Errorf("%d bits: %v", large.N.BitLen(), err)
		}
	}
}

func TestParseKeyRefuses(t *testing.T) {
	t.Parallel()
	private := rsaOf(ourKey())
	p8, p1 := pkcs8(t, private), x509.MarshalPKCS1PrivateKey(private)
	good := std(block("PRIVATE KEY", p8))
	goodPublic := std(block("PUBLIC KEY", spki(t, &private.PublicKey)))
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve := ecOf(ourCurveKey())
	edPublic, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	legacy := func(headers map[string]string) string {
		return std(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: headers, Bytes: p1}))
	}
	spoiled := func(at int) string { // one byte of the DER changed
		der := bytes.Clone(p8)
		der[at] ^= 0x10
		return std(block("PRIVATE KEY", der))
	}
	one := string(block("PRIVATE KEY", p8))
	const priv, pub, kid = privateVariable, publicVariable, kidVariable
	for name, c := range map[string]struct {
		private, public, kid string
		problem              string   // part of the first
		variables            []string // at fault, in order
	}{
		"nothing":                   {"", "", "", "must be set", []string{priv}},
		"public alone":              {"", goodPublic, "", "stand alone", []string{pub}},
		"broken public alone":       {"", "AAAA", "", "PEM", []string{pub}},
		"spaces":                    {" \n", "", "", "base64 of a PEM", []string{priv}},
		"garbage":                   {"hello, world!", "", "", "base64", []string{priv}},
		"base64 of garbage":         {std([]byte("hello")), "", "", "PEM", []string{priv}},
		"the PEM itself":            {one, "", "", "not the PEM itself", []string{priv}},
		"base64 twice":              {std([]byte(good)), "", "", "PEM", []string{priv}},
		"DER without PEM":           {std(p8), "", "", "PEM", []string{priv}},
		"not base64 inside":         {good[:100] + "-" + good[101:], "", "", "base64", []string{priv}},
		"wrong base64 padding":      {good + "=", "", "", "base64", []string{priv}},
		"base64 cut by one":         {strings.TrimRight(good, "=")[:len(good)-5], "", "", "PEM", []string{priv}},
		"base64 cut in half":        {good[:len(good)/2/4*4], "", "", "PEM", []string{priv}},
		"endless":                   {strings.Repeat("A", maxVariableLength+1), "", "", "too long", []string{priv}},
		"endless public":            {good, strings.Repeat(" ", maxVariableLength+1), "", "too long", []string{pub}},
		"two blocks":                {std([]byte(one + one)), "", "", "several", []string{priv}},
		"key and public key":        {std([]byte(one + string(ourKey().PublicPEM()))), "", "", "several", []string{priv}},
		"broken block, then good":   {std([]byte("-----BEGIN PRIVATE KEY-----\n!!!\n-----END PRIVATE KEY-----\n" + one)), "", "", "several", []string{priv}},
		"text before":               {std([]byte("Bag Attributes\n" + one)), "", "", "PEM", []string{priv}},
		"text behind":               {std([]byte(one + "trailing")), "", "", "nothing after", []string{priv}},
		"NUL behind":                {std([]byte(one + "\x00")), "", "", "nothing after", []string{priv}},
		"DER behind the DER":        {std(block("PRIVATE KEY", append(bytes.Clone(p8), 5, 0))), "", "", "undamaged", []string{priv}},
		"DER behind PKCS#1":         {std(block("RSA PRIVATE KEY", append(bytes.Clone(p1), 0))), "", "", "undamaged", []string{priv}},
		"DER cut":                   {std(block("PRIVATE KEY", p8[:len(p8)-1])), "", "", "undamaged", []string{priv}},
		"DER empty":                 {std(block("PRIVATE KEY", nil)), "", "", "", []string{priv}},
		"prime changed":             {spoiled(len(p8) - 600), "", "", "valid RSA key", []string{priv}},
		"coefficient changed":       {spoiled(len(p8) - 20), "", "", "valid RSA key", []string{priv}},
		"modulus changed":           {spoiled(100), "", "", "valid RSA key", []string{priv}},
		"encrypted PKCS#8":          {std(block("ENCRYPTED PRIVATE KEY", p8)), "", "", "encrypted", []string{priv}},
		"encrypted, legacy":         {legacy(map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}), "", "", "encrypted", []string{priv}},
		"encrypted, DEK-Info alone": {legacy(map[string]string{"DEK-Info": "DES-EDE3-CBC,00"}), "", "", "encrypted", []string{priv}},
		"headers":                   {legacy(map[string]string{"Comment": "mine"}), "", "", "headers", []string{priv}},
		"PKCS#8 called PKCS#1":      {std(block("RSA PRIVATE KEY", p8)), "", "", "valid RSA key", []string{priv}},
		"PKCS#1 called PKCS#8":      {std(block("PRIVATE KEY", p1)), "", "", "valid RSA key", []string{priv}},
		"EC for RS256":              {std(block("EC PRIVATE KEY", sec1(t, curve))), "", "", "JWT_ALGORITHM is RS256", []string{priv}},
		"P-384 in PKCS#8":           {std(block("PRIVATE KEY", pkcs8(t, largerKey()))), "", "", "must be an RSA key or a P-256 key", []string{priv}},
		"Ed25519":                   {std(block("PRIVATE KEY", pkcs8(t, ed))), "", "", "must be an RSA key", []string{priv}},
		"OpenSSH":                   {std(block("OPENSSH PRIVATE KEY", p8)), "", "", "private RSA", []string{priv}},
		"certificate":               {std(block("CERTIFICATE", p8)), "", "", "private RSA", []string{priv}},
		"public for private":        {goodPublic, "", "", "private RSA", []string{priv}},
		"1024 bits":                 {std(block("PRIVATE KEY", pkcs8(t, weak))), "", "", "at least 2048 bits", []string{priv}},
		"8676 bits":                 {std(block("PRIVATE KEY", pkcs8(t, giantKey(t, 4423, 4253, 65537)))), "", "", "at most 8192 bits", []string{priv}},
		"small exponent":            {std(block("PRIVATE KEY", pkcs8(t, giantKey(t, 2203, 1279, 17)))), "", "", "exponent", []string{priv}},

		"of another pair":             {good, strange().PublicVariable(), "", "public half", []string{pub}},
		"garbage public":              {good, "!", "", "base64", []string{pub}},
		"private for public":          {good, good, "", "public RSA", []string{pub}},
		"certificate for public":      {good, std(block("CERTIFICATE", spki(t, &private.PublicKey))), "", "public RSA", []string{pub}},
		"EC public":                   {good, std(block("PUBLIC KEY", spki(t, &curve.PublicKey))), "", "public half", []string{pub}},
		"Ed25519 public":              {good, std(block("PUBLIC KEY", spki(t, edPublic))), "", "must be an RSA key", []string{pub}},
		"1024 bits public":            {good, std(block("PUBLIC KEY", spki(t, &weak.PublicKey))), "", "at least 2048 bits", []string{pub}},
		"two public blocks":           {good, std(bytes.Repeat(ourKey().PublicPEM(), 2)), "", "several", []string{pub}},
		"trailing DER public":         {good, std(block("PUBLIC KEY", append(spki(t, &private.PublicKey), 0))), "", "undamaged", []string{pub}},
		"SPKI called PKCS#1":          {good, std(block("RSA PUBLIC KEY", spki(t, &private.PublicKey))), "", "valid RSA key", []string{pub}},
		"private broken, public fine": {"!", goodPublic, "", "base64", []string{priv}},

		"kid too long":           {good, "", strings.Repeat("k", 129), "128", []string{kid}},
		"kid with a space":       {good, "", "a b", "printable", []string{kid}},
		"kid with a line break":  {good, "", "a\n", "printable", []string{kid}},
		"kid in quotes":          {good, "", `"main"`, "quotes", []string{kid}},
		"kid with an apostrophe": {good, "", "o'main", "quotes", []string{kid}},
		"kid with NUL":           {good, "", "\x00", "printable", []string{kid}},
		"kid beyond ASCII":       {good, "", "schlüssel", "printable", []string{kid}},
		"kid DEL":                {good, "", "\x7f", "printable", []string{kid}},
		"all at once":            {"!", "!", "\n", "base64", []string{priv, pub, kid}},
	} {
		key, err := ParseKey(RS256, c.private, c.public, c.kid)
		if err == nil || key != nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		var faults KeyErrors
		var first *KeyError
		if !errors.As(err, &faults) || !errors.As(err, &first) || first != faults[0] {
			t.Errorf("%s: an error of type %T", name, err)
			continue
		}
		var variables []string
		for _, f := range faults {
			variables = append(variables, f.Variable)
		}
		if !slices.Equal(variables, c.variables) {
			t.Errorf("%s: at fault %v, want %v", name, variables, c.variables)
		}
		if !strings.Contains(first.Problem, c.problem) {
			t.Errorf("%s: %v, want something about %q", name, first, c.problem)
		}
		if strings.Contains(err.Error(), "\n") || len(err.Error()) > 200 {
			t.Errorf("%s: not one short line: %q", name, err)
		}
		for _, value := range []string{c.private, c.public, c.kid} {
			if len(value) > 2 && strings.Contains(err.Error(), value) {
				t.Errorf("%s: the value is in the error", name)
			}
		}
	}
}

// TestManyPrimes: RFC 8017 allows more than two primes, but then each is small.
func TestManyPrimes(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateMultiPrimeKey(rand.Reader, 3, 2048) //nolint:staticcheck // to be refused
	if err != nil {
		t.Fatal(err)
	}
	_, err = ParseKey(RS256, std(block("PRIVATE KEY", pkcs8(t, key))), "", "")
	if err == nil || !strings.Contains(err.Error(), "two primes") {
		t.Errorf("three primes: %v", err)
	}
}
