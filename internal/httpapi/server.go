package httpapi

import (
	"log/slog"
	"net/http"
	"time"
)

// Bounds on a connection. A client that is slower than these is not served: each open connection costs memory,
// and holding many of them open is the cheapest attack there is.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 30 * time.Second // header and body
	writeTimeout  = 60 * time.Second // from the end of the header to the end of the answer
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10 // bytes; a token takes at most 8 KiB of them

	// requestTimeout is how long one request may work on its answer. It leaves writeTimeout room to send it, and
	// lets a server that is told to stop finish what it has begun before whoever told it loses patience.
	requestTimeout = 20 * time.Second
)

// Server returns a server for addr that bounds the time and memory a client can take, and that logs what
// net/http has to say into log. At most so many connections are open at a time; DefaultConnections if that is zero or
// less.
func Server(addr string, handler http.Handler, log *slog.Logger, most int) *http.Server {
	if most <= 0 {
		most = DefaultConnections
	}
	open := newConnections(most, log)
	return &http.Server{
		ConnContext:       open.add,
		ConnState:         open.note,
		Addr:              addr,
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		// The general handler would answer OPTIONS * without our headers.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
