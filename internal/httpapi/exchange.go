package httpapi

import (
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/svc-users/svc-users"
)

// exchange is one request and the answer to it, which is kept here until it is complete. It is also the
// http.ResponseWriter that the mux passes on to a resource.
type exchange struct {
	api    *api
	ctx    *patience // ends when the client is gone or requestTimeout is over
	first  patience  // what ctx is at first
	r      *http.Request
	w      http.ResponseWriter
	conn   *connection // nil where none is kept
	id     string      // request id
	client netip.Addr  // as far as trusted proxies tell; may be the zero Addr
	tls    bool        // the client, or the proxy it spoke to, used TLS

	pattern string               // of the route; empty where none matched
	quiet   bool                 // of the route
	service *users.Service       // the api's, but in a dry run
	caller  users.Caller         // of an operation that asks for a token
	needs   users.PermissionName // what the operation asks for, if anything
	account users.ID             // who it turned out to be, for the log; zero where nobody did
	query   map[string]string
	found   users.Faults // what reading query and body found wrong

	taken   bool  // the request's body, or as much of it as is wanted
	charged int64 // bytes of it that are charged to the budget of all bodies
	status  int
	body    []byte
	lent    *[]byte // where the body may be made; given back when the answer has been sent
	sent    int     // bytes of body written
	cause   error   // of a refusal, for the log alone
}

// limit gives the work on the answer requestTimeout from now on.
func (x *exchange) limit(now time.Time) {
	if x.ctx == nil {
		x.ctx = &x.first
	} else {
		x.ctx.end()
		x.ctx = &patience{}
	}
	x.ctx.parent, x.ctx.until = x.r.Context(), now.Add(requestTimeout)
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
	switch mediaType {
	case "":
	case jsonType:
		x.Header()["Content-Type"] = jsonOnly
	default:
		x.set("Content-Type", mediaType)
	}
}

// buffers are where bodies are made, one after the other: few are longer than this.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, 2048)
	return &b
}}

// maxLent keeps the memory of the rare long body from being held for good.
const maxLent = 64 << 10

// lend returns an empty buffer that is this exchange's until finish.
func (x *exchange) lend() *[]byte {
	if x.lent == nil {
		x.lent = buffers.Get().(*[]byte)
	}
	return x.lent
}

// finish lets go of what the exchange has held. Nothing may look at the body afterwards.
func (x *exchange) finish() {
	x.ctx.end()
	x.discharge()
	if x.lent != nil {
		x.body = nil
		buffers.Put(x.lent)
		x.lent = nil
	}
}

// counted is up to which length, in bytes, net/http says by itself how long a body is, cheaper than we could. It
// does so up to twice this.
const counted = 1024

// send writes the answer. To HEAD it has the header fields that GET would have, and no body.
func (x *exchange) send() {
	x.conn.awaitClient()
	if len(x.body) > counted || x.r.Method == http.MethodHead && x.status != http.StatusNoContent && x.status != http.StatusNotModified {
		x.set("Content-Length", strconv.Itoa(len(x.body)))
	}
	if !x.taken && x.r.ContentLength != 0 {
		x.passOver()
	}
	x.w.WriteHeader(x.status)
	if x.r.Method != http.MethodHead && len(x.body) > 0 {
		// An error here is a client that has gone; there is nobody left to tell.
		x.sent, _ = x.w.Write(x.body)
	}
}
