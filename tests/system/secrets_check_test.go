package system

import (
	"encoding/base64"
	"strings"
	"testing"
)

// A search that finds nothing must be one that would have found something.
func TestScanFindsWhatItLooksFor(t *testing.T) {
	t.Parallel()
	text, err := base64.StdEncoding.DecodeString(signingKey)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for name, leak := range map[string]string{
		"password":           "x" + newPassword() + "x",
		"long password":      newLongPassword(),
		"demo password":      `{"password":"admin123"}`,
		"bcrypt hash":        "$2b$10$abcdefghijklmnopqrstuu",
		"bcrypt-sha256 hash": "$bcrypt-sha256$v=2,t=2b,r=10$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2",
		"key variable":       signingKey,
		"PEM":                string(text),
		"middle of the PEM":  strings.Join(lines[len(lines)/2:len(lines)/2+4], ""),
		"refresh token":      `{"refreshToken":"svcr_0Wq3VJ0mD5yQ2hXc8Rt"}`,
		"device token":       `{"device_token":"svcd_0Wq3VJ0mD5yQ2hXc8Rt"}`,
		"token":              "Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2FwaSJ9.c2ln",
	} {
		if leakIn(leak, false) == "" {
			t.Errorf("a %s is not found", name)
		}
	}
	if what := leakIn(`{"time":"2026-01-01T00:00:00Z","level":"INFO","msg":"request","route":"/api/v1/auth/login"}`, false); what != "" {
		t.Errorf("%s is found where there is none", what)
	}
}
