package system

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// A PgBouncer in transaction mode whose URL lacks default_query_exec_mode=exec: nothing is answered 500, and the log says
// what to add.
func TestPgBouncerWithoutExec(t *testing.T) {
	t.Parallel()
	database := withPassword(t, pgtest.URL(t))
	exec := newPgBouncer(t, database)
	good := serve(t, exec, "--demo")
	token := good.login("admin@example.com", "admin123")
	s := begin(t, []string{"DATABASE_URL=" + strings.Replace(exec, "default_query_exec_mode=exec", "pool_max_conns=8", 1)})
	s.listening()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 20 {
				for _, path := range []string{"/api/v1/auth/me", "/api/v1/accounts", "/api/v1/roles", "/readyz"} {
					if a := s.send(http.MethodGet, path, token, nil); !a.is(http.StatusOK, http.StatusServiceUnavailable) {
						t.Errorf("%s: %d %q %v", path, a.status, a.Message, a.err)
					}
				}
			}
		})
	}
	wait.Wait()
	if !strings.Contains(s.stderr.tail(), "add default_query_exec_mode=exec") {
		t.Errorf("the log does not say what to do")
	}
}
