package app_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/password"
	"github.com/svc-users/svc-users/internal/seal"
	"github.com/svc-users/svc-users/internal/store/storetest"
	"github.com/svc-users/svc-users/internal/token"
)

// runnable is a service with the demo data, at a free port.
func runnable(t *testing.T) app.Config {
	t.Helper()
	key, err := seal.ParseKey(seal.GenerateKey())
	if err != nil {
		t.Fatal(err)
	}
	seals, err := seal.NewRing(key)
	if err != nil {
		t.Fatal(err)
	}
	keys := &app.Keyring{
		Tokens:    token.Options{Issuer: "https://id.example", Audiences: []string{"https://api.example"}},
		Algorithm: token.ES256, Seals: seals, Policy: keyring.Policy{Period: time.Hour, Lead: time.Hour, Life: time.Hour, Tail: time.Hour},
	}
	return app.Config{
		DatabaseURL: config.NewSecret(storetest.SQLite(t)), Keyring: keys, TokenLife: time.Hour, Now: time.Now,
		Hashing:  password.Options{Cost: password.MinCost, Workers: 1, MaxWait: time.Minute},
		Skeleton: strings.ToLower, Log: slog.New(slog.DiscardHandler), Addr: "127.0.0.1:0", Demo: true,
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	c := runnable(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var steps []string
	serving := make(chan string, 1)
	c.Hooks = app.Hooks{
		BeforeOpen: func() error { steps = append(steps, "open"); return nil },
		Seeded:     func(made users.SeedResult) { steps = append(steps, made.Accounts...) },
		Serving:    func(addr string) { serving <- addr },
	}
	ended := make(chan error, 1)
	go func() { ended <- app.New(c).Run(ctx) }()
	var addr string
	select {
	case addr = <-serving:
	case err := <-ended:
		t.Fatal(err)
	}
	if got := strings.Join(steps, " "); got != "open admin@example.com user@example.com" {
		t.Errorf("the steps are %q", got)
	}
	answer, err := http.Get("http://" + addr + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("/readyz answers %d", answer.StatusCode)
	}

	// Another one at the same port ends before it opens the database.
	second := c
	second.Addr = addr
	second.Hooks = app.Hooks{BeforeOpen: func() error { t.Error("the database is opened without a port"); return nil }}
	if err := app.New(second).Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "HOST, PORT: ") {
		t.Errorf("another server at the port ended with %v", err)
	}

	stop()
	if err := <-ended; err != nil {
		t.Errorf("told to stop, it ended with %v", err)
	}
}

// What fails while starting is returned, unless it is that the service was told to stop.
func TestRunThatDoesNotStart(t *testing.T) {
	t.Parallel()
	c := runnable(t)
	broken := errors.New("the files are not safe")
	c.Hooks.BeforeOpen = func() error { return broken }
	if err := app.New(c).Run(t.Context()); !errors.Is(err, broken) {
		t.Errorf("it ended with %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	c.Hooks.BeforeOpen = func() error { stop(); return ctx.Err() }
	if err := app.New(c).Run(ctx); err != nil {
		t.Errorf("told to stop while starting, it ended with %v", err)
	}
}
