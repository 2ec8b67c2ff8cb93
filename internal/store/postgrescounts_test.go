package store_test

import (
	"testing"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
)

// TestPostgresCountsByHand: totals follow SQL by hand, from whatever schema it comes and whatever the schema
// is called by now, and are no trap for who has tables of the same name.
func TestPostgresCountsByHand(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	admin(t, url, `CREATE SCHEMA ours`)
	s, a := withAccount(t, with(url, "search_path=ours"))
	renamed, err := users.ParseEmail("eve@other.example")
	if err != nil {
		t.Fatal(err)
	}
	want := func(active, disabled int) {
		t.Helper()
		for _, c := range []struct {
			active *bool
			want   int
		}{{pointer(true), active}, {pointer(false), disabled}, {nil, active + disabled}} {
			if got, err := s.CountAccounts(t.Context(), users.AccountFilter{Active: c.active}, 0); err != nil || got != c.want {
				t.Errorf("counted %d (%v), want %d", got, err, c.want)
			}
		}
	}
	want(1, 0)
	admin(t, url, `CREATE TEMPORARY TABLE account_counts (role_id uuid, is_active boolean, shard integer, total bigint, PRIMARY KEY (role_id, is_active, shard))`,
		`INSERT INTO ours.accounts SELECT gen_random_uuid(), 'b', 'b', '', role_id, false, 1, now(), now() FROM ours.accounts`,
		`INSERT INTO ours.accounts SELECT gen_random_uuid(), 'c', 'c', '', role_id, false, 1, now(), now() FROM ours.accounts LIMIT 1`)
	want(1, 2)
	admin(t, url, `ALTER SCHEMA ours RENAME TO theirs`, `UPDATE theirs.accounts SET is_active = true WHERE email_key = 'b'`,
		`ALTER SCHEMA theirs RENAME TO ours`)
	want(2, 1)
	admin(t, url, `TRUNCATE ours.accounts CASCADE`)
	want(0, 0)
	a.ID, a.Email = users.NewID(), renamed
	if err := s.InTx(t.Context(), func(tx users.Tx) error { return tx.InsertAccount(t.Context(), a, "h") }); err != nil {
		t.Fatal(err)
	}
	want(1, 0)
}

func pointer[T any](v T) *T { return &v }
