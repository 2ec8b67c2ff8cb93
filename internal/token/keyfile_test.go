package token

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pemOf(ourKey()), 0o600); err != nil {
		t.Fatal(err)
	}
	for kid, want := range map[string]string{"": thumbprint(ourKey().public), "mine": "mine"} {
		key, err := LoadFile(path, RS256, kid)
		if err != nil || key.ID() != want || !key.CanSign() {
			t.Errorf("%q: %v, %v", kid, key, err)
		}
	}
	if _, err := LoadFile(path, ES256, ""); err == nil || !strings.Contains(err.Error(), "JWT_ALGORITHM") {
		t.Errorf("for another algorithm: %v", err)
	}
	var fault *KeyError
	if _, err := LoadFile(path, RS256, "a b"); !errors.As(err, &fault) || fault.Variable != kidVariable {
		t.Errorf("a bad kid: %v", err)
	}
	missing := filepath.Join(t.TempDir(), "key.pem")
	if _, err := LoadFile(missing, RS256, ""); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("no file: %v", err)
	}
}

func TestLoadFileRefuses(t *testing.T) {
	t.Parallel()
	good := pemOf(ourKey())
	for name, text := range map[string][]byte{
		"empty":       nil,
		"garbage":     []byte("garbage"),
		"half":        good[:len(good)/2],
		"twice":       append(bytes.Clone(good), good...),
		"public":      ourKey().PublicPEM(),
		"zeros":       make([]byte, len(good)),
		"mislabelled": bytes.Replace(good, []byte("PRIVATE"), []byte("PRIVBTE"), 1),
		"endless":     append(bytes.Clone(good), bytes.Repeat([]byte("x"), 1<<20)...),
	} {
		path := filepath.Join(t.TempDir(), "key.pem")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := LoadFile(path, RS256, "")
		if err == nil || key != nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, text) {
			t.Errorf("%s: the file was touched, %v", name, err)
		}
	}
}
