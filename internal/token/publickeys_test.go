package token

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestParsePublicKeys(t *testing.T) {
	t.Parallel()
	one, two := ourKey().PublicVariable(), ourNextKey().PublicVariable()
	file := base64.StdEncoding.EncodeToString(append(ourKey().PublicPEM(), ourNextKey().PublicPEM()...))
	first, second := thumbprint(ourKey().public), thumbprint(ourNextKey().public)
	for name, c := range map[string]struct {
		value string
		want  []string
	}{
		"one":               {one, []string{first}},
		"two":               {one + "," + two, []string{first, second}},
		"with space":        {one + ",\n  " + two, []string{first, second}},
		"with an id":        {"main:" + one + "," + two, []string{"main", second}},
		"an id with colons": {"urn:key:1:" + one, []string{"urn:key:1"}},
		"a file":            {file, []string{first, second}},
	} {
		keys, err := ParsePublicKeys(c.value)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, k := range keys {
			got = append(got, k.ID())
			if k.CanSign() {
				t.Errorf("%s: a key that signs", name)
			}
		}
		if strings.Join(got, " ") != strings.Join(c.want, " ") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	private, err := ourKey().PrivateVariable()
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"empty":          "",
		"empty ones":     one + ",",
		"a private key":  private,
		"no id":          ":" + one,
		"a wrong id":     "a b:" + one,
		"an id for two":  "main:" + file,
		"one id twice":   "main:" + one + ",main:" + two,
		"one key twice":  one + "," + one,
		"garbage":        one + ",garbage",
		"half a file":    base64.StdEncoding.EncodeToString(append(ourKey().PublicPEM(), ourNextKey().PublicPEM()[:80]...)),
		"text between":   base64.StdEncoding.EncodeToString(append(append(ourKey().PublicPEM(), "text\n"...), ourNextKey().PublicPEM()...)),
		"far too many":   strings.Repeat("main:"+one+",", 30) + two,
		"PEM, no base64": string(ourKey().PublicPEM()),
	} {
		keys, err := ParsePublicKeys(value)
		if err == nil || keys != nil || !strings.HasPrefix(err.Error(), "JWT_PUBLIC_KEYS ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), one[60:80]) {
			t.Errorf("%s: the error quotes the value", name)
		}
	}
}
