package store_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

// TestInspectMakesNothing: neither file nor folder, and of an empty file no database.
func TestInspectMakesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "empty.db")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// Another program's, in another journal mode.
	theirs := filepath.Join(folder, "theirs.db")
	db, err := sql.Open("sqlite", theirs)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`CREATE TABLE theirs (n integer)`); err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
	before, _ := os.ReadFile(theirs)
	for _, name := range []string{filepath.Join(folder, "missing.db"), filepath.Join(folder, "a", "b", "missing.db"), file, theirs} {
		applied, pending := inspect(t, "sqlite://"+name)
		if applied != 0 || pending == 0 {
			t.Errorf("%s: %d applied, %d pending", name, applied, pending)
		}
		if err := store.CheckURL("sqlite://" + name); err != nil {
			t.Error(err)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 2 {
		t.Errorf("the folder has %v (%v)", entries, err)
	}
	if info, err := os.Stat(file); err != nil || info.Size() != 0 {
		t.Error("the empty file is no longer empty")
	}
	if after, err := os.ReadFile(theirs); err != nil || !bytes.Equal(before, after) {
		t.Error("the database of the other program was changed")
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"SQLite": newSQLite(t), "Postgres": pgtest.URL(t)} {
		applied, all := inspect(t, url)
		if applied != 0 || all == 0 {
			t.Errorf("%s: %d applied before, %d pending", name, applied, all)
		}
		if applied, _ := inspect(t, url); applied != 0 {
			t.Errorf("%s: to look has migrated", name)
		}
		migrated(t, url)
		if applied, pending := inspect(t, url); applied != all || pending != 0 {
			t.Errorf("%s: %d applied after, %d pending", name, applied, pending)
		}
	}
	for _, url := range []string{"", "mysql://h/d", "sqlite://", "sqlite://:memory:", "sqlite://a\x00b"} {
		_, err := store.Inspect(t.Context(), url)
		if err == nil || store.CheckURL(url) == nil {
			t.Errorf("%q was accepted", url)
		}
	}
}

func inspect(t *testing.T, url string) (applied, pending int) {
	t.Helper()
	list, err := store.Inspect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if m.Applied {
			applied++
		} else {
			pending++
		}
	}
	return applied, pending
}
