package bare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// poolSize is enough connections to the database that no request waits for one.
const poolSize = 16

// Serve runs a bare net/http server, in a process of its own, until ctx ends. GET /hello is answered "hello\n". With the
// URL of a PostgreSQL database that has accounts, GET /read reads one account before it answers the same; with an empty
// URL it does not exist. The first line written to out is the server's URL, http://host:port.
func Serve(ctx context.Context, databaseURL string, out io.Writer) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", hello)
	if databaseURL != "" {
		account, closePool, err := openAccount(ctx, databaseURL)
		if err != nil {
			return err
		}
		defer closePool()
		mux.HandleFunc("GET /read", func(w http.ResponseWriter, r *http.Request) {
			if err := account(r.Context()); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			hello(w, r)
		})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "http://%s\n", listener.Addr())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func hello(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, "hello\n") // the client has its own way of noticing
}

// openAccount returns what reads one account by its primary key: as much as its live state needs.
func openAccount(ctx context.Context, url string) (read func(context.Context) error, closePool func(), err error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, nil, err
	}
	config.MaxConns = poolSize
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	var id [16]byte
	if err := pool.QueryRow(ctx, "SELECT id FROM accounts LIMIT 1").Scan(&id); err != nil {
		pool.Close()
		return nil, nil, err
	}
	return func(ctx context.Context) error {
		var email, role string
		var active bool
		var version int64
		var created, updated time.Time
		return pool.QueryRow(ctx, "SELECT email, role_id::text, is_active, token_version, created_at, updated_at FROM accounts WHERE id = $1", id).
			Scan(&email, &role, &active, &version, &created, &updated)
	}, pool.Close, nil
}
