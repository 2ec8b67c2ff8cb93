package feed_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

// upheaval changes a database at random, by SQL, so that it comes to what the rules would never let it come to.
type upheaval struct {
	*feedWorld
	r      *rand.Rand
	n      int
	backup bool
}

// pickID returns the id of any of what a table has, as a text.
func (u *upheaval) pickID(table string) string {
	query := `SELECT id FROM ` + table
	if table == "permissions" {
		query += ` WHERE name <> 'changes:read'` // without which no account may follow
	}
	ids := u.ids(query + ` ORDER BY id`)
	if len(ids) == 0 {
		return users.NewID().String()
	}
	return ids[u.r.IntN(len(ids))].String()
}

func (u *upheaval) name(kind string) string {
	u.n++
	return fmt.Sprintf("%s%d", kind, u.n)
}

// happen does one thing, and says what.
func (u *upheaval) happen() string {
	times := `now(), now()`
	if u.sqlite {
		times = `1, 1`
	}
	things := []struct {
		what string
		do   func()
	}{
		{"a role more", func() {
			name := u.name("role")
			u.sql(`INSERT INTO roles (id, name, name_key, is_system, created_at, updated_at) VALUES ('%s', '%s', '%s', '0', %s)`, users.NewID(), name, name, times)
		}},
		{"a permission more", func() {
			u.sql(`INSERT INTO permissions (id, name, created_at, updated_at) VALUES ('%s', '%s', %s)`, users.NewID(), u.name("p:"), times)
		}},
		{"a role renamed", func() {
			name := u.name("renamed")
			u.sql(`UPDATE roles SET name = '%s', name_key = '%s' WHERE id = '%s'`, name, name, u.pickID("roles"))
		}},
		{"a permission renamed", func() {
			u.sql(`UPDATE permissions SET name = '%s' WHERE id = '%s'`, u.name("q:"), u.pickID("permissions"))
		}},
		{"a permission deleted", func() { u.sql(`DELETE FROM permissions WHERE id = '%s'`, u.pickID("permissions")) }},
		{"another parent, and perhaps a cycle", func() {
			u.sql(`UPDATE roles SET parent_id = '%s' WHERE id = '%s'`, u.pickID("roles"), u.pickID("roles"))
		}},
		{"no parent", func() { u.sql(`UPDATE roles SET parent_id = NULL WHERE id = '%s'`, u.pickID("roles")) }},
		{"a role deleted", func() {
			id := u.pickID("roles")
			u.sql(`UPDATE roles SET parent_id = NULL WHERE parent_id = '%s'`, id)
			u.sql(`DELETE FROM roles WHERE id = '%s' AND is_system = '0' AND id NOT IN (SELECT role_id FROM accounts)`, id)
		}},
		{"a right given", func() { u.give(1) }},
		{"many rights given", func() { u.give(40) }},
		{"a right taken", func() {
			u.sql(`DELETE FROM role_permissions WHERE role_id = '%s' AND permission_id > '%s'`, u.pickID("roles"), u.pickID("permissions"))
		}},
		{"a permission taken from all", func() { u.sql(`DELETE FROM role_permissions WHERE permission_id = '%s'`, u.pickID("permissions")) }},
		{"a right moved", func() {
			to, right := u.pickID("roles"), u.pickID("permissions")
			u.sql(`UPDATE role_permissions SET role_id = '%s' WHERE permission_id = '%s' AND NOT EXISTS (SELECT 1 FROM role_permissions o WHERE o.role_id = '%s')
				AND role_id = (SELECT o.role_id FROM role_permissions o WHERE o.permission_id = '%s' ORDER BY o.role_id LIMIT 1)`, to, right, to, right)
		}},
		{"another role Admin", func() {
			u.sql(`UPDATE roles SET is_system = '0'`)
			u.sql(`UPDATE roles SET is_system = '1' WHERE id = '%s'`, u.pickID("roles"))
		}},
		{"an account more", func() {
			email := u.name("a") + "@example.com"
			u.sql(`INSERT INTO accounts (id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at)
				VALUES ('%s', '%s', '%s', 'x', '%s', '1', 1, %s)`, users.NewID(), email, email, u.pickID("roles"), times)
		}},
		{"an account's role", func() {
			u.sql(`UPDATE accounts SET role_id = '%s' WHERE id = '%s'`, u.pickID("roles"), u.pickID("accounts"))
		}},
		{"accounts disabled", func() { u.sql(`UPDATE accounts SET is_active = '0' WHERE id > '%s'`, u.pickID("accounts")) }},
		{"accounts enabled", func() { u.sql(`UPDATE accounts SET is_active = '1', token_version = token_version + 1`) }},
		{"an account deleted", func() { u.sql(`DELETE FROM accounts WHERE id = '%s'`, u.pickID("accounts")) }},
	}
	thing := things[u.r.IntN(len(things))]
	if u.r.IntN(25) == 0 {
		if u.backup {
			u.restore()
			return "a backup restored"
		}
		u.save()
		return "a backup made"
	}
	thing.do()
	return thing.what
}

