package web

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// errUnknownRoute is the answer to a path that nothing is at.
var errUnknownRoute = &refusal{status: http.StatusNotFound, message: "Not found"}

// errCrowded is the answer to a request of HTTP/2 when there are too many at a time.
var errCrowded = &refusal{
	status: http.StatusServiceUnavailable, message: "Too many requests at once; try again shortly.", fields: []string{"Retry-After", "1"},
}

// ServeHTTP answers one request and writes one line about it into the log.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := h.Now()
	x := &Exchange{handler: h, Service: h.Service, Request: r, w: w, id: h.requestID(r), conn: findConnection(r)}
	x.crowded = !x.conn.beginStream(r)
	x.work()
	x.resetDeadline(time.Now())
	defer x.finish()
	x.client, x.tls = h.clientAddr(r)
	h.answer(x)
	x.send()
	h.log(x, started)
}

// answer completes the answer, whatever happens: a panic is a 500.
func (h *handler) answer(x *Exchange) {
	defer func() {
		switch problem := recover(); problem {
		case nil:
		case http.ErrAbortHandler:
			panic(problem) // the one panic that asks for the connection to be dropped
		default:
			// Nothing of a half-made answer may remain.
			clear(x.Header())
			h.commonHeaders(x)
			x.fail(fmt.Errorf("panic: %v\n%s", problem, debug.Stack()))
		}
	}()
	h.commonHeaders(x)
	if x.crowded {
		x.fail(errCrowded)
		return
	}
	if at := h.subtree(x.Request.URL); at != nil {
		at.serve(x)
		return
	}
	switch {
	case x.Request.Method == http.MethodOptions && x.Request.URL.Path == "*":
		x.options(everyMethod) // of the server as a whole (RFC 9110 §9.3.7)
	case x.Request.URL.RawPath != "":
		x.fail(h.Unmatched)
	default:
		if !isCleanPath(x.Request.URL.Path) {
			x.fail(h.Unmatched)
			return
		}
		h.mux.ServeHTTP(x, x.Request)
	}
}

// isCleanPath reports whether a path is in the one spelling that names a resource. The mux would redirect the
// others to it, and a redirect turns a POST into a GET and sends tokens where they were not meant to go.
func isCleanPath(p string) bool { return strings.HasPrefix(p, "/") && path.Clean(p) == p }

// subtree returns the resource that takes all that is below its path, if the request is for one. It is found by
// the path as it was sent, and nothing of it is undone: what stands below is the path of a request to another
// service, which may be in any spelling.
func (h *handler) subtree(u *url.URL) *resource {
	sent := u.RawPath
	if sent == "" {
		sent = u.Path
	}
	for _, res := range h.subtrees {
		if below, ok := strings.CutPrefix(sent, res.pattern); ok && (below == "" || below[0] == '/') {
			return res
		}
	}
	return nil
}

// resource is what is at one path, at all paths of a pattern, or at a path and all below it.
type resource struct {
	pattern    string
	operations map[string]*Route // by method
	every      *Route            // of all methods, where the resource is a subtree
	logAtDebug bool
	anyOrigin  bool
}

// register puts the routes, the pages, and the answer to everything else into the mux.
func (h *handler) register(routes []Route) {
	resources := map[string]*resource{}
	add := func(r *Route) {
		if resources[r.Path] == nil {
			resources[r.Path] = &resource{pattern: r.Path, operations: map[string]*Route{}, logAtDebug: r.LogAtDebug, anyOrigin: r.AnyOrigin}
		}
		resources[r.Path].operations[r.Method] = r
	}
	for i := range routes {
		if r := &routes[i]; r.Subtree {
			h.subtrees = append(h.subtrees, &resource{pattern: r.Path, every: r})
		} else {
			add(r)
		}
	}
	for path, p := range makeDocsPages() {
		add(pageRoute(path, p))
	}
	for pattern, res := range resources {
		if pattern == "/" {
			pattern = "/{$}" // no more than that path
		}
		h.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { res.serve(asExchange(w)) })
	}
	h.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { asExchange(w).fail(h.Unmatched) })
}

// asExchange returns the exchange that ServeHTTP gave the mux.
func asExchange(w http.ResponseWriter) *Exchange { return w.(*Exchange) }

// serve picks the operation by method.
func (res *resource) serve(x *Exchange) {
	method := x.Request.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	operation := res.operations[method]
	if res.every != nil {
		operation, x.subtree = res.every, true
	}
	x.pattern, x.LogAtDebug = res.pattern, res.logAtDebug
	if res.anyOrigin {
		x.anyOrigin = true
		x.handler.crossOrigin(x)
	}
	switch {
	case operation != nil:
		if err := x.runChecks(operation); err != nil {
			x.fail(err)
		}
	case x.Request.Method == http.MethodOptions:
		x.options(res.allow())
	default:
		x.Set("Allow", res.allow())
		x.fail(&refusal{status: http.StatusMethodNotAllowed, message: "Method not allowed"})
	}
}

// everyMethod is every method that some resource has.
const everyMethod = "DELETE, GET, HEAD, OPTIONS, PATCH, POST"

// allow lists the methods of the resource as the header field Allow has them.
func (res *resource) allow() string {
	methods := []string{http.MethodOptions}
	for m := range res.operations {
		methods = append(methods, m)
		if m == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

// options answers OPTIONS, a preflight too, whose header fields commonHeaders has set.
func (x *Exchange) options(allow string) {
	x.Set("Allow", allow)
	x.Answer(http.StatusNoContent, "", nil)
}

// runChecks takes a request through the checks of its operation, in the order of the contract, and then serves it.
func (x *Exchange) runChecks(r *Route) error {
	if err := x.admit(r); err != nil {
		return err
	}
	var raw []byte
	if r.body != nil {
		began := time.Now()
		x.awaitClient()
		var err error
		if raw, err = x.readBody(r.body); err != nil {
			return err
		}
		x.work()
		now := time.Now()
		x.resetDeadline(now) // the time that the client took for its body is not ours
		if now.Sub(began) > slowBody {
			if err := x.admit(r); err != nil {
				return err
			}
		}
	}
	return r.Serve(x, raw)
}

// slowBody is how long a client may take for its body before it is authenticated and authorized once more: its rights
// may end meanwhile, and what is cached of them is nearly a second old at times.
const slowBody = 50 * time.Millisecond

// admit authenticates and authorizes the caller, as far as the operation asks for it.
func (x *Exchange) admit(r *Route) error {
	if err := x.authenticate(r.Auth); err != nil || r.Auth == AuthNone || x.clientPending {
		return err // authenticateForm goes on where the form is to have the credentials
	}
	return x.authorize(r)
}

// authorize asks for what the operation needs.
func (x *Exchange) authorize(r *Route) (err error) {
	x.needs = r.Permission
	switch {
	case r.Also != "":
		x.Caller, err = x.handler.Service.Authorize(x.ctx, x.Caller, r.Permission, r.Also)
	case r.Permission != "":
		x.Caller, err = x.handler.Service.Authorize(x.ctx, x.Caller, r.Permission)
	}
	return err
}
