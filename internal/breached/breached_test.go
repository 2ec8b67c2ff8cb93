package breached

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
)

func sha(password string) string {
	sum := sha1.Sum([]byte(password))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// index makes and opens an index of a list, sorted in runs of a size.
func index(t testing.TB, list string, plain bool, size int) (*Index, int64) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "breached.idx")
	entries, err := makeBy(t.Context(), path, Source{strings.NewReader(list), plain}, size)
	if err != nil {
		t.Fatal(err)
	}
	x, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close() })
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return x, entries
}

func (x *Index) mustScreen(t testing.TB, password, want string) {
	t.Helper()
	got, err := x.Screen(t.Context(), users.PresentedPassword(password))
	if err != nil || got != want {
		t.Errorf("%q: %q, %v", password, got, err)
	}
}

// Every password of a list is found and no other, whatever its order, repeated lines and the number of runs.
func TestIndex(t *testing.T) {
	t.Parallel()
	var lines []string
	for i := range 1000 {
		line := sha(fmt.Sprint("password-", i))
		switch i % 3 {
		case 0:
			line += ":" + fmt.Sprint(i)
		case 1:
			line = strings.ToLower(line)
		}
		lines = append(lines, line)
	}
	lines = append(lines, lines[:100]...)
	rand.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	for _, end := range []string{"\n", "\r\n"} {
		for _, size := range []int{1, 7, 1000, 1100, 5000} {
			x, entries := index(t, strings.Join(lines, end), false, size)
			if entries != 1000 || x.Entries() != 1000 {
				t.Fatalf("runs of %d: %d entries made, %d there", size, entries, x.Entries())
			}
			for i := range 1000 {
				x.mustScreen(t, fmt.Sprint("password-", i), Reason)
				x.mustScreen(t, fmt.Sprint("another-", i), "")
			}
		}
	}
}

func TestPlainList(t *testing.T) {
	t.Parallel()
	x, _ := index(t, "correct horse\ncafe\u0301 battery\n "+sha("x")+"\n", true, 2)
	for _, p := range []string{"correct horse", "caf\u00e9 battery", "cafe\u0301 battery", " " + sha("x")} {
		x.mustScreen(t, p, Reason)
	}
	x.mustScreen(t, "correct hors", "")
	x.mustScreen(t, "x", "")
}

// A list that is not one is refused by line, and what was there before stays.
func TestBadLists(t *testing.T) {
	t.Parallel()
	good := sha("good")
	for list, reason := range map[string]string{
		"": "empty", "\n": "line 1", good + "\n\n": "line 2", good + "\nA": "line 2", good + ":": "line 1", good + ":-1": "line 1", good + ":1:2": "line 1",
		good + " ": "line 1", good[:39] + "G": "line 1", good[:32]: "line 1 is not a SHA-1", good + "\n" + strings.Repeat("A", 5000): "line 2 is longer",
	} {
		path := filepath.Join(t.TempDir(), "breached.idx")
		if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Make(t.Context(), path, Source{Reader: strings.NewReader(list)})
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%.60q: %v", list, err)
		}
		left, _ := os.ReadDir(filepath.Dir(path))
		if text, _ := os.ReadFile(path); string(text) != "before" || len(left) != 1 {
			t.Errorf("%.60q: %d files are left, with %q", list, len(left), text)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), "breached.idx")
	if _, err := Make(ctx, path, Source{Reader: strings.NewReader(strings.Repeat(good+"\n", 1<<17))}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// A file that is cut, longer or another is not opened; one that shrinks later is an error, not a no.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	x, _ := index(t, sha("a password")+"\n"+sha("another")+"\n", false, 10)
	path := x.file.Name()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad.idx")
	for name, content := range map[string]string{
		"empty": "", "header": string(whole[:16]), "cut": string(whole[:24]), "cut within": string(whole[:31]), "longer": string(whole) + "12345678",
		"another": strings.Repeat("x", 32), "count": magic + strings.Repeat("\xff", 8) + string(whole[16:]),
	} {
		if err := os.WriteFile(bad, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if err := os.Truncate(path, 16); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Screen(t.Context(), users.PresentedPassword("a password")); err == nil {
		t.Error("a file that cannot be read any more is taken for one without the password")
	}
}

func FuzzLine(f *testing.F) {
	f.Add(sha("x") + ":3")
	f.Fuzz(func(t *testing.T, line string) {
		entry, problem := Source{}.read(line)
		if problem == "" && fmt.Sprintf("%016X", entry) != strings.ToUpper(line[:16]) {
			t.Errorf("%q: %x", line, entry)
		}
	})
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte(magic + "\x00\x00\x00\x00\x00\x00\x00\x0112345678"))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		x, err := Open(path)
		if err != nil {
			return
		}
		defer x.Close()
		if _, err := x.Screen(t.Context(), users.PresentedPassword("a password")); err != nil {
			t.Errorf("opened, and cannot be read: %v", err)
		}
	})
}
