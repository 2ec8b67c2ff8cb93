package feed_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
	"github.com/svc-users/svc-users/internal/token"
)

// signedStatements measures what is really signed.
type signedStatements struct {
	plainSigner
	keys    *token.KeySet
	longest *atomic.Int64
}

func (s signedStatements) SignChanges(c feed.Statement) (string, error) {
	if n := len(c.Permissions) + len(c.Roles) + len(c.Accounts); n > feed.MaxChangesTold {
		return "", fmt.Errorf("%d things in one statement", n)
	}
	text, err := s.keys.SignChanges(c)
	if err != nil {
		return "", err
	}
	s.longest.Store(max(s.longest.Load(), int64(len(text))))
	return s.plainSigner.SignChanges(c)
}

// manyKeys are as many as a statement has room for.
type manyKeys struct{ signs string }

func (k manyKeys) AcceptedKeys(context.Context, string) ([]string, error) {
	ids := []string{k.signs}
	for n := range 300 {
		ids = append(ids, fmt.Sprintf("%043d", n))
	}
	return ids, nil
}

// fill makes many permissions and roles with names as long as they may be, one role that has all of
// them, some that have a few, and some that have none.
func (w *feedWorld) fill(permissions, roles int) {
	id := `(CAST('0199e7a0-0000-7000-8000-' || lpad(CAST(n AS text), 12, '0') AS uuid))`
	times, numbers := `now(), now()`, `generate_series(1, %d) AS s (n)`
	if w.sqlite {
		id, times = `('0199e7a0-0000-7000-8000-' || printf('%012d', n))`, `1, 1`
		numbers = `(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d) SELECT n FROM s) AS s`
	}
	series := func(n int) string { return fmt.Sprintf(numbers, n) }
	all := users.NewID().String()
	for _, statement := range []string{
		`INSERT INTO permissions (id, name, created_at, updated_at) SELECT ` + id + `, '` + strings.Repeat("x", 90) + `' || CAST(n AS text), ` + times + ` FROM ` + series(permissions),
		`INSERT INTO roles (id, name, name_key, is_system, created_at, updated_at) SELECT ` + id + `, '` + strings.Repeat("𝔸", 90) + `' || CAST(n AS text), 'role ' || CAST(n AS text), '0', ` + times + ` FROM ` + series(roles),
		`INSERT INTO roles (id, name, name_key, is_system, created_at, updated_at) VALUES ('` + all + `', 'all', 'all', '0', ` + times + `)`,
		`INSERT INTO role_permissions SELECT '` + all + `', id FROM permissions`,
		`INSERT INTO role_permissions SELECT r.id, p.id FROM roles r, (SELECT id FROM permissions ORDER BY id LIMIT 3) AS p WHERE r.id <> '` + all + `' AND NOT r.is_system AND r.name_key < 'role 5'`,
	} {
		if _, err := w.db.ExecContext(context.Background(), statement); err != nil {
			w.t.Fatalf("%.200s: %v", statement, err)
		}
	}
}

// However much there is, no answer is long, and the memory that telling it takes stays small: the roles are never
// read all at once.
func TestStatementsAreBounded(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, w *feedWorld) {
		const permissions, roles = 8_000, 3_000
		key, err := token.GenerateKey(token.RS256)
		must(t, err)
		keys, err := token.NewKeySet(key, nil, token.Options{Issuer: "https://id.example", Audiences: []string{"https://api.example"}})
		must(t, err)
		var longest atomic.Int64
		w.feed.Signer, w.feed.Keys = signedStatements{plainSigner{&w.told}, keys, &longest}, manyKeys{key.ID()}
		w.fill(permissions, roles)
		m := &model{w: w}
		m.catchUp()
		t.Logf("%d statements, at most %d bytes", m.pages, longest.Load())
		if longest.Load() > 270<<10 {
			t.Errorf("a statement has %d bytes", longest.Load())
		}
		m.agrees("much")
		// What changes is told, and not what is beside it.
		before := m.pages
		w.sql(`UPDATE roles SET name = 'Changed', name_key = 'changed' WHERE name_key = 'role 7'`)
		m.catchUp()
		if m.pages != before+1 {
			t.Errorf("one role was told in %d statements", m.pages-before)
		}
		told, _ := w.told.Load(w.last)
		if s := told.(feed.Statement); len(s.Roles) != 1 || len(s.Permissions)+len(s.Accounts) > 0 {
			t.Errorf("for one role %d roles and %d permissions were told", len(s.Roles), len(s.Permissions))
		}
		m.agrees("one role more")
		// A role that is told in pieces and changes meanwhile is told again, whole.
		w.sql(`UPDATE roles SET name = 'All', name_key = 'ALL' WHERE name = 'all'`)
		m.next()
		if m.whole {
			t.Fatal("it was told at once")
		}
		w.sql(`DELETE FROM role_permissions WHERE role_id IN (SELECT id FROM roles WHERE name = 'All') AND permission_id IN (SELECT id FROM permissions ORDER BY id LIMIT 100)`)
		m.catchUp()
		m.agrees("changed while it was told")
	})
}

