package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// testKey returns the key of 32 bytes that a number begins.
func testKey(t testing.TB, n byte) *Key {
	t.Helper()
	key, err := ParseKey(testText(n))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func testText(n byte) string {
	secret := make([]byte, 32)
	for i := range secret {
		secret[i] = n + byte(7*i)
	}
	return base64.StdEncoding.EncodeToString(secret)
}

func testRing(t testing.TB, numbers ...byte) *Ring {
	t.Helper()
	var keys []*Key
	for _, n := range numbers {
		keys = append(keys, testKey(t, n))
	}
	ring, err := NewRing(keys[0], keys[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestSealOpens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		purpose := rapid.StringMatching(`[a-z-]{0,20}`).Draw(t, "purpose")
		name := rapid.String().Draw(t, "name")
		key, err := ParseKey(GenerateKey())
		if err != nil {
			t.Fatal(err)
		}
		ring, err := NewRing(key)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := ring.Seal(purpose, name, plain)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := ring.Open(purpose, name, sealed)
		if err != nil || !bytes.Equal(opened, plain) {
			t.Fatalf("%v, %v", opened, err)
		}
		again, err := ring.Seal(purpose, name, plain)
		if err != nil || again == sealed {
			t.Fatalf("the same text twice, %v", err)
		}
	})
}

// TestOpenRefuses: a sealed text is good for one purpose and one name, and only as it is, to the last bit.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	ring := testRing(t, 1)
	sealed, err := ring.Seal("signing-keys", "main", []byte("private"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := ring.Open("signing-keys", "main", sealed); err != nil || string(plain) != "private" {
		t.Fatalf("%q, %v", plain, err)
	}
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != "v1" || len(parts[1]) != 11 {
		t.Errorf("sealed as %q", sealed)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another purpose":   func() ([]byte, error) { return ring.Open("totp", "main", sealed) },
		"another name":      func() ([]byte, error) { return ring.Open("signing-keys", "other", sealed) },
		"a moved boundary":  func() ([]byte, error) { return ring.Open("signing-keys\x00main", "", sealed) },
		"another version":   func() ([]byte, error) { return ring.Open("signing-keys", "main", "v2"+sealed[2:]) },
		"a line break":      func() ([]byte, error) { return ring.Open("signing-keys", "main", sealed+"\n") },
		"padding":           func() ([]byte, error) { return ring.Open("signing-keys", "main", sealed+"=") },
		"nothing":           func() ([]byte, error) { return ring.Open("signing-keys", "main", "") },
		"no text":           func() ([]byte, error) { return ring.Open("signing-keys", "main", "v1."+parts[1]) },
		"an empty text":     func() ([]byte, error) { return ring.Open("signing-keys", "main", "v1."+parts[1]+".") },
		"less than a nonce": func() ([]byte, error) { return ring.Open("signing-keys", "main", "v1."+parts[1]+".AAAA") },
		"the nonce and a tag": func() ([]byte, error) {
			return ring.Open("signing-keys", "main", "v1."+parts[1]+"."+strings.Repeat("A", 38))
		},
	} {
		if plain, err := open(); !errors.Is(err, ErrDamaged) || plain != nil {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
	raw, err := sealedDigits.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 * len(raw) {
		changed := bytes.Clone(raw)
		changed[i/8] ^= 1 << (i % 8)
		text := parts[0] + "." + parts[1] + "." + sealedDigits.EncodeToString(changed)
		if _, err := ring.Open("signing-keys", "main", text); !errors.Is(err, ErrDamaged) {
			t.Fatalf("bit %d: %v", i, err)
		}
	}
	for i := range 6 {
		// The key is named by its id alone; with another id it is another key.
		text := parts[0] + "." + parts[1][:i] + "~" + parts[1][i+1:] + "." + parts[2]
		if _, err := ring.Open("signing-keys", "main", text); !errors.Is(err, ErrUnknownKey) {
			t.Errorf("another id: %v", err)
		}
	}
}

// TestKeyChange is a change of the encryption key: the former one still opens, and what it sealed can be told apart.
func TestKeyChange(t *testing.T) {
	t.Parallel()
	before, between, after := testRing(t, 1), testRing(t, 2, 1), testRing(t, 2)
	old, err := before.Seal("p", "n", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := between.Open("p", "n", old)
	if err != nil || string(plain) != "x" || between.IsCurrent(old) || !before.IsCurrent(old) {
		t.Errorf("%q, %v", plain, err)
	}
	fresh, err := between.Seal("p", "n", plain)
	if err != nil || !between.IsCurrent(fresh) {
		t.Errorf("sealed again, but not with the current key: %v", err)
	}
	if _, err := after.Open("p", "n", old); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("opened without its key: %v", err)
	}
	if plain, err := after.Open("p", "n", fresh); err != nil || string(plain) != "x" {
		t.Errorf("%q, %v", plain, err)
	}
	if before.IsCurrent("") || before.IsCurrent("v1") {
		t.Error("nothing is sealed with the current key")
	}
}

func TestNewRingRefuses(t *testing.T) {
	t.Parallel()
	if _, err := NewRing(nil); err == nil {
		t.Error("a ring without a key")
	}
	if _, err := NewRing(testKey(t, 1), nil); err == nil {
		t.Error("a ring with a nil key")
	}
	if _, err := NewRing(testKey(t, 1), testKey(t, 2), testKey(t, 1)); err == nil {
		t.Error("a ring with a key twice")
	}
}

// TestPurposesHaveKeysOfTheirOwn: a purpose is more than additional data: another one has another key.
func TestPurposesHaveKeysOfTheirOwn(t *testing.T) {
	t.Parallel()
	key := testKey(t, 1)
	one, err := key.cipherFor("one")
	if err != nil {
		t.Fatal(err)
	}
	two, err := key.cipherFor("two")
	if err != nil {
		t.Fatal(err)
	}
	sealed := one.Seal(nil, nil, []byte("x"), nil)
	if _, err := one.Open(nil, nil, sealed, nil); err != nil {
		t.Error(err)
	}
	if _, err := two.Open(nil, nil, sealed, nil); err == nil {
		t.Error("two purposes share a key")
	}
}

func TestNothingIsPrinted(t *testing.T) {
	t.Parallel()
	key, ring := testKey(t, 1), testRing(t, 1)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", key, "value", *key, "ring", ring, "ringvalue", *ring)
	text := fmt.Sprintf("%v %+v %#v %s %x %v %+v %#v", key, *key, key, *key, key, ring, *ring, ring) + log.String()
	for _, secret := range []string{string(key.secret[:8]), hex.EncodeToString(key.secret[:4]), key.id, fmt.Sprint(key.secret[:3])[1:8]} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is printed: %s", secret, text)
		}
	}
}

func FuzzOpen(f *testing.F) {
	ring := testRing(f, 1, 2)
	sealed, err := ring.Seal("p", "n", []byte("x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add("v1..")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if plain, err := ring.Open("p", "n", text); err == nil && text != sealed {
			t.Errorf("%q opens as %q", text, plain)
		}
	})
}
