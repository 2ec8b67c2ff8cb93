package store

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
)

// byHand runs statements past the store, on one connection.
func byHand(t *testing.T, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// strange are settings of a database that change what values look like, or end statements early.
var strange = map[string]string{
	"datestyle": "German, DMY", "timezone": "Asia/Tokyo", "client_encoding": "LATIN1", "standard_conforming_strings": "off",
	"bytea_output": "escape", "intervalstyle": "sql_standard", "extra_float_digits": "-15", "lock_timeout": "1",
}

// TestPostgresStrangeSettings has a database with settings of its own. Everything means what it means elsewhere, with
// results in binary and, as behind PgBouncer, in text.
func TestPostgresStrangeSettings(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"cache_statement", "exec"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			url := pgtest.URL(t)
			for name, value := range strange {
				byHand(t, url, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET `+name+` = %L', current_database(), '`+value+`'); END $$`)
			}
			s := openTest(t, url+"&default_query_exec_mode="+mode)
			email, err := users.ParseEmail("ada@example.com")
			if err != nil {
				t.Fatal(err)
			}
			at := time.Date(2025, 2, 1, 23, 4, 5, 678_000, time.UTC)
			description := `a \n and é`
			role := users.Role{ID: users.NewID(), Name: "Role", Description: &description, CreatedAt: at, UpdatedAt: at}
			a := users.Account{ID: users.NewID(), Email: email, Role: role, Active: true, TokenVersion: 1, CreatedAt: at, UpdatedAt: at}
			err = s.InTx(t.Context(), func(tx users.Tx) error {
				return errors.Join(tx.InsertRole(t.Context(), role), tx.InsertAccount(t.Context(), a, "h"))
			})
			if err != nil {
				t.Fatal(err)
			}
			found, err := s.Account(t.Context(), a.ID)
			if err != nil || !found.CreatedAt.Equal(at) || found.Role.Description == nil || *found.Role.Description != description {
				t.Errorf("%+v (%v)", found, err)
			}
			key, err := s.CursorKey(t.Context())
			again, second := s.CursorKey(t.Context())
			if err := errors.Join(err, second); err != nil || len(key) != 32 || string(key) != string(again) {
				t.Errorf("a secret of %d bytes (%v)", len(key), err)
			}
			list, err := s.Migrations(t.Context())
			if err != nil || time.Since(list[0].AppliedAt).Abs() > time.Hour {
				t.Errorf("the schema was made at %v (%v)", list, err)
			}
			for name, want := range map[string]string{"TimeZone": "UTC", "DateStyle": "ISO, MDY", "standard_conforming_strings": "on", "client_encoding": "UTF8", "lock_timeout": "0"} {
				if mode == "exec" && name == "lock_timeout" {
					continue // as behind PgBouncer, where it would be set for others
				}
				var got string
				if err := s.migrator.migrationDB().QueryRowContext(t.Context(), `SHOW `+name).Scan(&got); err != nil || got != want {
					t.Errorf("%s is %q (%v)", name, got, err)
				}
			}
		})
	}
}

// TestPostgresOtherEncoding: a database that cannot keep all text is refused in one line, at once.
func TestPostgresOtherEncoding(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url := server.Database(t)
	for _, encoding := range []string{"LATIN1", "SQL_ASCII"} {
		name := "other_" + strings.ToLower(encoding)
		byHand(t, url, `CREATE DATABASE `+name+` ENCODING '`+encoding+`' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0`)
		err := Await(t.Context(), url+"&dbname="+name, time.Minute, func(why string) { t.Errorf("waited: %s", why) })
		if err == nil || !strings.Contains(err.Error(), "the encoding of the database is "+encoding) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", encoding, err)
		}
	}
}

// TestPostgresPoolerWithoutExec: what a PgBouncer in transaction mode makes of prepared statements is no defect of ours,
// and the log says what to do.
func TestPostgresPoolerWithoutExec(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"26000", "42P05"} {
		err := newFailure(t.Context(), &postgres{}, "read", &pgconn.PgError{Code: code, Message: "prepared statement"})
		if !errors.Is(translate(t.Context(), err), users.ErrUnavailable) || !strings.Contains(err.Error(), "add default_query_exec_mode=exec") {
			t.Errorf("%s: %v", code, err)
		}
	}
}
