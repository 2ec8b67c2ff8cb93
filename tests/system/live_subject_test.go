package system

import (
	"database/sql"
	"net/http"
	"slices"
	"time"
)

// subject is an account with a permission that its role inherits. It sends requests that need the permission to all
// replicas, and loses the permission in one way after the other.
type subject struct {
	*cluster
	person
	here          *server // makes the changes
	db            *sql.DB // so does this
	parent, child string
	right, name   string        // id and name of the permission
	path          string        // of the requests
	asking        []*server     // replicas without notifications, which have to enforce a change at once
	watchFor      time.Duration // how long a loss is watched after all replicas have enforced it
	pause         time.Duration // between requests
	watch         *watch
	lasts         []time.Duration
}

// newSubject makes a subject with a permission of its own that uses forward authentication, which is answered from the
// cache while the lease lasts.
func (c *cluster) newSubject(pause time.Duration) *subject {
	c.t.Helper()
	id, name := c.newPermission()
	return c.subject(pause, id, name, forwardFor(name))
}

// newReader makes a subject that holds accounts:read and reads the administrator's account.
func (c *cluster) newReader(pause time.Duration) *subject {
	c.t.Helper()
	return c.subject(pause, c.permission("accounts:read"), "accounts:read", "/api/v1/accounts/"+c.admin.id)
}

func (c *cluster) subject(pause time.Duration, right, name, path string) *subject {
	c.t.Helper()
	s := &subject{
		cluster: c, here: c.a, db: byHand(c.t, c.database), right: right, name: name, path: path,
		watchFor: liveLimit / 10, pause: pause,
	}
	s.parent = c.newRole(map[string]any{"permission_ids": []string{right}})
	s.child = c.newRole(map[string]any{"parent_id": s.parent})
	s.person = c.newPerson(s.child)
	s.watch = newWatch(c.t, pause, s.token, path, c.replicas()...)
	return s
}

// bystander watches the requests of an account that loses nothing.
func (c *cluster) bystander(pause time.Duration) *watch {
	c.t.Helper()
	return newWatch(c.t, pause, c.newPerson(c.roles["Manager"]).token, forwardFor("accounts:read"), c.replicas()...)
}

// forwardFor is the path of forward authentication for a permission.
func forwardFor(name string) string { return "/api/v1/auth/forward?require=" + name }

// loses makes a loss, calls meanwhile, checks the answers, and undoes the loss, if need be with a new token.
func (s *subject) loses(l loss, meanwhile ...func()) {
	s.t.Helper()
	token := s.token
	x := s.watch.make(l.name, http.StatusOK, l.status, func() { l.take(s) })
	for _, happens := range meanwhile {
		happens()
	}
	for i, replica := range s.replicas() {
		// The replica that made the change enforces it at once; the others have a second, unless they query the
		// database on each request.
		if slices.Contains(s.asking, replica) || replica == s.here && !l.bySQL {
			x.atOnce = append(x.atOnce, i)
		}
	}
	s.watch.settled(x, s.watchFor)
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
		s.watch = newWatch(s.t, s.pause, s.token, s.path, s.replicas()...)
		s.watch.busy = busy
	}
}

// change sends a change by the administrator.
func (s *subject) change(method, path string, body map[string]any) {
	s.t.Helper()
	s.here.want(http.StatusOK, method, "/api/v1/"+path, s.admin.token, body)
}

func (s *subject) account(body map[string]any) {
	s.t.Helper()
	s.change(http.MethodPatch, "accounts/"+s.id, body)
}

// sql makes a change by a statement, which is committed when sql returns.
func (s *subject) sql(statement string) {
	s.t.Helper()
	run(s.t, s.db, statement)
}

// login logs the account in, at the replica that makes the changes.
func (s *subject) login() {
	s.t.Helper()
	s.token = s.here.login(s.email, s.password)
}

// eachLoss returns a function that gives one loss after the other, all of them before any comes again.
func eachLoss() func() loss {
	all, n := slices.Concat(losses, lossesBySQL, lossesOfPermission), 0
	return func() loss {
		n++
		return all[(n-1)*5%len(all)] // there are sixteen, so five at a time miss none
	}
}
