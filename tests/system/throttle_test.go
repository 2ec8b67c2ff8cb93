package system

import (
	"net/http"
	"strings"
	"testing"
)

// What was counted is there after kill -9, at the replica that is started next and at the others. An operator sees it and
// lifts it by the command line, while replicas run; the owner logs in all the while by a device that is known.
func TestThrottleSurvivesKill(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		settings := []string{"DATABASE_URL=" + database, "THROTTLE_ACCOUNT=4/24h"}
		s := serveWith(t, settings, "--demo")
		user := credentials("user@example.com", "user123")
		device := s.want(http.StatusOK, http.MethodPost, "/api/v1/auth/login", "", user).text("device_token")
		for range 4 {
			s.want(http.StatusUnauthorized, http.MethodPost, "/api/v1/auth/login", "", credentials("user@example.com", newPassword()))
		}
		s.want(http.StatusTooManyRequests, http.MethodPost, "/api/v1/auth/login", "", user)
		s.kill()
		s = serveWith(t, settings)
		s.want(http.StatusTooManyRequests, http.MethodPost, "/api/v1/auth/login", "", user)
		known := credentials("user@example.com", "user123")
		known["device_token"] = device
		s.want(http.StatusOK, http.MethodPost, "/api/v1/auth/login", "", known)

		command := func(want string, args ...string) {
			t.Helper()
			p := launch(t, settings, &output{}, append([]string{"throttle"}, args...))
			if status := p.wait(backWithin); status != 0 || !strings.Contains(p.stdout.tail(), want) {
				t.Errorf("throttle %s: status %d\n%s%s", strings.Join(args, " "), status, p.stdout.tail(), p.stderr.tail())
			}
		}
		command("account  ", "list", "--blocked")
		command("address  127.0.0.1", "list", "--subject", "127.0.0.1")
		command("Cleared 1 throttles", "clear", "--subject", "user@example.com")
		s.want(http.StatusOK, http.MethodPost, "/api/v1/auth/login", "", user)
		command("Nothing is throttled", "list", "--blocked")
	})
}
