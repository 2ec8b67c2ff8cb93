package web

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	users "github.com/svc-users/svc-users"
)

// Exchange is one request and the answer to it, which is kept here until it is complete. It is also the
// http.ResponseWriter that the mux passes on to a resource.
type Exchange struct {
	Request *http.Request
	// Service has the rules: those of Options or, in a dry run, of a Service whose changes are rolled back.
	Service *users.Service
	Caller  users.Caller // zero where the operation takes no credential
	// AccountID is the account that the request is about in the log: the caller's, or that of a login; else zero.
	AccountID users.ID
	Query     map[string]string // the parameters of the query that the route has, by name, decoded
	Found     users.Faults      // what reading query and body found wrong
	// LogAtDebug is the route's; an operation may set it when it has succeeded.
	LogAtDebug bool
	Cause      error // of a refusal, for the log alone

	handler *handler
	ctx     *lazyDeadline // ends when the client is gone or requestTimeout is over
	first   lazyDeadline  // what ctx is at first
	w       http.ResponseWriter
	conn    *connection // nil where none is kept
	working bool        // what conn was told last
	crowded bool        // there are too many requests of HTTP/2
	id      string      // request id
	client  netip.Addr  // as far as trusted proxies tell; may be the zero Addr
	tls     bool        // the client, or the proxy it spoke to, used TLS

	clientPending bool // the form is to have client credentials, and no caller is known yet
	clientHeader  bool // the caller is a client, by the Authorization header

	oauthCode string // of an error under /oauth2, where it does not follow from the status

	pattern   string               // of the route; empty where none matched
	subtree   bool                 // the route takes all below its path: a proxy asks about the request that it has
	anyOrigin bool                 // of the route: pages of every origin may read the answer
	needs     users.PermissionName // what the operation asks for, if anything

	taken   bool  // the request's body, or as much of it as is wanted
	charged int64 // bytes of it that are charged to the budget of all bodies
	status  int
	body    []byte
	buffer  *[]byte // where the body may be made; given back when the answer has been sent
	sent    int     // bytes of body written
}

// Client is what the request tells of the program that sent it.
func (x *Exchange) Client() users.Client {
	c := users.Client{UserAgent: x.Request.UserAgent()}
	if x.client.IsValid() {
		c.Address = x.client.String()
	}
	return c
}

// Context ends when the client is gone or the time of the request, requestTimeout, is over.
func (x *Exchange) Context() context.Context { return x.ctx }

// resetDeadline gives the work on the answer requestTimeout from now on.
func (x *Exchange) resetDeadline(now time.Time) {
	if x.ctx == nil {
		x.ctx = &x.first
	} else {
		x.ctx.end()
		x.ctx = &lazyDeadline{}
	}
	x.ctx.parent, x.ctx.until = x.Request.Context(), now.Add(requestTimeout)
}

// Header is that of the answer.
func (x *Exchange) Header() http.Header { return x.w.Header() }

// WriteHeader keeps the status.
func (x *Exchange) WriteHeader(status int) { x.status = status }

// Write keeps a part of the body.
func (x *Exchange) Write(p []byte) (int, error) {
	x.body = append(x.body, p...)
	return len(p), nil
}

// Set is Header().Set for a key that is already in its canonical form.
func (x *Exchange) Set(key, value string) { x.w.Header()[key] = []string{value} }

// Answer keeps a whole answer. Without a media type there is no body.
func (x *Exchange) Answer(status int, mediaType string, body []byte) {
	x.status, x.body = status, body
	switch mediaType {
	case "":
	case JSONType:
		x.Header()["Content-Type"] = jsonOnly
	default:
		x.Set("Content-Type", mediaType)
	}
}

// buffers are where bodies are made, one after the other: few are longer than this.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, 2048)
	return &b
}}

// maxBuffer, in bytes, keeps the memory of the rare long body from being held for good.
const maxBuffer = 64 << 10

// takeBuffer returns an empty buffer that is this exchange's until finish.
func (x *Exchange) takeBuffer() *[]byte {
	if x.buffer == nil {
		x.buffer = buffers.Get().(*[]byte)
	}
	return x.buffer
}

// finish lets go of what the exchange has held. Nothing may look at the body afterwards.
func (x *Exchange) finish() {
	x.awaitClient()
	x.conn.endStream(x.Request)
	x.ctx.end()
	x.refundBody()
	if x.buffer != nil {
		x.body = nil
		buffers.Put(x.buffer)
		x.buffer = nil
	}
}

// work and awaitClient tell the connection what this request of it does. Calls that say the same again change nothing.
func (x *Exchange) work() {
	if !x.working {
		x.working = true
		x.conn.work()
	}
}

func (x *Exchange) awaitClient() {
	if x.working {
		x.working = false
		x.conn.awaitClient()
	}
}

// counted is up to which length, in bytes, net/http says by itself how long a body is, cheaper than we could. It
// does so up to twice this.
const counted = 1024

// send writes the answer. To HEAD it has the header fields that GET would have, and no body.
func (x *Exchange) send() {
	x.awaitClient()
	if len(x.body) > counted || x.Request.Method == http.MethodHead && x.status != http.StatusNoContent && x.status != http.StatusNotModified {
		x.Set("Content-Length", strconv.Itoa(len(x.body)))
	}
	if !x.taken && x.Request.ContentLength != 0 {
		x.drainBody()
	}
	x.w.WriteHeader(x.status)
	if x.Request.Method != http.MethodHead && len(x.body) > 0 {
		// An error here is a client that has gone.
		x.sent, _ = x.w.Write(x.body)
	}
}
