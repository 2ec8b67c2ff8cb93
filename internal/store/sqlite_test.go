package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/store"
)

func TestSQLiteFileModes(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "a", "b")
	file := filepath.Join(folder, "test.db")
	s := migrated(t, "sqlite://"+file)
	err := s.InTx(t.Context(), func(tx users.Tx) error {
		return tx.InsertRole(t.Context(), users.Role{ID: users.NewID(), Name: "Role"})
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{
		filepath.Dir(folder): 0o700 | os.ModeDir,
		folder:               0o700 | os.ModeDir,
		file:                 0o600,
		file + "-wal":        0o600,
		file + "-shm":        0o600,
		file + "-migrate":    0o600,
	} {
		info, err := os.Stat(name)
		if err != nil {
			t.Error(err)
		} else if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", filepath.Base(name), info.Mode(), want)
		}
	}
}

// TestSQLiteFileNames: whatever follows sqlite:// is a name, although SQLite is given a URI.
func TestSQLiteFileNames(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"plain", "a b.db", "what?mode=memory", "100%41.db", "a#b", "a&b=c;d", "ünï", "file:x", "a\\b", "a'b\"c", "//double"} {
		migrated(t, "sqlite://"+folder+"/"+name)
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Size() == 0 {
			t.Errorf("%q: there is no such file, or it is empty (%v)", name, err)
		}
	}
}

func TestSQLiteRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	s := migrated(t, "sqlite://data/test.db")
	// The path was relative to where the process was then.
	t.Chdir(t.TempDir())
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat("data"); err == nil {
		t.Error("the database moved along with the process")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	notes := filepath.Join(folder, "notes.txt")
	if err := os.WriteFile(notes, []byte(strings.Repeat("this is no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{
		"",
		"hunter2",
		"mysql://u:hunter2@localhost/db",
		"sqlite:",
		"sqlite://",
		"sqlite://:memory:",
		"sqlite://a\x00b",
		"sqlite://" + folder,
		"sqlite://" + notes,
		"sqlite://" + notes + "/below/a/file",
		"postgres://u:hunter2@localhost:port/db",
		"postgres://u:hunter2@localhost/db?sslmode=perhaps",
		"postgres://u:hun%ter2@localhost/db",
		"postgres://u:hunter2@[::1/db",
		"postgresql://localhost/db?password=hunter2&connect_timeout=soon",
		"postgres://u:hunter2@localhost/db?pool_max_conns=none",
		"postgres://u:hunter2/x@localhost/db",
	} {
		s, err := store.Open(t.Context(), url)
		if err == nil {
			t.Errorf("%q was opened", url)
			_ = s.Close()
		} else if strings.Contains(err.Error(), "hun") || strings.Contains(err.Error(), "ter2") || strings.Contains(err.Error(), "\n") {
			t.Errorf("the error shows a secret, or has several lines: %v", err)
		}
	}
}

// migrated opens a store on a database with the current schema.
func migrated(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	s.SetLimits(patience, patience, patience)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}
