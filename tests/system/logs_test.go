package system

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// forged is text that an attacker would like to see in a log as a record of its own.
const forged = `{"time":"2026-01-01T00:00:00Z","level":"INFO","msg":"forged","status":200}`

// nasties are texts that break lines, quotes and encodings where they are written without escaping.
var nasties = []string{
	"\n" + forged + "\n", "\r\n" + forged, "\u2028" + forged, "\u0085" + forged, "\x00\x01\x1b[31m\x7f", "\xff\xfe\xc0\xaf",
	`"},{"level":"INFO"`, ` level=INFO msg=forged status=200`, "%0a%0d", "\\n\\r", strings.Repeat("x", 20<<10), "'\"`$(id)<script>",
}

// Whatever a request contains, wherever it contains it, the log has one record a line, and nothing of what was
// sent in it. That each line is a record, and that no secret is in one, is looked at as lines come; here is what
// to look at.
func TestLogsStayOneRecordALine(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "text"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			database := sqliteURL(t)
			s := serveWith(t, []string{"DATABASE_URL=" + database, "LOG_FORMAT=" + format, "TRUSTED_PROXIES=127.0.0.0/8"}, "--demo")
			token := s.login("admin@example.com", "admin123")
			before := s.stderr.total()
			sent := 0
			for _, nasty := range nasties {
				for _, request := range around(nasty, token) {
					answers, _ := s.exchange(t, request, http.MethodGet)
					if answers[0].status >= 500 {
						t.Errorf("%.200q is answered %d", request, answers[0].status)
					}
					if id := answers[0].header.Get("X-Request-Id"); strings.ContainsAny(id, " {}\"\n") || len(id) > 64 {
						t.Errorf("%.200q has the id %q", request, id)
					}
					sent++
				}
			}
			s.signal(syscall.SIGTERM)
			if status := s.wait(stopWithin); status != 0 {
				t.Errorf("the server ended with status %d", status)
			}
			// Requests that net/http refuses are in no log.
			if logged := s.stderr.total() - before; logged < sent/2 || logged > sent+sent/10 {
				t.Errorf("%d requests left %d lines", sent, logged)
			}
		})
	}
}

// around puts something nasty, and a secret beside it, into every place of a request.
func around(nasty, token string) []string {
	secret := marker + nasty
	escaped := func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, "%%%02x", s[i])
		}
		return b.String()
	}
	header := func(name, value string) string {
		return "GET /api/v1/auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n" + name + ": " + value + "\r\n\r\n"
	}
	post := func(path, body string) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, token, len(body), body)
	}
	quoted := strings.NewReplacer("\\", `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\x00", `\u0000`, "\x01", `\u0001`, "\x1b", `\u001b`).Replace(secret)
	return []string{
		"GET /" + secret + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /api/v1/accounts/" + escaped(secret) + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n\r\n",
		"GET /api/v1/accounts?q=" + escaped(secret) + "&email=" + escaped(secret) + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n\r\n",
		"GET /livez?" + secret + " HTTP/1.1\r\nHost: x\r\n\r\n",
		strings.Map(asToken, "M"+secret) + " /livez HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /livez HTTP/1.1\r\nHost: " + secret + "\r\n\r\n",
		header("X-Request-ID", nasty), header("User-Agent", secret), header("X-Forwarded-For", secret), header("Origin", secret),
		header("Authorization", "Bearer "+secret), header("Cookie", secret), header("Accept", secret), header("X-Forwarded-Proto", secret),
		"GET /api/v1/auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + secret + "\r\n\r\n",
		"GET /api/v1/auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Basic " + secret + "\r\n\r\n",
		post("/api/v1/auth/login", secret),
		post("/api/v1/auth/login", `{"email":"`+quoted+`@people.example","password":"`+quoted+`"}`),
		post("/api/v1/roles", `{"name":"`+quoted+`"}`),
		post("/api/v1/permissions", `{"name":"`+quoted+`","description":"`+quoted+`"}`),
		post("/api/v1/accounts", `{"email":"`+quoted+`","password":"`+quoted+`","role_id":"`+quoted+`"}`),
	}
}

// asToken makes of a character one that a method may have.
func asToken(r rune) rune {
	if r > 0x20 && r < 0x7f && !strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) {
		return r
	}
	return '.'
}
