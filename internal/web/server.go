package web

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Bounds on a connection. A client that is slower than these is not served: each open connection costs memory,
// and holding many of them open is the cheapest attack there is.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 30 * time.Second // header and body
	writeTimeout  = 60 * time.Second // from the end of the header to the end of the answer
	maxHeader     = 32 << 10         // bytes; a token takes at most 8 KiB of them

	// requestTimeout is how long one request may work on its answer. It leaves writeTimeout room to send it, and
	// lets a server that is told to stop finish what it has begun before the supervisor kills it.
	requestTimeout = 20 * time.Second
)

// Bounds on a connection of HTTP/2, which a server has that speaks TLS itself. All requests of HTTP/2 together are bounded by the
// number of connections.
const (
	maxStreams       = 100       // requests at a time, the least that RFC 9113 §6.5.2 recommends
	connectionWindow = 128 << 10 // bytes of bodies that may arrive unread on a connection,
	streamWindow     = 64 << 10  // and for a request
	pingAfter        = time.Minute
)

// Bounds are those of a server that the operator may choose.
type Bounds struct {
	// Connections is how many may be open at a time; DefaultConnections if it is zero or less.
	Connections int
	// IdleTimeout is how long a connection is kept between two requests; DefaultIdleTimeout if it is zero.
	IdleTimeout time.Duration
}

// DefaultIdleTimeout is longer than the usual load balancers keep a connection for (600 s): the side that sends
// requests has to be the one that closes it. Else it sends one over a connection that is being closed here.
const DefaultIdleTimeout = 650 * time.Second

// Server returns a server for addr that bounds the time and memory a client can take, and that logs what
// net/http has to say into log.
func Server(addr string, handler http.Handler, log *slog.Logger, bounds Bounds) *http.Server {
	if bounds.Connections <= 0 {
		bounds.Connections = DefaultConnections
	}
	open := newConnections(bounds.Connections, log)
	return &http.Server{
		ConnContext:       open.add,
		ConnState:         open.note,
		Addr:              addr,
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       cmp.Or(bounds.IdleTimeout, DefaultIdleTimeout),
		MaxHeaderBytes:    maxHeader,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams, MaxReceiveBufferPerConnection: connectionWindow, MaxReceiveBufferPerStream: streamWindow,
			SendPingTimeout: pingAfter, PingTimeout: readTimeout, WriteByteTimeout: writeTimeout,
		},
		// The general handler would answer OPTIONS * without our headers.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(errorLog{log.Handler()}, slog.LevelWarn),
	}
}

// errorLog is a handler for what net/http has to say: it logs what a client alone has done wrong at debug, because each scan of the
// port would fill the log with it.
type errorLog struct{ slog.Handler }

// Handle implements slog.Handler.
func (l errorLog) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "http: TLS handshake error") || strings.HasPrefix(r.Message, "http2: server connection error") {
		if r.Level = slog.LevelDebug; !l.Enabled(ctx, r.Level) {
			return nil
		}
	}
	return l.Handler.Handle(ctx, r)
}