// By hand a name can be as long as one likes, and hold what is no text; neither stops what follows.
func TestNamesThatAreNone(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, w *feedWorld) {
		m := &model{w: w}
		m.catchUp()
		many := `repeat('x', 100000)`
		if w.sqlite {
			many = `hex(randomblob(1000000))`
			w.sql(`INSERT INTO permissions (id, name, created_at, updated_at) VALUES ('%s', CAST(x'ff01' AS TEXT), 1, 1)`, users.NewID())
		}
		w.sql(`INSERT INTO permissions (id, name, created_at, updated_at) SELECT '%s', %s, created_at, created_at FROM roles`, users.NewID(), many)
		w.sql(`UPDATE roles SET name = %s`, many)
		w.sql(`UPDATE permissions SET name = 'x:other' WHERE name = 'roles:read'`)
		m.catchUp()
		names := map[string]bool{}
		for _, name := range m.permissions {
			names[name] = true
		}
		if len(names) != len(users.SystemPermissions()) || !names["x:other"] {
			t.Errorf("%d names are told", len(names))
		}
		for _, r := range m.roles {
			if len(r.Name) > 1000 || !r.All {
				t.Errorf("a role has a name of %d bytes", len(r.Name))
			}
		}
	})
}

// The clock of the rules is hours before or behind that of the database: one who begins anew is told of all that
// happened within the life of a token and the margin, by the clock that dates it, and nothing is forgotten too early.
func TestClocksThatDisagree(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{-26 * time.Hour, -90 * time.Minute, 0, 90 * time.Minute, 26 * time.Hour, 400 * 24 * time.Hour} {
		t.Run(fmt.Sprint(ahead), func(t *testing.T) {
			t.Parallel()
			onBothDatabases(t, func(t *testing.T, w *feedWorld) {
				w.ahead = ahead
				times, ago := `now(), now()`, `changed_at - interval '%d minutes'`
				if w.sqlite {
					times, ago = `1, 1`, `changed_at - %d * 60000000`
				}
				ids := map[string]users.ID{}
				for _, name := range []string{"now", "young", "old"} {
					ids[name] = users.NewID()
					w.sql(`INSERT INTO accounts (id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at)
						SELECT '%s', '%s@example.com', '%s@example.com', 'x', id, '1', 1, %s FROM roles`, ids[name], name, name, times)
				}
				w.sql(`UPDATE accounts SET is_active = '0'`)
				// Tokens live an hour here, and the margin is another.
				w.sql(`UPDATE account_changes SET changed_at = `+ago+` WHERE account_id = '%s'`, 115, ids["young"])
				w.sql(`UPDATE account_changes SET changed_at = `+ago+` WHERE account_id = '%s'`, 125, ids["old"])
				must(t, w.feed.ForgetChanges(t.Context()))
				m := &model{w: w}
				m.catchUp()
				for name, want := range map[string]bool{"now": true, "young": true, "old": false} {
					if _, told := m.accounts[ids[name]]; told != want {
						t.Errorf("the change that is %s is told: %t", name, told)
					}
				}
				if n := len(w.ids(`SELECT account_id FROM account_changes`)); n != 3 {
					t.Errorf("%d changes are left", n)
				}
			})
		})
	}
}

// One account makes up cursors as fast as it can. Another's follower is answered in time, as ever.
func TestMadeUpCursorsHoldUpNobodyElse(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, w *feedWorld) {
		w.fill(2_000, 100)
		w.follower = w.administrator("follower")
		attacker := w.administrator("attacker")
		m := &model{w: w}
		m.catchUp()
		known := m.cursor
		ctx, stop := context.WithCancel(t.Context())
		var flood sync.WaitGroup
		var asked, made, refused atomic.Int64
		for n := range 64 {
			flood.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					parts := strings.Split(known, ".")
					cursor := fmt.Sprintf("made-up %d %d", n, i)
					if i%2 == 0 { // well formed, and dear to answer
						cursor = strings.Join([]string{fmt.Sprint(1000*n + i), parts[1], parts[2], "0", "0", "-"}, ".")
					}
					if i%3 == 0 { // well formed, and none of ours
						cursor = strings.Join([]string{fmt.Sprint(1000*n + i), parts[1], users.NewID().String(), "0", "0", "-"}, ".")
					}
					_, err := w.feed.Read(ctx, attacker, feed.Query{After: cursor})
					asked.Add(1)
					switch {
					case errors.Is(err, users.ErrTooMany):
						refused.Add(1)
					case err == nil:
						made.Add(1)
					}
				}
			})
		}
		for asked.Load() < 10 {
			time.Sleep(time.Millisecond)
		}
		var waits []time.Duration
		for i := range 20 {
			w.sql(`UPDATE roles SET name = 'R%d', name_key = 'r%d' WHERE name_key = 'role 1' OR name_key = 'r%d'`, i, i, i-1)
			began := time.Now()
			m.catchUp()
			waits = append(waits, time.Since(began))
		}
		slices.Sort(waits)
		began := time.Now()
		fresh := &model{w: w}
		fresh.catchUp()
		t.Logf("of %d requests %d were refused and %d answered; a follower waited %v to %v, a fresh one %v", asked.Load(), refused.Load(), made.Load(), waits[0], waits[19], time.Since(began))
		stop()
		flood.Wait()
		if refused.Load() == 0 {
			t.Error("none was refused")
		}
		// On a busy machine some take long; who is held up is so each time.
		if waits[5] > 5*time.Second {
			t.Errorf("a follower waited %v", waits)
		}
	})
}
