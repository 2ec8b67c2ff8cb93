package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// sendBuffer is how much of an answer the kernel takes over from us at once, in bytes, and reserves twice as much.
// Left to itself it takes up to 4 MiB for a client that does not read, and control groups of version 2 count that as
// ours. Answers are rarely longer, and a proxy next to us reads at once.
const sendBuffer = 32 << 10

// DefaultConnections is how many connections may be open at a time where nothing else bounds them.
const DefaultConnections = 16_384

// connections bounds how many connections are open. Each takes memory before its client has shown a token: buffers, a
// header of up to maxHeader, a body of up to smallBody. A connection too many is not refused, which would let idle
// ones shut everybody out; it takes the place of the one that has waited longest for its client.
type connections struct {
	most  int
	log   *slog.Logger
	began time.Time

	mu     sync.Mutex
	open   map[net.Conn]*connection
	logged time.Time // when it was last said that there are too many
}

// connection is one of them.
type connection struct {
	conn net.Conn
	of   *connections
	// waiting is since when it waits for its client to send a request or to read an answer, in nanoseconds since
	// connections.began; 0 while a request is worked on.
	waiting atomic.Int64
}

func newConnections(most int, log *slog.Logger) *connections {
	return &connections{most: most, log: log, began: time.Now(), open: map[net.Conn]*connection{}}
}

// awaitClient notes that there is nothing to do but to wait for the client. It may be called on nil.
func (c *connection) awaitClient() {
	if c != nil {
		c.waiting.Store(max(1, int64(time.Since(c.of.began))))
	}
}

// work notes that a request has arrived as far as it is needed and is worked on. It may be called on nil.
func (c *connection) work() {
	if c != nil {
		c.waiting.Store(0)
	}
}

// connectionKey is where the context of a request has its *connection.
type connectionKey struct{}

// findConnection returns the connection of a request, or nil where none is kept.
func findConnection(r *http.Request) *connection {
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	return c
}

// add is a http.Server.ConnContext: it keeps a connection that was accepted, and closes one if there are too many.
func (cs *connections) add(ctx context.Context, conn net.Conn) context.Context {
	c := &connection{conn: conn, of: cs}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // on a connection that has ended already
	}
	c.awaitClient()
	if surplus := cs.keep(c); surplus != nil {
		_ = surplus.conn.Close() // its goroutine finds out by itself
	}
	return context.WithValue(ctx, connectionKey{}, c)
}

// keep returns the connection that has to go for a new one, if any has: itself where a request is worked on over each
// of the others.
func (cs *connections) keep(c *connection) (surplus *connection) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if len(cs.open) >= cs.most {
		surplus = c
		for _, other := range cs.open {
			if since := other.waiting.Load(); since > 0 && (surplus == c || since < surplus.waiting.Load()) {
				surplus = other
			}
		}
		delete(cs.open, surplus.conn)
		if now := time.Now(); now.Sub(cs.logged) > time.Minute {
			cs.logged = now
			cs.log.Warn("too many connections: closing those that have waited longest for their clients", "connections", cs.most)
		}
	}
	if surplus != c {
		cs.open[c.conn] = c
	}
	return surplus
}

// note is a http.Server.ConnState: it forgets a connection that was closed.
func (cs *connections) note(conn net.Conn, state http.ConnState) {
	if state == http.StateClosed || state == http.StateHijacked {
		cs.mu.Lock()
		defer cs.mu.Unlock()
		delete(cs.open, conn)
	}
}
