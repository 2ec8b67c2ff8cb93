package token

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// TestParseKeyHasOneAlgorithm: a key whose kind is not that of JWT_ALGORITHM is refused in words that name both.
func TestParseKeyHasOneAlgorithm(t *testing.T) {
	t.Parallel()
	curve := std(pemOf(ourCurveKey()))
	for name, c := range map[string]struct {
		algorithm       Algorithm
		private, public string
		problem         string
		variable        string
	}{
		"P-256 for RS256":        {RS256, curve, "", "must be an RSA key, since JWT_ALGORITHM is RS256: it is a P-256 key, for ES256", privateVariable},
		"RSA for ES256":          {ES256, variableOf(ourKey()), "", "must be a P-256 key, since JWT_ALGORITHM is ES256: it is an RSA key, for RS256", privateVariable},
		"P-384":                  {ES256, std(block("PRIVATE KEY", pkcs8(t, largerKey()))), "", "must be an RSA key or a P-256 key", privateVariable},
		"SEC 1 on P-384":         {ES256, std(block("EC PRIVATE KEY", sec1(t, largerKey()))), "", "must be an RSA key or a P-256 key", privateVariable},
		"SEC 1 called PKCS#8":    {ES256, std(block("PRIVATE KEY", sec1(t, ecOf(ourCurveKey())))), "", "must be a valid", privateVariable},
		"PKCS#8 called SEC 1":    {ES256, std(block("EC PRIVATE KEY", pkcs8(t, ecOf(ourCurveKey())))), "", "must be a valid", privateVariable},
		"parameters before":      {ES256, std(append(block("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}), pemOf(ourCurveKey())...)), "", "one PEM block", privateVariable},
		"the scalar changed":     {ES256, std(block("PRIVATE KEY", bytes.Replace(pkcs8(t, ecOf(ourCurveKey())), []byte{4, 32}, []byte{4, 31}, 1))), "", "must be", privateVariable},
		"RSA public of P-256":    {ES256, curve, ourKey().PublicVariable(), "public half", publicVariable},
		"of another P-256 pair":  {ES256, curve, strangeCurve().PublicVariable(), "public half", publicVariable},
		"P-384 public":           {ES256, curve, std(block("PUBLIC KEY", spki(t, &largerKey().PublicKey))), "RSA key or a P-256 key", publicVariable},
		"SPKI of P-256 as PKCS1": {ES256, curve, std(block("RSA PUBLIC KEY", ourCurveKey().PublicDER())), "must be a valid", publicVariable},
		"an unknown algorithm":   {"RS512", variableOf(ourKey()), "", "JWT_ALGORITHM is RS512", privateVariable},
	} {
		key, err := ParseKey(c.algorithm, c.private, c.public, "")
		var fault *KeyError
		if key != nil || !errors.As(err, &fault) || fault.Variable != c.variable || !strings.Contains(fault.Problem, c.problem) {
			t.Errorf("%s: %v, want %s %s", name, err, c.variable, c.problem)
		}
	}
}
