package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/outfile"
	"github.com/svc-users/svc-users/internal/store"
)

// rolesIn counts the roles of a database, with or without the files beside it.
func rolesIn(t *testing.T, file string) int {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM roles`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestBackupWhileWriting: a backup is the database at one moment between two changes, and keeps none from being made.
func TestBackupWhileWriting(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	url := "sqlite://" + filepath.Join(folder, "test.db")
	s := migrated(t, url)
	stop, stopped := make(chan struct{}), make(chan int, 1)
	begun := make(chan struct{})
	go func() {
		n := 0
		defer func() { stopped <- n }()
		for ; ; n += 2 {
			select {
			case <-stop:
				return
			default:
			}
			if n == 20 {
				close(begun)
			}
			err := s.InTx(context.WithoutCancel(t.Context()), func(tx users.Tx) error {
				for i := range 2 {
					name, _ := users.ParseRoleName(fmt.Sprintf("role-%d", n+i))
					if err := tx.InsertRole(t.Context(), users.Role{ID: users.NewID(), Name: name}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
				return
			}
		}
	}()
	<-begun
	for i := range 5 {
		file := filepath.Join(folder, fmt.Sprintf("copy%d.db", i))
		if err := store.Backup(t.Context(), url, file); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		if n := rolesIn(t, file); n < 20 || n%2 != 0 {
			t.Errorf("backup %d has %d roles", i, n)
		}
	}
	close(stop)
	if n := <-stopped; n < 20 {
		t.Errorf("%d roles were made meanwhile", n)
	}
}

func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "test.db")
	taken := filepath.Join(folder, "taken")
	if err := os.WriteFile(taken, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if err := store.Backup(ctx, "sqlite://"+file, filepath.Join(folder, "copy")); !errors.Is(err, store.ErrMissing) {
		t.Errorf("no database: %v", err)
	}
	if err := store.Backup(ctx, "postgresql://localhost/db", filepath.Join(folder, "copy")); !errors.Is(err, store.ErrNotFile) {
		t.Errorf("PostgreSQL: %v", err)
	}
	s := openSQLiteFile(t, file)
	if err := store.Backup(ctx, "sqlite://"+file, taken); !errors.Is(err, outfile.ErrExists) {
		t.Errorf("a file that exists: %v", err)
	}
	if text, err := os.ReadFile(taken); err != nil || string(text) != "theirs" {
		t.Errorf("%q, %v", text, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// A page in the middle, of an index or a table.
	spoil(t, file)
	if err := store.Backup(ctx, "sqlite://"+file, filepath.Join(folder, "copy")); err == nil {
		t.Error("a damaged database was copied")
	}
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		if strings.Contains(e.Name(), "partial") || e.Name() == "copy" {
			t.Errorf("%s is left behind (%v)", e.Name(), err)
		}
	}
}

// spoil writes over pages of a database.
func spoil(t *testing.T, file string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(strings.Repeat("spoilt", 20_000)), 4096*2+100); err != nil {
		t.Fatal(err)
	}
}

func TestRestore(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file, backup := filepath.Join(folder, "data", "test.db"), filepath.Join(folder, "backup.db")
	url := "sqlite://" + file
	s := openSQLiteFile(t, file)
	insertRole(t, s, "first")
	if err := store.Backup(t.Context(), url, backup); err != nil {
		t.Fatal(err)
	}
	insertRole(t, s, "second")
	if _, err := store.Restore(t.Context(), url, backup, nil); !errors.Is(err, store.ErrInUse) {
		t.Errorf("while the database is open: %v", err)
	}
	insertRole(t, s, "third")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	if _, err := store.Restore(t.Context(), url, backup, func(*store.Store) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("with a check that refuses: %v", err)
	}
	if n := rolesIn(t, file); n != 3 {
		t.Errorf("after refusals the database has %d roles", n)
	}
	kept, err := store.Restore(t.Context(), url, backup, func(s *store.Store) error {
		keys, err := s.SigningKeys(t.Context())
		if err == nil && len(keys.Keys) != 0 {
			t.Errorf("the check sees %v", keys)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := rolesIn(t, file); n != 1 {
		t.Errorf("the restored database has %d roles", n)
	}
	if n := rolesIn(t, kept); n != 3 {
		t.Errorf("what was replaced has %d roles", n)
	}
	for _, name := range []string{file, kept} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	insertRole(t, migrated(t, url), "fourth")
}

// TestRestoreAfterKill: a process that was killed has left a write-ahead log, which belongs to what is replaced.
func TestRestoreAfterKill(t *testing.T) {
	t.Parallel()
	folder, killed := t.TempDir(), t.TempDir()
	file, backup := filepath.Join(folder, "test.db"), filepath.Join(folder, "backup.db")
	s := migrated(t, "sqlite://"+file)
	if err := store.Backup(t.Context(), "sqlite://"+file, backup); err != nil {
		t.Fatal(err)
	}
	insertRole(t, s, "in the log")
	left := filepath.Join(killed, "test.db")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		copyFile(t, file+suffix, left+suffix)
	}
	kept, err := store.Restore(t.Context(), "sqlite://"+left, backup, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := rolesIn(t, left); n != 0 {
		t.Errorf("the restored database has %d roles", n)
	}
	if n := rolesIn(t, kept); n != 1 {
		t.Errorf("what was replaced has %d roles", n)
	}
	if _, err := os.Stat(kept + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was replaced has a log: %v", err)
	}
}

// TestRestoreOverDamaged: the database that is replaced may be beyond reading. It and its files are kept all the same.
func TestRestoreOverDamaged(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file, backup := filepath.Join(folder, "test.db"), filepath.Join(folder, "backup.db")
	s := openSQLiteFile(t, file)
	if err := errors.Join(store.Backup(t.Context(), "sqlite://"+file, backup), s.Close()); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{file: "not a database at all, " + strings.Repeat("x", 9000), file + "-wal": "log"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := store.Restore(t.Context(), "sqlite://"+file, backup, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := rolesIn(t, file); n != 0 {
		t.Errorf("the restored database has %d roles", n)
	}
	if text, err := os.ReadFile(kept); err != nil || !strings.HasPrefix(string(text), "not a database") {
		t.Errorf("%.20q, %v", text, err)
	}
	if _, err := os.Stat(file + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the log of the damaged database lies beside the new one: %v", err)
	}
}

func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "test.db")
	url := "sqlite://" + file
	s := openSQLiteFile(t, file)
	backup := func(name string, statements ...string) string {
		path := filepath.Join(folder, name)
		if err := store.Backup(t.Context(), url, path); err != nil {
			t.Fatal(err)
		}
		db := byHand(t, "sqlite://"+path)
		for _, statement := range statements {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	newer := backup("newer", `INSERT INTO svc_users_migrations (version_id, is_applied) VALUES (999, 1)`)
	foreign := backup("foreign", `DROP TABLE svc_users_migrations`)
	dangling := backup("dangling", `PRAGMA foreign_keys = 0`, `INSERT INTO client_secrets VALUES ('x', 'none', '', '', 0, NULL, NULL)`)
	damaged := backup("damaged")
	spoil(t, damaged)
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		backup string
		want   error
		says   string
	}{
		{newer, store.ErrNewerSchema, "newer: "},
		{foreign, store.ErrDamaged, "svc_users_migrations"},
		{dangling, store.ErrDamaged, "a row of client_secrets refers to a row of accounts"},
		{damaged, store.ErrDamaged, "damaged is no whole database"},
		{text, store.ErrDamaged, "text is no whole database"},
		{file, nil, "is the database itself"},
		{folder, nil, "is not a file"},
		{filepath.Join(folder, "none"), os.ErrNotExist, ""},
	} {
		kept, err := store.Restore(t.Context(), url, c.backup, nil)
		if err == nil || kept != "" || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "-restoring") {
			t.Errorf("%s: %q, %v", c.backup, kept, err)
		}
	}
	if _, err := store.Restore(t.Context(), "postgresql://localhost/db", newer, nil); !errors.Is(err, store.ErrNotFile) {
		t.Errorf("PostgreSQL: %v", err)
	}
	if n := rolesIn(t, file); n != 0 {
		t.Errorf("the database has %d roles", n)
	}
	if left, _ := filepath.Glob(file + "-restoring*"); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
}

// TestRestoreOnceMore: what a Restore leaves that was killed is cleared away by the next.
func TestRestoreOnceMore(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file, backup := filepath.Join(folder, "test.db"), filepath.Join(folder, "backup.db")
	url := "sqlite://" + file
	s := openSQLiteFile(t, file)
	insertRole(t, s, "a")
	if err := errors.Join(store.Backup(t.Context(), url, backup), s.Close()); err != nil {
		t.Fatal(err)
	}
	alias := file + ".replaced-20260101T000000.000Z"
	if err := os.Link(file, alias); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"-restoring", "-restoring-wal", "-restoring-journal"} {
		if err := os.WriteFile(file+suffix, []byte("half of it"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := store.Restore(t.Context(), url, backup, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(alias); kept == alias || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a second name of the database is left: %v", err)
	}
	if left, _ := filepath.Glob(file + "-restoring*"); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
	if n := rolesIn(t, file); n != 1 {
		t.Errorf("%d roles", n)
	}
}

// TestRestoreWithoutDatabase: into an empty folder, or one that is not there.
func TestRestoreWithoutDatabase(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	backup := filepath.Join(folder, "backup.db")
	s := migrated(t, "sqlite://"+filepath.Join(folder, "test.db"))
	insertRole(t, s, "a")
	if err := store.Backup(t.Context(), "sqlite://"+filepath.Join(folder, "test.db"), backup); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(folder, "other", "test.db")
	kept, err := store.Restore(t.Context(), "sqlite://"+other, backup, nil)
	if err != nil || kept != "" {
		t.Fatalf("%q, %v", kept, err)
	}
	if n := rolesIn(t, other); n != 1 {
		t.Errorf("%d roles", n)
	}
}
