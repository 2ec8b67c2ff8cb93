package pgtest

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// Standby starts a hot standby of this server: it follows every write by streaming replication, takes only reads, and
// is removed when the test ends.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	standby, err := startNew(func(standby *Server) error {
		out, err := standby.command("pg_basebackup", "-D", standby.data(), "-h", s.dir, "-U", superuser,
			"--write-recovery-conf", "--checkpoint=fast", "--no-sync").CombinedOutput()
		if err != nil {
			return fmt.Errorf("pg_basebackup: %w\n%s", err, out)
		}
		return nil
	})
	return standby.untilEnd(t, err)
}

// Promote makes a standby take writes, and returns when it does.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	statement := fmt.Sprintf("SELECT pg_promote(wait_seconds => %d)", int(patience.Seconds()))
	if err := run(s.url(superuser), statement); err != nil {
		t.Fatal(err)
	}
}

// Same returns the URL of the database on this server that has the name of another's: that of a standby for that of
// its primary.
func (s *Server) Same(t testing.TB, other string) string {
	t.Helper()
	u, err := url.Parse(other)
	if err != nil {
		t.Fatal("the URL of the other database is malformed")
	}
	return s.url(strings.TrimPrefix(u.Path, "/"))
}
