package users_test

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/svc-users/svc-users"
)

// A credential is read back as what it was written of, and no other text is.
func TestCredentials(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOfN(rapid.Byte(), 48, 48).Draw(t, "secret")
		text := users.FormatCredential(users.RefreshTokenPrefix, secret)
		if len(text) != 76 {
			t.Fatalf("%q has %d characters", text, len(text))
		}
		if read, ok := users.ParseCredential(users.RefreshTokenPrefix, text, 48); !ok || !bytes.Equal(read, secret) {
			t.Fatalf("%q is read as %x, %v", text, read, ok)
		}
		if _, ok := users.ParseCredential("svck_", text, 48); ok {
			t.Fatal("it passes for one of another kind")
		}
		i := rapid.IntRange(0, len(text)-1).Draw(t, "i")
		other := rapid.SampledFrom([]byte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-. \x00é")).Draw(t, "other")
		if changed := text[:i] + string(rune(other)) + text[i+1:]; changed != text {
			if _, ok := users.ParseCredential(users.RefreshTokenPrefix, changed, 48); ok {
				t.Fatalf("%q is read with character %d changed", changed, i)
			}
		}
		if _, ok := users.ParseCredential(users.RefreshTokenPrefix, text[:i], 48); ok {
			t.Fatalf("a beginning of %d characters is read", i)
		}
	})
}

func TestCredentialExamples(t *testing.T) {
	t.Parallel()
	zeros := users.FormatCredential(users.RefreshTokenPrefix, make([]byte, 48))
	if want := "svcr_" + strings.Repeat("0", 65); !strings.HasPrefix(zeros, want) {
		t.Errorf("48 zeros are %q", zeros)
	}
	// 62⁶⁵ is more than 2³⁸⁴: the largest numbers of so many digits are no 48 bytes.
	for _, digits := range []string{strings.Repeat("z", 65), "z" + strings.Repeat("0", 64)} {
		body := "svcr_" + digits
		if _, ok := users.ParseCredential(users.RefreshTokenPrefix, body+users.ChecksumOf(body), 48); ok {
			t.Errorf("%s is read, and is more than 48 bytes", digits)
		}
	}
}
