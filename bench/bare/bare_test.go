package bare

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/crypto/bcrypt"

	"github.com/svc-users/svc-users/internal/pgtest"
)

func TestHasher(t *testing.T) {
	t.Parallel()
	h, err := NewHasher("battery!", bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(h.Hash(), "$2b$04$") || bcrypt.CompareHashAndPassword([]byte(h.Hash()), []byte("battery!")) != nil {
		t.Errorf("%s is no hash of the password", h.Hash())
	}
	if cpu, err := h.CPU(); err != nil || cpu <= 0 {
		t.Errorf("one costs %v, %v", cpu, err)
	}
	// A machine that is busy may let a thread wait for longer than one hash takes.
	if finished, err := h.Rate(t.Context(), 2, time.Second); err != nil || len(finished) < 2 {
		t.Errorf("finished %v, %v", finished, err)
	}
	h.password = []byte("other")
	if _, err := h.Rate(t.Context(), 1, time.Second); err == nil {
		t.Error("a wrong password passes")
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `CREATE TABLE accounts AS SELECT gen_random_uuid() AS id, 'a@example.com' AS email, gen_random_uuid() AS role_id,
		true AS is_active, 1::bigint AS token_version, now() AS created_at, now() AS updated_at`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, url, out) }()
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	base := strings.TrimSpace(line)
	ask := func(path string, want int) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
	ask("/hello", http.StatusOK)
	ask("/read", http.StatusOK)
	// What is not read must not count as read.
	if _, err := conn.Exec(t.Context(), "DELETE FROM accounts"); err != nil {
		t.Fatal(err)
	}
	ask("/read", http.StatusInternalServerError)
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
