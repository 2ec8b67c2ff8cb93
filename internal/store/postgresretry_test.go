package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
)

// TestPostgresDeadlock: SQL by hand takes two rows in the other order. PostgreSQL ends one of the two transactions,
// here always ours, since it looks for deadlocks sooner. It is run again, and both have done their work.
func TestPostgresDeadlock(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s, a := withAccount(t, with(url, "deadlock_timeout=20ms"))
	ctx := t.Context()
	b := a
	b.ID = users.NewID()
	var err error
	if b.Email, err = users.ParseEmail("bob@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := s.InTx(ctx, func(tx users.Tx) error { return tx.InsertAccount(ctx, b, "h") }); err != nil {
		t.Fatal(err)
	}

	byHand, err := pgx.Connect(ctx, with(url, "deadlock_timeout=1min"))
	if err != nil {
		t.Fatal(err)
	}
	defer byHand.Close(context.WithoutCancel(ctx))
	const touch = `UPDATE accounts SET password_hash = 'by hand' WHERE id = $1`
	theirs, err := byHand.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Exec(ctx, touch, b.ID.String()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	runs := 0
	err = s.InTx(ctx, func(tx users.Tx) error {
		if err := tx.SetPasswordHash(ctx, a.ID, "ours"); err != nil {
			return err
		}
		if runs++; runs == 1 {
			go func() {
				_, err := theirs.Exec(ctx, touch, a.ID.String())
				done <- errors.Join(err, theirs.Commit(ctx))
			}()
			waitsForLock(t, url)
		}
		return tx.SetPasswordHash(ctx, b.ID, "ours")
	})
	if err != nil || runs != 2 {
		t.Errorf("%d runs, %v", runs, err)
	}
	if err := <-done; err != nil {
		t.Errorf("the transaction by hand: %v", err)
	}
	var n int
	if err := byHand.QueryRow(ctx, `SELECT count(*) FROM accounts WHERE password_hash = 'ours'`).Scan(&n); err != nil || n != 2 {
		t.Errorf("of two accounts %d have what was written last (%v)", n, err)
	}
}

// waitsForLock waits until a connection waits for the lock of a row.
func waitsForLock(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for began := time.Now(); time.Since(began) < patience; time.Sleep(5 * time.Millisecond) {
		var n int
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
	}
	t.Fatal("no session waits for a lock")
}

// TestPostgresConflictIsRetried has the server say, for the first few times, what it says where transactions are
// serializable: at a statement, or at the commit alone. What passes is not seen by the caller. What does not is
// ErrUnavailable after a few runs, and nothing was changed.
func TestPostgresConflictIsRetried(t *testing.T) {
	t.Parallel()
	const atOnce, atCommit = `TRIGGER troubled AFTER UPDATE`, `CONSTRAINT TRIGGER troubled AFTER UPDATE`
	for _, test := range []struct {
		name, trigger, timing, code, times string
		runs                               int
	}{
		{"a serialization failure at a statement", atOnce, "", "40001", "2", 3},
		{"a deadlock at a statement", atOnce, "", "40P01", "1", 2},
		{"a serialization failure at the commit", atCommit, "DEFERRABLE INITIALLY DEFERRED", "40001", "2", 3},
		{"a deadlock at the commit", atCommit, "DEFERRABLE INITIALLY DEFERRED", "40P01", "1", 2},
		{"one that does not pass", atOnce, "", "40001", "1000", 4},
		{"one at the commit that does not pass", atCommit, "DEFERRABLE INITIALLY DEFERRED", "40001", "1000", 4},
		// As NOTIFY says it, whose queue is looked at in the commit.
		{"a full queue at the commit", atCommit, "DEFERRABLE INITIALLY DEFERRED", "54000", "2", 3},
		{"a queue that stays full", atCommit, "DEFERRABLE INITIALLY DEFERRED", "54000", "1000", 4},
		{"a full disk at the commit", atCommit, "DEFERRABLE INITIALLY DEFERRED", "53100", "1000", 4},
		{"an error of the disk at a statement", atOnce, "", "58030", "1000", 4},
		{"no transaction numbers at a statement", atOnce, "", "54000", "1000", 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.URL(t)
			s, a := withAccount(t, url)
			// A sequence counts on whatever becomes of the transaction.
			admin(t, url, `CREATE SEQUENCE runs`,
				`CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$
				BEGIN
					IF nextval('runs') <= `+test.times+` THEN
						RAISE EXCEPTION 'in trouble' USING ERRCODE = '`+test.code+`';
					END IF;
					RETURN NULL;
				END $$`,
				`CREATE `+test.trigger+` ON accounts `+test.timing+` FOR EACH ROW EXECUTE FUNCTION trouble()`)
			runs := 0
			err := s.InTx(t.Context(), func(tx users.Tx) error {
				runs++
				changed := a
				changed.TokenVersion++
				return tx.UpdateAccount(t.Context(), changed)
			})
			passes := test.runs < 4
			if runs != test.runs || passes && err != nil || !passes && !errors.Is(err, users.ErrUnavailable) {
				t.Errorf("%d runs, want %d: %v", runs, test.runs, err)
			}
			if err != nil && strings.Contains(err.Error(), "cannot be told") {
				t.Errorf("it is not known that nothing was changed: %v", err)
			}
			now, err := s.Account(t.Context(), a.ID)
			if err != nil || (now.TokenVersion == a.TokenVersion+1) != passes {
				t.Errorf("the version is %d (%v)", now.TokenVersion, err)
			}
		})
	}
}
