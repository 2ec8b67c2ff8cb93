package keys

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/confusable"
	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/password"
	"github.com/svc-users/svc-users/internal/seal"
	"github.com/svc-users/svc-users/internal/token"
)

// replicaVariable has the settings of a replica, as JSON. Where it is set, this program is one.
const replicaVariable = "KEYS_TEST_REPLICA"

// replicaSettings are what a replica is made of.
type replicaSettings struct {
	Database      string
	EncryptionKey string
	Algorithm     token.Algorithm
	Policy        keyring.Policy
	Demo          bool
}

const (
	issuer   = "https://id.example"
	audience = "https://api.example"

	adminEmail    = "admin@example.com"
	adminPassword = "admin123"
)

// The flags; see the package's comment.
var (
	period      = flag.Duration("period", 3*time.Second, "how long a key signs")
	rotations   = flag.Int("rotations", 6, "how many rotations there are, six for each replica to be killed at each step")
	withClients = flag.Bool("clients", false, "verify with jose and PyJWT, too, which must be installed")
)

func TestMain(m *testing.M) {
	if text := os.Getenv(replicaVariable); text != "" {
		if err := serve(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	dir, err := os.MkdirTemp("", "svc-users-keys-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	status := m.Run()
	_ = os.RemoveAll(dir) // it is in a folder for such
	os.Exit(status)
}

// scratch is a folder for what all tests of a run share.
var scratch string

// serve runs a replica until its standard input ends, as it does when the test is gone, however it ended. It prints the
// address on which it listens.
func serve(text string) error {
	var s replicaSettings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	key, err := seal.ParseKey(s.EncryptionKey)
	if err != nil {
		return err
	}
	seals, err := seal.NewRing(key)
	if err != nil {
		return err
	}
	sessions := users.DefaultSessions()
	sessions.AccessLife = s.Policy.Life
	a := app.New(app.Config{
		DatabaseURL: config.NewSecret(s.Database), TokenLife: s.Policy.Life, Sessions: sessions, Unlimited: true,
		Keyring: &app.Keyring{
			Tokens: token.Options{Issuer: issuer, Audiences: []string{audience}}, Algorithm: s.Algorithm, Policy: s.Policy, Seals: seals, Fresh: true,
		},
		Hashing: password.Options{Cost: password.MinCost, Workers: 2, MaxWait: time.Minute},
		Now:     time.Now, Skeleton: confusable.New().Skeleton, Log: slog.New(withoutRequests{slog.NewTextHandler(os.Stderr, nil)}), Version: "test",
		Addr: "127.0.0.1:0", Demo: s.Demo, Hooks: app.Hooks{Serving: func(addr string) { fmt.Println(addr) }},
	})
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	return a.Run(ctx)
}

// withoutRequests is a log without the records of requests that went well, of which there are too many.
type withoutRequests struct{ slog.Handler }

func (h withoutRequests) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "request" && r.Level == slog.LevelInfo {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}
