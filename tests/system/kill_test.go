package system

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// backWithin is how long the service may be away after whatever took it away is over, by the machine's clock.
const backWithin = 5 * time.Second

// Many clients write to two replicas, and one of them, or both, are killed at any moment. Acknowledged writes are there
// afterwards, no write is there in part, the other replica goes on, and a killed replica works again when it is started.
func TestKillNineWhileWriting(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		writers := c.newWriters(6)
		var all []write
		for round := range rounds(t, 3) {
			c.killWhileWriting(writers, round%3 != 1, round%3 != 0)
			for _, w := range writers {
				all = append(all, w.check(c.any())...)
			}
			if t.Failed() {
				return
			}
		}
		t.Logf("%d new roles, deletions and accounts, %d of them without an answer", len(all), countUnanswered(all))
		checkWrites(t, c.any(), all) // a later kill may have hit what an earlier one left
		c.wholeAccounts()
		c.sound()
	})
}

// killWhileWriting kills replicas under their writers, and starts them again.
func (c *cluster) killWhileWriting(writers []*writer, killA, killB bool) {
	c.t.Helper()
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for i, w := range writers {
		w.s = c.replicas()[i%2]
		wait.Go(func() { w.work(stop, false) })
	}
	time.Sleep(50*time.Millisecond + rand.N(350*time.Millisecond))
	var killing sync.WaitGroup
	if killA {
		killing.Go(c.a.kill)
	}
	if killB {
		killing.Go(c.b.kill)
	}
	killing.Wait()
	time.Sleep(100 * time.Millisecond) // in which a replica that is left must not be held up
	close(stop)
	wait.Wait()
	if !killA {
		c.unhindered(c.a)
	}
	if !killB {
		c.unhindered(c.b)
	}
	began := machineTime()
	if killA {
		c.a = serve(c.t, c.database)
	}
	if killB {
		c.b = serve(c.t, c.database)
	}
	for _, s := range c.replicas() {
		s.want(http.StatusOK, http.MethodGet, "/readyz", "", nil)
		s.want(http.StatusOK, http.MethodGet, "/api/v1/auth/me", c.admin.token, nil)
	}
	if took := machineSince(began); took > backWithin {
		c.t.Errorf("the service was back after %v", took)
	}
}

// unhindered fails the test if a write has to wait for a replica that was killed while it held a lock.
func (c *cluster) unhindered(s *server) {
	c.t.Helper()
	began := machineTime()
	a := s.send(http.MethodPost, "/api/v1/roles", c.admin.token, map[string]any{"name": unique("After")})
	if took := machineSince(began); !a.is(http.StatusCreated) || took > backWithin {
		c.t.Errorf("after the other replica was killed, a write is answered %d %q %v after %v", a.status, a.Message, a.err, took)
	}
}

// sound asks the database itself whether it is whole.
func (c *cluster) sound() {
	c.t.Helper()
	db := byHand(c.t, c.database)
	for query, want := range map[string]string{
		`SELECT count(*) FROM accounts WHERE role_id NOT IN (SELECT id FROM roles)`:                                "0",
		`SELECT count(*) FROM roles WHERE parent_id IS NOT NULL AND parent_id NOT IN (SELECT id FROM roles)`:       "0",
		`SELECT count(*) FROM role_permissions WHERE permission_id NOT IN (SELECT id FROM permissions)`:            "0",
		`SELECT count(*) FROM role_permissions WHERE role_id NOT IN (SELECT id FROM roles)`:                        "0",
		`SELECT count(*) FROM accounts WHERE password_hash NOT LIKE '$2b$%' AND password_hash NOT LIKE '$bcrypt%'`: "0",
	} {
		if got := one(c.t, db, query); got != want {
			c.t.Errorf("%s: %s", query, got)
		}
	}
	if !strings.HasPrefix(c.database, "sqlite") {
		return
	}
	if got := one(c.t, db, `PRAGMA integrity_check`); got != "ok" {
		c.t.Errorf("the integrity check says %s", got)
	}
	if got := table(c.t, db, `PRAGMA foreign_key_check`); len(got) != 0 {
		c.t.Errorf("the foreign key check says %s", got)
	}
}
