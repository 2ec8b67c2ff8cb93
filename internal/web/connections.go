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
// header of up to maxHeader, a body of up to SmallBody. A connection too many is not refused, which would let idle
// ones shut everybody out; it takes the place of the one that has waited longest for its client.
type connections struct {
	most  int
	log   *slog.Logger
	began time.Time

	mu     sync.Mutex
	open   map[net.Conn]*connection
	logged time.Time // when it was last said that there are too many

	// streams is how many requests of HTTP/2 there are, of which a connection has many.
	streams atomic.Int64
}

// connection is one of them.
type connection struct {
	conn net.Conn
	of   *connections
	// waiting is since when it waits for its client to send a request or to read an answer, in nanoseconds since
	// connections.began; 0 while a request is worked on.
	waiting atomic.Int64

	mu      sync.Mutex // of the writers of waiting
	working int        // how many requests are worked on: more than one with HTTP/2
}

func newConnections(most int, log *slog.Logger) *connections {
	return &connections{most: most, log: log, began: time.Now(), open: map[net.Conn]*connection{}}
}

// awaitClient notes that for a request there is nothing to do but to wait for the client. It may be called on nil.
func (c *connection) awaitClient() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.working--; c.working == 0 {
		c.startWaiting()
	}
}

func (c *connection) startWaiting() { c.waiting.Store(max(1, int64(time.Since(c.of.began)))) }

// work notes that a request has arrived as far as it is needed and is worked on. It may be called on nil.
func (c *connection) work() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working++
	c.waiting.Store(0)
}

// beginStream counts a request of HTTP/2, and reports whether there are no more of them than there may be connections: each takes
// about as much memory as a connection of HTTP/1. endStream follows in any case. Both may be called on nil.
func (c *connection) beginStream(r *http.Request) bool {
	if c == nil || r.ProtoMajor < 2 {
		return true
	}
	return c.of.streams.Add(1) <= int64(c.of.most)
}

func (c *connection) endStream(r *http.Request) {
	if c != nil && r.ProtoMajor >= 2 {
		c.of.streams.Add(-1)
	}
}

// underTLS is the connection that a connection of TLS is made over, or any other as it is. To close it does not wait for the
// client, as to close TLS could.
func underTLS(conn net.Conn) net.Conn {
	if secured, is := conn.(interface{ NetConn() net.Conn }); is {
		return secured.NetConn()
	}
	return conn
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
	if tcp, ok := underTLS(conn).(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // on a connection that has ended already
	}
	c.startWaiting()
	if surplus := cs.keep(c); surplus != nil {
		_ = underTLS(surplus.conn).Close() // its goroutine finds out by itself
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
