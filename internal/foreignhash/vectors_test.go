package foreignhash

import (
	"encoding/json"
	"os"
	"testing"
)

// vectors are hashes that other programs made; "made" says which. The signer key of the Firebase project is the bytes 0 to
// 63, and its salt separator the byte 7.
type vectors struct {
	Texts []struct{ Kind, Made, Password, Hash string }

	Firebase []struct {
		Made, Password, Salt, PasswordHash string
		MemCost                            int
	}
	Keycloak []struct{ Made, Password, SecretData, CredentialData string }
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func firebaseProject(memCost int) FirebaseProject {
	return FirebaseProject{
		SignerKey:     "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-Pw==",
		SaltSeparator: "Bw==", Rounds: 8, MemCost: memCost,
	}
}

func TestVectors(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	seen := map[string]int{}
	for _, x := range v.Texts {
		h, err := Read(x.Hash)
		if err != nil {
			t.Errorf("%s: %s: %v", x.Made, x.Hash, err)
			continue
		}
		if h.Kind() != x.Kind {
			t.Errorf("%s: %s: read as %s", x.Made, x.Hash, h.Kind())
		}
		seen[h.Kind()]++
		matchesOnly(t, x.Made, h, x.Password)
	}
	for _, x := range v.Firebase {
		h, err := firebaseProject(x.MemCost).Firebase(x.Salt, x.PasswordHash)
		if err != nil {
			t.Errorf("%s: %v", x.Made, err)
			continue
		}
		seen[h.Kind()]++
		matchesOnly(t, x.Made, h, x.Password)
	}
	for _, x := range v.Keycloak {
		h, err := Keycloak(x.SecretData, x.CredentialData)
		if err != nil {
			t.Errorf("%s: %s: %v", x.Made, x.CredentialData, err)
			continue
		}
		seen[h.Kind()]++
		matchesOnly(t, x.Made, h, x.Password)
	}
	for _, kind := range []string{"argon2i", "argon2id", "scrypt", "fbscrypt", "pbkdf2-sha1", "pbkdf2-sha256", "pbkdf2-sha512", "bcrypt",
		"bcrypt-sha256", "django-bcrypt-sha256", "phpass", "salted-md5", "salted-sha1", "salted-sha256", "salted-sha512"} {
		if seen[kind] == 0 {
			t.Errorf("no vector of %s", kind)
		}
	}
}

// matchesOnly wants a hash to be that of a password and of no other, also after it was kept. Bcrypt is computed, and so
// tested, in package password.
func matchesOnly(t *testing.T, made string, h Hash, password string) {
	t.Helper()
	kept, err := Read(h.Text())
	if err != nil || kept.Text() != h.Text() || kept.Kind() != h.Kind() {
		t.Errorf("%s: its text %s is read as %q: %v", made, h.Text(), kept.Text(), err)
		return
	}
	if h.IsBcrypt() {
		return
	}
	if !kept.Matches(password) {
		t.Errorf("%s: %s does not match %q", made, h.Text(), password)
	}
	if testing.Short() {
		return
	}
	for _, other := range []string{password + "x", password + "\x00"} {
		if kept.Matches(other) {
			t.Errorf("%s: %s matches %q", made, h.Text(), other)
		}
	}
}
