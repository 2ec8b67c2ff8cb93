package system

import (
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A replica stands still for three seconds, as by SIGSTOP, a frozen container or a migrated virtual machine, while rights
// are revoked through the other. Its first answers afterwards are right: the lease on its cache has ended meanwhile.
func TestLiveReplicaStandsStill(t *testing.T) {
	t.Parallel()
	c := newLiveCluster(t, 2)
	s := c.newSubject(steady)
	s.watch.end()
	draw := eachLoss()
	for range 2 * number(t, "SYSTEM_LIVE_ROUNDS", 1) {
		c.awaitLeases()
		l := draw()
		token := s.token
		c.b.want(http.StatusOK, http.MethodGet, s.path, token, nil)
		c.b.signal(syscall.SIGSTOP)
		time.Sleep(liveLimit / 20) // in which all its threads have stopped
		l.take(s)
		var wait sync.WaitGroup
		for range 30 {
			wait.Go(func() {
				if a := c.b.send(http.MethodGet, s.path, token, nil); !a.is(l.status) {
					t.Errorf("%s while a replica stands still: then it answers %d %q %v, want %d", l.name, a.status, a.Message, a.err, l.status)
				}
			})
		}
		time.Sleep(3 * liveLimit)
		c.b.signal(syscall.SIGCONT)
		wait.Wait()
		l.give(s)
		c.b.want(http.StatusOK, http.MethodGet, s.path, s.token, nil)
	}
}

// A replica that stands still again and again, for less time than its lease, keeps the limit of a second.
func TestLiveReplicaStumbles(t *testing.T) {
	t.Parallel()
	c := newLiveCluster(t, 2)
	s := c.newSubject(steady)
	s.watchFor = liveLimit * 13 / 10
	draw := eachLoss()
	for range 3 * number(t, "SYSTEM_LIVE_ROUNDS", 1) {
		c.awaitLeases()
		s.loses(draw(), func() {
			for range 4 {
				c.b.signal(syscall.SIGSTOP)
				time.Sleep(liveLimit * 3 / 10)
				c.b.signal(syscall.SIGCONT)
				time.Sleep(liveLimit / 50)
			}
		})
	}
	report(t, "of a replica that stumbles", s.lasts)
}
