package system

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Each refresh that is repeated, and each refresh token that is used again, has a line of its own in the log, which names
// the session and the client and holds no token.
func TestReusedRefreshTokensAreLogged(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		// Without a window every repetition is a recovery, and the second of a day a reuse.
		s := serveWith(t, []string{"DATABASE_URL=" + database, "REFRESH_REUSE_WINDOW=0s"}, "--demo")
		begun := s.want(http.StatusOK, http.MethodPost, "/api/v1/auth/login", "", map[string]any{
			"email": "admin@example.com", "password": "admin123", "session": true,
		})
		id := s.want(http.StatusOK, http.MethodGet, "/api/v1/auth/me", begun.text("token"), nil).text("id")
		sent := 0
		refresh := func(status int, token string) answer {
			t.Helper()
			sent++
			return s.want(status, http.MethodPost, "/api/v1/auth/refresh", "", map[string]any{"refreshToken": token})
		}
		tokens := []string{begun.text("token"), begun.text("refreshToken")}
		next := refresh(http.StatusOK, tokens[1])
		tokens = append(tokens, next.text("token"), next.text("refreshToken"))
		logged := func(level, message string, times int) {
			t.Helper()
			// The record of a request is written after all others that it causes.
			until(t, "the requests are in the log", func() bool { return strings.Count(s.stderr.tail(), `"route":"/api/v1/auth/refresh"`) == sent })
			found := 0
			for line := range strings.Lines(s.stderr.tail()) {
				if !strings.Contains(line, message) {
					continue
				}
				found++
				var record struct {
					Level, Client string
					Account       string `json:"account_id"`
					Session       string `json:"session_id"`
				}
				if err := json.Unmarshal([]byte(line), &record); err != nil {
					t.Fatal(err)
				}
				if record.Level != level || record.Account != id || record.Session != begun.text("sessionId") || record.Client != "127.0.0.1" {
					t.Errorf("logged %s", line)
				}
				for _, token := range tokens {
					if strings.Contains(line, token) || strings.Contains(line, token[len(token)-20:]) {
						t.Error("a token is in the log")
					}
				}
			}
			if found != times {
				t.Errorf("%q is in the log %d times, want %d", message, found, times)
			}
		}
		const recovered, reused = "a refresh was repeated by", "a refresh token was used again after"
		logged("INFO", recovered, 0)
		tokens = append(tokens, refresh(http.StatusOK, tokens[1]).text("token"))
		logged("INFO", recovered, 1)
		logged("WARN", reused, 0)
		for range 2 { // the second time there is no session any more
			refresh(http.StatusUnauthorized, tokens[1])
		}
		logged("INFO", recovered, 1)
		logged("WARN", reused, 1)
	})
}
