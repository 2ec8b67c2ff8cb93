package foreignhash

import (
	"strings"
	"testing"
)

// fuzzRead is a fuzz target for texts that begin with one of some prefixes: whatever follows, Read does not panic, and what it
// takes is written in one form, stays below the ceilings, and is computed where that is cheap.
func fuzzRead(f *testing.F, prefixes ...string) {
	f.Helper()
	v := readVectors(f)
	texts := make([]string, 0, len(v.Texts)+len(v.Firebase))
	for _, x := range v.Texts {
		texts = append(texts, x.Hash)
	}
	for _, x := range v.Firebase {
		if h, err := firebaseProject(x.MemCost).Firebase(x.Salt, x.PasswordHash); err == nil {
			texts = append(texts, h.Text())
		}
	}
	for _, text := range texts {
		for i, p := range prefixes {
			if rest, ok := strings.CutPrefix(text, p); ok {
				f.Add(uint8(i), rest)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, rest string) {
		h, err := Read(prefixes[int(which)%len(prefixes)] + rest)
		if err != nil {
			return
		}
		checkRead(t, h)
	})
}

func checkRead(t *testing.T, h Hash) {
	t.Helper()
	text := h.Text()
	again, err := Read(text)
	if err != nil || again.Text() != text || again.Kind() != h.Kind() || again.Weak() != h.Weak() {
		t.Fatalf("%s is read as %q, %s: %v", text, again.Text(), again.Kind(), err)
	}
	if h.Memory() < 0 || h.Memory() > MaxMemory {
		t.Fatalf("%s takes %d bytes", text, h.Memory())
	}
	if h.IsBcrypt() {
		return
	}
	if len(h.Digest()) < MinDigest || len(h.Digest()) > maxDigest {
		t.Fatalf("%s has a digest of %d bytes", text, len(h.Digest()))
	}
	if !quick(h) {
		return
	}
	if h.Matches("password") || !h.With(h.Derive("password")).Matches("password") {
		t.Fatalf("%s matches what it should not, or not what it should", text)
	}
}

// quick reports whether computing a hash takes less than a millisecond or so.
func quick(h Hash) bool {
	switch s := h.scheme.(type) {
	case argon:
		return s.memoryKiB*s.passes <= 256
	case scryptParams:
		return s.memory()*s.p <= 256<<10
	case firebase:
		return s.memory()*s.p <= 256<<10
	case pbkdf2:
		return s.iterations <= 1000
	case phpass:
		return s.log <= 10
	}
	return true
}

func FuzzArgon2(f *testing.F) { fuzzRead(f, "$argon2", "argon2$") }
func FuzzBcrypt(f *testing.F) {
	fuzzRead(f, "$2", "bcrypt$", "bcrypt_sha256$", "{bcrypt}", "$bcrypt-sha256$", djangoBcrypt)
}
func FuzzScrypt(f *testing.F)   { fuzzRead(f, "$scrypt$", "scrypt$", "scrypt:") }
func FuzzFirebase(f *testing.F) { fuzzRead(f, "$fbscrypt$") }
func FuzzPBKDF2(f *testing.F)   { fuzzRead(f, "$pbkdf2", "pbkdf2_", "pbkdf2:") }
func FuzzPhpass(f *testing.F)   { fuzzRead(f, "$P$", "$H$", "$phpass$") }

func FuzzSalted(f *testing.F) {
	fuzzRead(f, "md5$", "sha1$", "sha256$", "sha512$", "{SMD5}", "{MD5}", "{S", "$salted-")
}

// FuzzRead is for all other beginnings.
func FuzzRead(f *testing.F) { fuzzRead(f, "", "!", "$") }

func FuzzKeycloak(f *testing.F) {
	for _, x := range readVectors(f).Keycloak {
		f.Add(x.SecretData, x.CredentialData)
	}
	f.Fuzz(func(t *testing.T, secretData, credentialData string) {
		if h, err := Keycloak(secretData, credentialData); err == nil {
			checkRead(t, h)
		}
	})
}

// FuzzFirebaseUser is for the members of an export, which are not yet in the form that is kept.
func FuzzFirebaseUser(f *testing.F) {
	for _, x := range readVectors(f).Firebase {
		p := firebaseProject(x.MemCost)
		f.Add(p.SignerKey, p.SaltSeparator, p.Rounds, p.MemCost, x.Salt, x.PasswordHash)
	}
	f.Fuzz(func(t *testing.T, key, separator string, rounds, memCost int, salt, hash string) {
		p := FirebaseProject{SignerKey: key, SaltSeparator: separator, Rounds: rounds, MemCost: memCost}
		if h, err := p.Firebase(salt, hash); err == nil {
			checkRead(t, h)
		}
	})
}

// FuzzRecipe is for what stands in a wrapped hash.
func FuzzRecipe(f *testing.F) {
	for _, x := range readVectors(f).Texts {
		if h, err := Read(x.Hash); err == nil && h.Weak() {
			f.Add(h.Recipe())
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if h, err := ReadRecipe(text); err == nil && (h.Recipe() != text || h.IsBcrypt()) {
			t.Fatalf("%s is read as %s", text, h.Recipe())
		}
	})
}

func FuzzMarks(f *testing.F) {
	f.Add("$imported$as-typed,first-72$2b$12$")
	f.Fuzz(func(t *testing.T, text string) {
		if m, rest := CutMarks(text); m.Prefix()+rest != text {
			t.Fatalf("%q becomes %+v and %q", text, m, rest)
		}
	})
}
