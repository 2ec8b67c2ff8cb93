package apitest

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	users "github.com/svc-users/svc-users"
)

// leaksCredential reports whether an answer holds a refresh token, a device token or an API key though its operation issues none. The
// cookie of a logout is empty, and the documentation has examples.
func (s *Service) leaksCredential(a *Answer) bool {
	path, _, _ := strings.Cut(a.Request.Path, "?")
	texts := []string{string(a.Body)}
	for _, values := range a.Header {
		texts = append(texts, values...)
	}
	holds := func(prefix string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, prefix) })
	}
	if path == "/openapi.json" {
		return false
	}
	refreshes := path == LoginPath || path == RefreshPath
	keys := a.Status == http.StatusCreated && (path == APIKeysPath || strings.HasPrefix(path, APIKeysPath+"/") && strings.HasSuffix(path, "/rotate"))
	devices := holds(users.DeviceTokenPrefix) && path != LoginPath
	return devices || holds(users.RefreshTokenPrefix) && !refreshes || holds(users.APIKeyPrefix) && !keys
}

// leaksClientSecret reports whether an answer holds a client secret though its operation makes none. The documentation has
// an example.
func (s *Service) leaksClientSecret(a *Answer) bool {
	path, _, _ := strings.Cut(a.Request.Path, "?")
	if path == "/openapi.json" || a.Request.Method == http.MethodPost && strings.HasSuffix(path, "/secrets") {
		return false
	}
	return strings.Contains(string(a.Body), users.ClientSecretPrefix)
}

// secrets collects the passwords that were sent.
type secrets struct {
	mu   sync.Mutex
	seen map[string]bool
}

// minSecret keeps short words, which are in many an answer by chance, from being looked for.
const minSecret = 6

// noteBody remembers what a body has in members whose names speak of passwords.
func (s *secrets) noteBody(body string) {
	var members map[string]any
	if json.Unmarshal([]byte(body), &members) != nil {
		return
	}
	for name, value := range members {
		if text, ok := value.(string); ok && strings.Contains(name, "password") && len(text) >= minSecret {
			s.note(text)
		}
	}
}

func (s *secrets) note(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[secret] = true
}

// in returns a secret that text holds, or nothing.
func (s *secrets) in(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for secret := range s.seen {
		if strings.Contains(text, secret) {
			return secret
		}
	}
	return ""
}

// Log keeps what a service has logged.
type Log struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

// Write adds to the log.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(p)
}

// String is all that was logged.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

func (l *Log) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// checkLog looks in the log for what must not be there, and that each record is one line.
func (s *Service) checkLog(t testing.TB) {
	t.Helper()
	for line := range strings.Lines(s.Log.String()) {
		var record map[string]any
		if json.Unmarshal([]byte(line), &record) != nil {
			t.Errorf("a line of the log is no record: %q", line)
		}
		switch {
		case s.secrets.in(line) != "":
			t.Error("the log holds a password that was sent")
		case strings.Contains(line, "eyJ"):
			t.Errorf("the log holds a token, or a part of one: %q", line)
		case strings.Contains(line, users.RefreshTokenPrefix):
			t.Errorf("the log holds a refresh token: %q", line)
		case strings.Contains(line, users.DeviceTokenPrefix):
			t.Errorf("the log holds a device token: %q", line)
		case strings.Contains(line, users.APIKeyPrefix):
			t.Errorf("the log holds an API key: %q", line)
		case strings.Contains(line, users.ClientSecretPrefix):
			t.Errorf("the log holds a client secret: %q", line)
		case strings.Contains(line, "$2b$") || strings.Contains(line, "$bcrypt"):
			t.Error("the log holds a hash")
		}
	}
}
