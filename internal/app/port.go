package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/svc-users/svc-users/internal/web"
)

// quietStart is how long a start may take before the server answers that it is starting. Until then requests wait in
// the queue of the port: a balancer without health checks, which sends them to a replica as soon as it has its port,
// gets answers and no 503. Probes are more patient than that.
const quietStart = 3 * time.Second

// drainTime bounds how long a stopping server waits for requests in flight. It is longer than an answer may take,
// though not than a body may trickle in, and shorter than the half minute after which orchestrators kill.
const drainTime = 25 * time.Second

// port is a server that has its port from the beginning, and answers that it is starting if that takes long.
type port struct {
	listener net.Listener
	server   *http.Server
	handler  atomic.Pointer[http.Handler]
	accept   func()     // begins to accept connections, if that has not begun
	failed   chan error // how accepting ended
	soon     *time.Timer
}

// openPort takes the port. Its errors name the settings HOST and PORT.
func openPort(c Config) (*port, error) {
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return nil, fmt.Errorf("HOST, PORT: %w", err)
	}
	p := &port{listener: listener, failed: make(chan error, 1)}
	starting := StartingEdge(c.requestOptions())
	p.handler.Store(&starting)
	p.server = web.Server(c.Addr, p, c.Log, c.Bounds)
	if c.TLS != nil {
		p.server.TLSConfig = c.TLS.Config()
	}
	p.accept = sync.OnceFunc(func() {
		go func() { p.failed <- p.acceptOn(listener) }()
	})
	p.soon = time.AfterFunc(quietStart, p.accept)
	return p, nil
}

// acceptOn accepts connections until the server is closed.
func (p *port) acceptOn(listener net.Listener) error {
	if p.server.TLSConfig != nil {
		return p.server.ServeTLS(listener, "", "") // the configuration has the certificate
	}
	return p.server.Serve(listener)
}

// serve has requests answered by a handler from now on.
func (p *port) serve(handler http.Handler) {
	p.handler.Store(&handler)
	p.accept()
}

// ServeHTTP passes a request on to the handler of now.
func (p *port) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*p.handler.Load()).ServeHTTP(w, r)
}

// untilStopped serves until ctx ends, then stops accepting and finishes what is in flight.
func (p *port) untilStopped(ctx context.Context) error {
	select {
	case err := <-p.failed:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := p.server.Shutdown(drain); err != nil {
		return errors.Join(fmt.Errorf("requests were still running after %s", drainTime), p.server.Close())
	}
	return nil
}

// close ends a server that never came to serve; after untilStopped it does nothing.
func (p *port) close() {
	p.soon.Stop()
	_ = errors.Join(p.server.Close(), p.listener.Close()) // which is closed already where it was served
}
