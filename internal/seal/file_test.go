package seal

import (
	"bytes"
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
	path := filepath.Join(t.TempDir(), "a", "b", "encryption.key")
	made, err := LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadOrCreate(path)
	if err != nil || again.id != made.id {
		t.Errorf("another key the second time, %v", err)
	}
	checkAlone(t, path)
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
	path := filepath.Join(t.TempDir(), "keys", "encryption.key")
	ids := make([]string, 16)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			<-start
			key, err := LoadOrCreate(path)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = key.id
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

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string][]byte{
		"empty":   nil,
		"garbage": []byte("garbage"),
		"half":    []byte(testText(1)[:20]),
		"zeros":   make([]byte, 44),
		"endless": bytes.Repeat([]byte(testText(1)), 1000),
	} {
		path := filepath.Join(t.TempDir(), "encryption.key")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := LoadOrCreate(path)
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
	for name, path := range map[string]string{"a folder": dir, "in a file": filepath.Join(file, "encryption.key")} {
		if _, err := LoadOrCreate(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
