package foreignhash

import (
	"errors"
	"strings"
	"testing"
)

const (
	salt64   = "c2FsdHNhbHQ"                                 // saltsalt
	digest64 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" // 32 bytes
)

// What cannot be verified is refused by name, and the error repeats neither salt nor digest.
func TestRefused(t *testing.T) {
	t.Parallel()
	hex32 := strings.Repeat("0f", 16)
	for _, c := range []struct{ text, kind, reason string }{
		{"plain text", "", "no known form"},
		{hex32, "", "no known form"},
		{"$6$saltsalt$" + digest64, "", "no known form"},
		{strings.Repeat("x", 2049), "", "more than 2048 characters"},

		{"$argon2d$v=19$m=64,t=1,p=1$" + salt64 + "$" + digest64, "argon2d", "not supported"},
		{"$argon2id$v=16$m=64,t=1,p=1$" + salt64 + "$" + digest64, "argon2id", "the version is not 19"},
		{"$argon2id$m=64,t=1,p=1$" + salt64 + "$" + digest64, "argon2", "not of the form"},
		{"$argon2x$v=19$m=64,t=1,p=1$" + salt64 + "$" + digest64, "argon2", "neither argon2i nor argon2id"},
		{"$argon2id$v=19$t=1,m=64,p=1$" + salt64 + "$" + digest64, "argon2id", "not of the form m=…,t=…,p=…"},
		{"$argon2id$v=19$m=64,t=0,p=1$" + salt64 + "$" + digest64, "argon2id", "below those of RFC 9106"},
		{"$argon2id$v=19$m=64,t=1,p=9$" + salt64 + "$" + digest64, "argon2id", "below those of RFC 9106"},
		{"$argon2id$v=19$m=131073,t=1,p=1$" + salt64 + "$" + digest64, "argon2id", "above the ceiling of 131072 KiB"},
		{"$argon2id$v=19$m=131072,t=5,p=1$" + salt64 + "$" + digest64, "argon2id", "above the ceiling of 524288 KiB altogether"},
		{"$argon2id$v=19$m=64,t=99999999999,p=1$" + salt64 + "$" + digest64, "argon2id", "above the ceiling"},
		{"$argon2id$v=19$m=1024,t=1,p=17$" + salt64 + "$" + digest64, "argon2id", "17 lanes are above the ceiling of 16"},
		{"$argon2id$v=19$m=64,t=1,p=1$" + salt64 + "$AAAA", "argon2id", "the digest has 3 bytes"},
		{"$argon2id$v=19$m=64,t=1,p=1$c2FsdA$" + digest64, "argon2id", "the salt has fewer than 8 bytes"},
		{"$argon2id$v=19$m=64,t=1,p=1$!$" + digest64, "argon2id", "the salt cannot be decoded"},

		{"$scrypt$ln=21,r=8,p=1$" + salt64 + "$" + digest64, "scrypt", "above the ceiling of 128 MiB"},
		{"$scrypt$ln=17,r=9,p=1$" + salt64 + "$" + digest64, "scrypt", "above the ceiling of 128 MiB"},
		{"$scrypt$ln=17,r=8,p=5$" + salt64 + "$" + digest64, "scrypt", "too much work"},
		{"scrypt$16383$salt$8$1$" + digest64 + "=", "scrypt", "N is not a power of two"},
		{"scrypt$-2$salt$8$1$" + digest64 + "=", "scrypt", "N is not a number"},
		{"$fbscrypt$v=2,n=14,r=8,p=1,ss=Bw==,sk=AAAA$AAAA$AAAA", "fbscrypt", "the version is not 1"},
		{"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=AAAA$AAAA$" + digest64, "fbscrypt", "the signer key has 3 bytes and the digest 32"},
		{"$fbscrypt$v=1,n=24,r=8,p=1,ss=,sk=" + digest64 + "$AAAA$" + digest64, "fbscrypt", "above the ceiling"},

		{"pbkdf2_sha256$2000001$salt$" + digest64, "pbkdf2-sha256", "above the ceiling of 2000000"},
		{"pbkdf2:sha512:1000001$salt$" + hex32, "pbkdf2-sha512", "above the ceiling of 1000000"},
		{"pbkdf2_sha224$1000$salt$" + digest64, "pbkdf2", "not sha1, sha256 or sha512"},
		{"pbkdf2_sha256$0$salt$" + digest64, "pbkdf2-sha256", "no iterations"},
		{"pbkdf2_sha256$01$salt$" + digest64, "pbkdf2", "not a number"},
		{"pbkdf2_sha256$+1$salt$" + digest64, "pbkdf2", "not a number"},
		{"pbkdf2_sha256$1$salt", "pbkdf2", "not of the form"},

		{"$2b$17$" + strings.Repeat("A", 53), "bcrypt", "the cost of 17 is above the ceiling of 16"},
		{"$2b$03$" + strings.Repeat("A", 53), "bcrypt", "the cost is below 4"},
		{"$2b$12$" + strings.Repeat("A", 52), "bcrypt", "not of the form"},
		{"$2b$12$" + strings.Repeat("A", 52) + "*", "bcrypt", "characters that bcrypt's base64 does not"},
		{"$2c$12$" + strings.Repeat("A", 53), "bcrypt", "the prefix is not"},
		{"bcrypt_sha256$$2b$17$" + strings.Repeat("A", 53), "django-bcrypt-sha256", "above the ceiling"},
		{"$bcrypt-sha256$v=3,t=2b,r=12$" + strings.Repeat("A", 22) + "$" + strings.Repeat("A", 31), "bcrypt-sha256", "neither 1 nor 2"},

		{"$P$K" + strings.Repeat(".", 30), "phpass", "2^22 iterations are above the ceiling of 2^18"},
		{"$P$B" + strings.Repeat(".", 29), "phpass", "33 characters and not 34"},
		{"$P$B" + strings.Repeat(".", 29) + "!", "phpass", "the digest cannot be decoded"},
		{"md5$salt$0f", "salted-md5", "the digest has 1 bytes"},
		{"sha1$salt$" + hex32, "salted-sha1", "the digest has 16 bytes and not 20"},
		{"{SSHA}!", "salted-sha1", "the digest cannot be decoded"},
		{"md5$salt$" + hex32 + "\n", "salted-md5", "the digest cannot be decoded"},
	} {
		_, err := Read(c.text)
		var e *Error
		if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(e.Reason, c.reason) {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		for _, secret := range []string{salt64, digest64, hex32} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error repeats a part of it: %v", c.text, err)
			}
		}
	}
	for _, text := range []string{"", "!", "!unusable0123456789"} {
		if _, err := Read(text); !errors.Is(err, ErrNoPassword) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The defaults of the systems that hashes come from are below every ceiling.
func TestDefaultsAreBelowTheCeilings(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"argon2$argon2id$v=19$m=102400,t=2,p=8$" + salt64 + "$" + digest64, // Django 5.2
		"$argon2id$v=19$m=65536,t=3,p=4$" + salt64 + "$" + digest64,        // passlib, Supabase's import
		"$argon2id$v=19$m=47104,t=1,p=1$" + salt64 + "$" + digest64,        // OWASP's dearest
		"$scrypt$ln=17,r=8,p=1$" + salt64 + "$" + digest64,                 // OWASP
		"pbkdf2_sha256$1000000$salt$" + digest64,                           // Django 5.2
		"$pbkdf2$1400000$" + salt64 + "$AAAAAAAAAAAAAAAAAAAAAAAAAAA",       // OWASP, SHA-1
		"$2y$14$" + strings.Repeat("A", 52) + "e",
	} {
		if _, err := Read(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestWeak(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"md5$salt$" + strings.Repeat("0", 32):                      true,
		"{SSHA512}" + digest64 + digest64 + "AA":                   true,
		"$P$B" + strings.Repeat(".", 30):                           true,
		"pbkdf2_sha256$9999$salt$" + digest64:                      true,
		"pbkdf2_sha256$10000$salt$" + digest64:                     false,
		"$2b$04$" + strings.Repeat("A", 52) + "e":                  false,
		"$scrypt$ln=14,r=8,p=1$AAAA$" + digest64:                   false,
		"$argon2id$v=19$m=7168,t=5,p=1$" + salt64 + "$" + digest64: false,
	} {
		h, err := Read(text)
		if err != nil || h.Weak() != want {
			t.Errorf("%s: weak %t, %v", text, h.Weak(), err)
		}
	}
}

func TestKeycloakRefused(t *testing.T) {
	t.Parallel()
	secret := `{"value":"` + digest64 + `=","salt":"` + salt64 + `="}`
	for _, c := range []struct{ secret, credential, reason string }{
		{"", "{}", "not JSON"},
		{secret, "[]", "not JSON"},
		{secret, "{}", "Keycloak's algorithm is not"},
		{secret, `{"algorithm":"argon2","hashIterations":5,"additionalParameters":{"type":["d"]}}`, "neither argon2i nor argon2id"},
		{secret, `{"algorithm":"argon2","hashIterations":5,"additionalParameters":{"version":["1.0"]}}`, "the version is not 1.3"},
		{secret, `{"algorithm":"argon2","hashIterations":5,"additionalParameters":{"memory":["4194304"]}}`, "above the ceiling"},
		{secret, `{"algorithm":"pbkdf2-sha256","hashIterations":2000000000}`, "above the ceiling"},
		{`{"value":"x","salt":""}`, `{"algorithm":"pbkdf2-sha256","hashIterations":1000}`, "digest cannot be decoded"},
	} {
		if _, err := Keycloak(c.secret, c.credential); err == nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s %s: %v", c.secret, c.credential, err)
		}
	}
}
