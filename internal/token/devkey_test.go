package token

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestLoadOrCreate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "b", "key.pem")
	made, err := LoadOrCreate(path, RS256, "")
	if err != nil {
		t.Fatal(err)
	}
	if bits := rsaOf(made).N.BitLen(); bits != 2048 || made.ID() != thumbprint((*rsaPublic)(&rsaOf(made).PublicKey)) {
		t.Errorf("%d bits, id %s", bits, made.ID())
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadOrCreate(path, RS256, "mine")
	if err != nil {
		t.Fatal(err)
	}
	if !rsaOf(again).Equal(rsaOf(made)) || again.ID() != "mine" {
		t.Error("another key the second time")
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file has changed, %v", err)
	}
	checkAlone(t, path)
}

// TestLoadOrCreateES256 makes a key of the other kind, which is no key for RS256 later on, nor the other way round.
func TestLoadOrCreateES256(t *testing.T) {
	t.Parallel()
	for algorithm, other := range map[Algorithm]Algorithm{RS256: ES256, ES256: RS256} {
		path := filepath.Join(t.TempDir(), "key.pem")
		made, err := LoadOrCreate(path, algorithm, "")
		if err != nil {
			t.Fatal(err)
		}
		if made.Algorithm() != algorithm || made.ID() != thumbprint(made.public) {
			t.Errorf("%s: made a key for %s, id %s", algorithm, made.Algorithm(), made.ID())
		}
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := LoadOrCreate(path, algorithm, ""); err != nil || again.ID() != made.ID() {
			t.Errorf("%s: another key the second time, %v", algorithm, err)
		}
		key, err := LoadOrCreate(path, other, "")
		if key != nil || err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "JWT_ALGORITHM is "+string(other)) {
			t.Errorf("%s: a key for %s: %v", other, algorithm, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("the file has changed, %v", err)
		}
	}
	if key, err := LoadOrCreate(filepath.Join(t.TempDir(), "key.pem"), "HS256", ""); err == nil || key != nil {
		t.Error("a key was made for HS256")
	}
}

// checkAlone checks the modes of the key file and its folder, and that nothing else was left in it.
func checkAlone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files in the folder, %v", len(entries), err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	for name, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700 | fs.ModeDir} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("mode %v, want %v", info.Mode(), want)
		}
	}
}

// TestLoadOrCreateRace starts many at once where there is no key yet: all must end up with one.
func TestLoadOrCreateRace(t *testing.T) {
	t.Parallel()
	for range 3 {
		path := filepath.Join(t.TempDir(), "keys", "key.pem")
		ids := make([]string, 8)
		start := make(chan struct{})
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				<-start
				key, err := LoadOrCreate(path, RS256, "")
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = key.ID()
			})
		}
		close(start)
		wg.Wait()
		for _, id := range ids {
			if id != ids[0] || id == "" {
				t.Fatalf("keys %v", ids)
			}
		}
		checkAlone(t, path)
	}
}

// TestCreateLate is the race made certain: another process has put its key there in the meantime.
func TestCreateLate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys", "key.pem")
	first, err := LoadOrCreate(path, RS256, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := create(path, RS256); err != nil {
		t.Fatal(err)
	}
	second, err := LoadOrCreate(path, RS256, "")
	if err != nil || second.ID() != first.ID() {
		t.Errorf("the key was replaced, %v", err)
	}
	checkAlone(t, path)
}

func TestLoadRefuses(t *testing.T) {
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
		key, err := LoadOrCreate(path, RS256, "")
		if err == nil || key != nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, text) {
			t.Errorf("%s: the file was touched, %v", name, err)
		}
	}
}

func TestLoadOrCreateFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"a folder": dir, "in a file": filepath.Join(file, "key.pem")} {
		if _, err := LoadOrCreate(path, RS256, ""); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var fault *KeyError
	path := filepath.Join(dir, "none", "key.pem")
	if _, err := LoadOrCreate(path, RS256, "a b"); !errors.As(err, &fault) || fault.Variable != kidVariable {
		t.Errorf("a bad kid: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key was made for a bad kid: %v", err)
	}
}
