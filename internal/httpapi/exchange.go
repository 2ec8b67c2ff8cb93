package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"

	"github.com/svc-users/svc-users"
)

// exchange is one request and the answer to it, which is kept here until it is complete. It is also the
// http.ResponseWriter that the mux passes on to a resource.
type exchange struct {
	api    *api
	ctx    context.Context // ends when the client is gone or requestTimeout is over
	cancel context.CancelFunc
	r      *http.Request
	w      http.ResponseWriter
	id     string     // request id
	client netip.Addr // as far as trusted proxies tell; may be the zero Addr
	tls    bool       // the client, or the proxy it spoke to, used TLS

	pattern string       // of the route; empty where none matched
	caller  users.Caller // of an operation that asks for a token
	account users.ID     // who it turned out to be, for the log; zero where nobody did
	query   map[string]string
	found   users.Faults // what reading query and body found wrong

	status int
	body   []byte
	sent   int   // bytes of body written
	cause  error // of a refusal, for the log alone
}

// limit gives the work on the answer requestTimeout from now on.
func (x *exchange) limit() {
	if x.cancel != nil {
		x.cancel()
	}
	x.ctx, x.cancel = context.WithTimeout(x.r.Context(), requestTimeout)
}

// Header is that of the answer.
func (x *exchange) Header() http.Header { return x.w.Header() }

// WriteHeader keeps the status.
func (x *exchange) WriteHeader(status int) { x.status = status }

// Write keeps a part of the body.
func (x *exchange) Write(p []byte) (int, error) {
	x.body = append(x.body, p...)
	return len(p), nil
}

// set is Header().Set for a key that is already in its canonical form.
func (x *exchange) set(key, value string) { x.w.Header()[key] = []string{value} }

// answer keeps a whole answer. Without a media type there is no body.
func (x *exchange) answer(status int, mediaType string, body []byte) {
	x.status, x.body = status, body
	if mediaType != "" {
		x.set("Content-Type", mediaType)
	}
}

// send writes the answer. To HEAD it has the header fields that GET would have, and no body.
func (x *exchange) send() {
	if x.status != http.StatusNoContent && x.status != http.StatusNotModified {
		x.set("Content-Length", strconv.Itoa(len(x.body)))
	}
	x.w.WriteHeader(x.status)
	if x.r.Method != http.MethodHead && len(x.body) > 0 {
		// An error here is a client that has gone; there is nobody left to tell.
		x.sent, _ = x.w.Write(x.body)
	}
}
