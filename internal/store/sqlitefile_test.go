package store_test

import (
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/store"
)

// TestSQLiteFileAloneAfterClose: once the Store is closed the database is one file, however much was written and
// watched, so that a copy of it is a backup.
func TestSQLiteFileAloneAfterClose(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "a.db")
	s := openSQLiteFile(t, file)
	role := insertRole(t, s, "Role")
	if _, err := s.Access(t.Context(), users.NewID()); !errors.Is(err, users.ErrNotFound) { // opens the watching connection
		t.Fatal(err)
	}
	changed, release := s.Changed(users.Revision{})
	<-changed
	release()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(file + suffix); err == nil {
			t.Errorf("%s is left", file+suffix)
		}
	}
	backup := filepath.Join(folder, "backup.db")
	copyFile(t, file, backup)

	// What is written after the backup is gone with the restore, and only that.
	s = openSQLiteFile(t, file)
	later := insertRole(t, s, "Later")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	copyFile(t, backup, file)
	s = openSQLiteFile(t, file)
	defer s.Close()
	g, err := s.Graph(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := g.Role(role); !ok {
		t.Error("the role from before the backup is missing")
	}
	if _, ok := g.Role(later); ok {
		t.Error("the role from after the backup is there")
	}
}

// TestSQLiteFileGone: nothing is acknowledged, read or called ready once one of the files is no longer the one that
// was opened, and all is well once it is back.
func TestSQLiteFileGone(t *testing.T) {
	t.Parallel()
	remove := func(t *testing.T, name, away string) {
		if err := os.Rename(name, away); err != nil {
			t.Fatal(err)
		}
	}
	for what, do := range map[string]func(t *testing.T, name, away string){
		"moved": remove,
		"replaced": func(t *testing.T, name, away string) {
			remove(t, name, away)
			copyFile(t, away, name)
		},
	} {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			t.Run(what+suffix, func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				file := filepath.Join(folder, "a.db")
				s := openSQLiteFile(t, file)
				defer s.Close()
				insertRole(t, s, "Before")
				stop, problems := make(chan struct{}), make(chan string, 10)
				go func() {
					s.WatchFile(stop, func(problem string) { problems <- problem })
					close(problems)
				}()
				do(t, file+suffix, file+".away")
				err := s.InTx(t.Context(), func(tx users.Tx) error {
					return tx.InsertRole(t.Context(), users.Role{ID: users.NewID(), Name: "Lost"})
				})
				if !errors.Is(err, users.ErrUnavailable) {
					t.Errorf("a write: %v, want ErrUnavailable", err)
				}
				if problem := <-problems; !strings.Contains(problem, file+suffix) {
					t.Errorf("the report is %q, without the file", problem)
				}
				for operation, err := range map[string]error{
					"Ready":    s.Ready(t.Context()),
					"Ping":     s.Ping(t.Context()),
					"Access":   second(s.Access(t.Context(), users.NewID())),
					"Graph":    second(s.Graph(t.Context())),
					"Accounts": second(s.Accounts(t.Context(), users.AccountFilter{}, users.List{Limit: 1})),
					"a change of a hash": s.InRowTx(t.Context(), func(tx users.RowTx) error {
						_, err := tx.ReplacePasswordHash(t.Context(), users.NewID(), "", "")
						return err
					}),
				} {
					if !errors.Is(err, users.ErrUnavailable) {
						t.Errorf("%s: %v, want ErrUnavailable", operation, err)
					}
				}
				if err := os.Rename(file+".away", file+suffix); err != nil {
					t.Fatal(err)
				}
				if problem := <-problems; problem != "" {
					t.Errorf("the second report is %q", problem)
				}
				insertRole(t, s, "After")
				if err := s.Ready(t.Context()); err != nil {
					t.Error(err)
				}
				close(stop)
				for problem := range problems {
					t.Errorf("a third report: %q", problem)
				}
			})
		}
	}
}

// TestSQLiteFileGoneInTransaction: a file that is moved between the beginning of a transaction and its commit does
// not have what was committed.
func TestSQLiteFileGoneInTransaction(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.db")
	s := openSQLiteFile(t, file)
	defer s.Close()
	err := s.InTx(t.Context(), func(tx users.Tx) error {
		if err := os.Rename(file, file+".away"); err != nil {
			return err
		}
		return tx.InsertRole(t.Context(), users.Role{ID: users.NewID(), Name: "Lost"})
	})
	if !errors.Is(err, users.ErrUnavailable) {
		t.Errorf("%v, want ErrUnavailable", err)
	}
}

// TestOpenExistingMakesNothing: neither the file nor its folder, nor tables in an empty file.
func TestOpenExistingMakesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	missing := filepath.Join(folder, "below", "missing.db")
	for name, open := range map[string]func() (*store.Store, error){
		"OpenExisting": func() (*store.Store, error) { return store.OpenExisting(t.Context(), "sqlite://"+missing) },
		"OpenToRead":   func() (*store.Store, error) { return store.OpenToRead(t.Context(), "sqlite://"+missing) },
	} {
		if _, err := open(); !errors.Is(err, store.ErrMissing) || !strings.Contains(err.Error(), missing) {
			t.Errorf("%s of a missing file: %v, want ErrMissing with the path", name, err)
		}
	}
	empty := filepath.Join(folder, "empty.db")
	openSQLiteFile(t, filepath.Join(folder, "other.db")).Close()
	db, err := sql.Open("sqlite", empty)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`PRAGMA user_version = 1`); err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
	if _, err := store.OpenExisting(t.Context(), "sqlite://"+empty); !errors.Is(err, store.ErrOlderSchema) {
		t.Errorf("an empty database: %v, want ErrOlderSchema", err)
	}
	if _, err := os.Stat(filepath.Dir(missing)); err == nil {
		t.Error("the folder was made")
	}
	s, err := store.OpenExisting(t.Context(), "sqlite://"+filepath.Join(folder, "other.db"))
	if err != nil {
		t.Fatal(err)
	}
	insertRole(t, s, "Written")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// openSQLiteFile opens a file and brings it up to date. The test closes it.
func openSQLiteFile(t *testing.T, file string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite://"+file)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func insertRole(t *testing.T, s *store.Store, name users.RoleName) users.ID {
	t.Helper()
	id, now := users.NewID(), time.Now()
	err := s.InTx(t.Context(), func(tx users.Tx) error {
		return tx.InsertRole(t.Context(), users.Role{ID: id, Name: name, CreatedAt: now, UpdatedAt: now})
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

func second[T any](_ T, err error) error { return err }
