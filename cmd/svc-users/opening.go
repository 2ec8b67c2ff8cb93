package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/cgroup"
	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/web"
)

// quietStart is how long a start may take before the server answers that it is starting. Until then requests wait in
// the queue of the port: a balancer without health checks, which sends them to a replica as soon as it has its port,
// gets answers and no 503. Probes are more patient than that.
const quietStart = 3 * time.Second

// opening is a server that has its port from the beginning, and answers that it is starting if that takes long.
type opening struct {
	listener net.Listener
	server   *http.Server
	handler  atomic.Pointer[http.Handler]
	accept   func()     // begins to accept connections, if that has not begun
	failed   chan error // how accepting ended
	soon     *time.Timer
}

// openPort takes the port of the settings.
func openPort(cfg config.Config, log *slog.Logger) (*opening, error) {
	listener, err := net.Listen("tcp", cfg.Addr())
	if err != nil {
		return nil, fmt.Errorf("HOST, PORT: %w", err)
	}
	o := &opening{listener: listener, failed: make(chan error, 1)}
	starting := app.StartingEdge(requestOptions(cfg, log))
	o.handler.Store(&starting)
	o.server = web.Server(cfg.Addr(), o, log, web.Bounds{
		Connections: connections(cgroup.Read(os.DirFS("/")).Memory), IdleTimeout: cfg.IdleTimeout,
	})
	o.accept = sync.OnceFunc(func() {
		go func() { o.failed <- o.server.Serve(listener) }()
	})
	o.soon = time.AfterFunc(quietStart, o.accept)
	return o, nil
}

// requestOptions are those that concern every request, also before there is a database.
func requestOptions(cfg config.Config, log *slog.Logger) app.EdgeOptions {
	return app.EdgeOptions{
		Log:            log,
		Version:        version(),
		CORSOrigins:    cfg.CORSOrigins,
		CORSHeaders:    cfg.CORSHeaders,
		TrustedProxies: cfg.TrustedProxies,
		Now:            time.Now,
		NewID:          users.NewID,
	}
}

// serve has requests answered by a handler from now on.
func (o *opening) serve(handler http.Handler) {
	o.handler.Store(&handler)
	o.accept()
}

// ServeHTTP passes a request on to the handler of now.
func (o *opening) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*o.handler.Load()).ServeHTTP(w, r)
}

// untilStopped serves until ctx ends, then stops accepting and finishes what is in flight.
func (o *opening) untilStopped(ctx context.Context) error {
	select {
	case err := <-o.failed:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := o.server.Shutdown(drain); err != nil {
		return errors.Join(fmt.Errorf("requests were still running after %s", drainTime), o.server.Close())
	}
	return nil
}

// close ends a server that never came to serve; after untilStopped it does nothing.
func (o *opening) close() {
	o.soon.Stop()
	_ = errors.Join(o.server.Close(), o.listener.Close()) // which is closed already where it was served
}
