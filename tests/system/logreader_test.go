package system

import (
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// TestLogReader: a reader of standard error that goes away, or stands still, costs log records and nothing else.
func TestLogReader(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, reader *os.File){
		"gone":   func(t *testing.T, reader *os.File) { _ = reader.Close() },
		"stands": func(t *testing.T, reader *os.File) { t.Cleanup(func() { _ = reader.Close() }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			cmd := exec.Command(binary, "serve", "--demo")
			cmd.Dir, cmd.Env, cmd.SysProcAttr, cmd.Stderr = dir, environment(dir, nil), pdeathsig(), writer
			s := &server{process: start(t, cmd, &output{}), client: newClient()}
			t.Cleanup(s.client.CloseIdleConnections)
			_ = writer.Close() // the process has its own
			s.listening()
			prepare(t, reader)
			// A pipe holds 64 KiB, and each of these is logged with more than 100 bytes, at several levels.
			for range 5000 {
				if a := s.send(http.MethodGet, "/api/v1/auth/jwks", "", nil); a.err != nil || a.status != http.StatusOK {
					t.Fatalf("%d %v", a.status, a.err)
				}
			}
			s.want(http.StatusOK, http.MethodGet, "/readyz", "", nil)
			s.login("admin@example.com", "admin123")
			s.signal(syscall.SIGTERM)
			if status := s.wait(patience); status != 0 {
				t.Errorf("status %d after SIGTERM", status)
			}
		})
	}
}