func (u *upheaval) give(most int) {
	u.sql(`INSERT INTO role_permissions SELECT r.id, p.id FROM roles r, permissions p WHERE r.id = '%s' AND p.id >= '%s' ORDER BY p.id LIMIT %d ON CONFLICT DO NOTHING`,
		u.pickID("roles"), u.pickID("permissions"), most)
}

// kept are the tables that a backup of the database has, those that others refer to first.
var kept = []string{"roles", "permissions", "role_permissions", "accounts", "authorization_stamp", "account_changes", "rights_changes", "change_marks"}

func (u *upheaval) save() {
	for _, table := range kept {
		u.sql(`DROP TABLE IF EXISTS backup_%s`, table)
		u.sql(`CREATE TABLE backup_%s AS SELECT * FROM %s`, table, table)
	}
	u.backup = true
}

// trigger is one of SQLite's, with the statement that makes it.
type trigger struct{ name, text string }

func (u *upheaval) triggers() (list []trigger) {
	found, err := u.db.QueryContext(u.t.Context(), `SELECT name, sql FROM sqlite_master WHERE type = 'trigger'`)
	must(u.t, err)
	defer found.Close()
	for found.Next() {
		var one trigger
		must(u.t, found.Scan(&one.name, &one.text))
		list = append(list, one)
	}
	must(u.t, found.Err())
	return list
}

// restore puts back the rows of the backup as a restore does: without triggers, and all at once.
func (u *upheaval) restore() {
	rows := func() {
		for i := range kept {
			u.sql(`DELETE FROM %s`, kept[len(kept)-1-i])
		}
		for _, table := range kept {
			u.sql(`INSERT INTO %s SELECT * FROM backup_%s`, table, table)
		}
	}
	if u.sqlite {
		triggers := u.triggers()
		u.sql(`PRAGMA foreign_keys = off`)
		u.sql(`BEGIN`)
		for _, one := range triggers {
			u.sql(`DROP TRIGGER %s`, one.name)
		}
		rows()
		for _, one := range triggers {
			u.sql(`%s`, one.text)
		}
		u.sql(`INSERT INTO accounts_search (accounts_search) VALUES ('rebuild')`)
		u.sql(`COMMIT`)
		u.sql(`PRAGMA foreign_keys = on`)
		return
	}
	tx, err := u.db.BeginTx(u.t.Context(), nil)
	must(u.t, err)
	u.on = tx
	u.sql(`SET LOCAL session_replication_role = replica`)
	rows()
	u.on = nil
	must(u.t, tx.Commit())
}

// Whatever changes between two statements, and however: when a follower is told that this is all, what it knows is
// what the database has, whether it asks after each change, now and then, or for the first time.
func TestFollowersComeToWhatTheDatabaseHas(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, w *feedWorld) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		u := &upheaval{feedWorld: w, r: rand.New(rand.NewPCG(seed, 8))}
		// Three things and some ten ids a statement, so that roles are told in pieces.
		w.feed.Bound(3, feed.StatementFrame+900)
		for range 30 {
			u.happen()
		}
		early, lazy := &model{w: w}, &model{w: w}
		for i := range 250 {
			what := fmt.Sprintf("seed %d: %d: %s", seed, i, u.happen())
			for range u.r.IntN(4) { // in the middle of it
				early.next()
			}
			if early.whole && u.r.IntN(3) == 0 {
				early.catchUp()
				early.agrees(what)
			}
			if u.r.IntN(20) == 0 {
				lazy.catchUp()
				lazy.agrees(what + ", seen late")
			}
			if u.r.IntN(40) == 0 {
				fresh := &model{w: w}
				fresh.catchUp()
				fresh.agrees(what + ", seen first")
			}
		}
		early.catchUp()
		early.agrees("at the end")
		if early.pages < 50 {
			t.Errorf("%d statements", early.pages)
		}
	})
}
