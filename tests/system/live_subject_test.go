package system

import (
	"database/sql"
	"net/http"
	"slices"
	"time"
)

// subject is somebody who may read accounts by way of the parent of their role, asks all replicas to, and loses
// that in one way after the other.
type subject struct {
	*cluster
	person
	here          *server // makes the changes
	db            *sql.DB // so does this
	parent, child string
	read          string        // id of accounts:read
	asking        []*server     // those that hear of nothing, and so have to obey at once
	calm          time.Duration // how long losses are watched after they were obeyed
	pause         time.Duration // before they ask again
	watch         *watch
	lasts         []time.Duration
}

// newSubject makes one whose losses are to be obeyed within a second.
func (c *cluster) newSubject(pause time.Duration) *subject {
	c.t.Helper()
	s := &subject{
		cluster: c, here: c.a, db: byHand(c.t, c.database), read: c.permission("accounts:read"), calm: liveLimit / 10, pause: pause,
	}
	s.parent = c.newRole(map[string]any{"permission_ids": []string{s.read}})
	s.child = c.newRole(map[string]any{"parent_id": s.parent})
	s.person = c.newPerson(s.child)
	s.watch = c.watched(s.person, pause)
	return s
}

// watched has somebody read the administrator's account, for which they need accounts:read.
func (c *cluster) watched(p person, pause time.Duration) *watch {
	c.t.Helper()
	return newWatch(c.t, pause, p.token, "/api/v1/accounts/"+c.admin.id, c.replicas()...)
}

// loses takes something away, lets other things happen, and gives it back, if need be by another token.
func (s *subject) loses(l loss, meanwhile ...func()) {
	s.t.Helper()
	token := s.token
	x := s.watch.make(l.name, http.StatusOK, l.status, func() { l.take(s) })
	for _, happens := range meanwhile {
		happens()
	}
	for i, replica := range s.replicas() {
		// Who makes a change obeys it from then on; the others have a second, unless they ask.
		if slices.Contains(s.asking, replica) || replica == s.here && !l.bySQL {
			x.atOnce = append(x.atOnce, i)
		}
	}
	s.watch.settled(x, s.calm)
	s.lasts = append(s.lasts, s.watch.judge(x))
	back := http.StatusOK
	if l.forGood {
		back = l.status
	}
	x = s.watch.make("undone: "+l.name, l.status, back, func() { l.give(s) })
	s.watch.settled(x, liveLimit/10)
	s.watch.judge(x)
	if s.token != token {
		busy := s.watch.busy
		s.watch.end()
		s.watch = s.watched(s.person, s.pause)
		s.watch.busy = busy
	}
}

// change is a change by the administrator.
func (s *subject) change(method, path string, body map[string]any) {
	s.t.Helper()
	s.here.want(http.StatusOK, method, "/api/v1/"+path, s.admin.token, body)
}

func (s *subject) account(body map[string]any) {
	s.t.Helper()
	s.change(http.MethodPatch, "accounts/"+s.id, body)
}

// sql is a change by a statement. It is committed when this returns.
func (s *subject) sql(statement string) {
	s.t.Helper()
	run(s.t, s.db, statement)
}

// login has them log in, at the replica that makes the changes.
func (s *subject) login() {
	s.t.Helper()
	s.token = s.here.login(s.email, s.password)
}

// eachLoss returns what draws one loss after the other, all of them before any comes again.
func eachLoss() func() loss {
	all, n := slices.Concat(losses, lossesBySQL), 0
	return func() loss {
		n++
		return all[(n-1)*5%len(all)] // there are thirteen, so five at a time miss none
	}
}
