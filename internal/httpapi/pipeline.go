package httpapi

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

// ServeHTTP answers one request and writes one line about it into the log.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := a.Now()
	x := &exchange{api: a, service: a.Service, r: r, w: w, id: a.requestID(r), conn: connectionOf(r)}
	x.conn.work()
	x.limit(time.Now())
	defer x.finish()
	x.client, x.tls = a.peer(r)
	a.serve(x)
	x.send()
	a.log(x, started)
}

// serve completes the answer, whatever happens.
func (a *api) serve(x *exchange) {
	defer func() {
		switch problem := recover(); problem {
		case nil:
		case http.ErrAbortHandler:
			panic(problem) // the one panic that asks for the connection to be dropped
		default:
			// Nothing of a half-made answer may remain.
			clear(x.Header())
			a.commonHeaders(x)
			x.fail(fmt.Errorf("panic: %v\n%s", problem, debug.Stack()))
		}
	}()
	a.commonHeaders(x)
	if at := a.subtree(x.r.URL); at != nil {
		at.serve(x)
		return
	}
	switch {
	case x.r.Method == http.MethodOptions && x.r.URL.Path == "*":
		x.options(everyMethod) // of the server as a whole (RFC 9110 §9.3.7)
	case x.r.URL.RawPath != "":
		x.fail(a.elsewhere)
	default:
		if at := a.fixed[x.r.URL.Path]; at != nil {
			at.serve(x)
			return
		}
		if !cleanPath(x.r.URL.Path) {
			x.fail(a.elsewhere)
			return
		}
		a.mux.ServeHTTP(x, x.r)
	}
}

// cleanPath reports whether a path is in the one spelling that names a resource. The mux would redirect the
// others to it, and a redirect turns a POST into a GET and sends tokens where nobody meant them to go.
func cleanPath(p string) bool { return strings.HasPrefix(p, "/") && path.Clean(p) == p }

// subtree returns the resource that takes all that is below its path, if the request is for one. It is found by
// the path as it was sent, and nothing of it is undone: what stands below is the path of a request to another
// service, which may be in any spelling.
func (a *api) subtree(u *url.URL) *resource {
	sent := u.RawPath
	if sent == "" {
		sent = u.Path
	}
	for _, res := range a.subtrees {
		if below, ok := strings.CutPrefix(sent, res.pattern); ok && (below == "" || below[0] == '/') {
			return res
		}
	}
	return nil
}

// resource is what is at one path, at all paths of a pattern, or at a path and all below it.
type resource struct {
	pattern    string
	operations map[string]*route // by method
	every      *route            // of all methods, where the resource is a subtree
	quiet      bool
}

// register puts the routes, the pages, and the answer to everything else, where requests find them: under
// their path, where that is fixed, which spares most requests the search through the mux; else into the mux.
func (a *api) register(routes []route) {
	resources := map[string]*resource{}
	add := func(r *route) {
		if resources[r.path] == nil {
			resources[r.path] = &resource{pattern: r.path, operations: map[string]*route{}, quiet: r.quiet}
		}
		resources[r.path].operations[r.method] = r
	}
	for i := range routes {
		if r := &routes[i]; r.subtree {
			a.subtrees = append(a.subtrees, &resource{pattern: r.path, every: r})
		} else {
			add(r)
		}
	}
	for path, p := range docsPages() {
		add(pageRoute(path, p))
	}
	for pattern, res := range resources {
		if strings.Contains(pattern, "{") {
			a.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { res.serve(exchangeOf(w)) })
		} else {
			a.fixed[pattern] = res
		}
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { exchangeOf(w).fail(a.elsewhere) })
}

// exchangeOf returns the exchange that ServeHTTP gave the mux.
func exchangeOf(w http.ResponseWriter) *exchange { return w.(*exchange) }

// serve picks the operation by method.
func (res *resource) serve(x *exchange) {
	method := x.r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	operation := res.operations[method]
	if res.every != nil {
		operation = res.every
	}
	x.pattern, x.quiet = res.pattern, res.quiet
	switch {
	case operation != nil:
		if err := x.run(operation); err != nil {
			x.fail(err)
		}
	case x.r.Method == http.MethodOptions:
		x.options(res.allow())
	default:
		x.set("Allow", res.allow())
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
func (x *exchange) options(allow string) {
	x.set("Allow", allow)
	x.answer(http.StatusNoContent, "", nil)
}

// run takes a request through the checks of its operation, in the order of the contract, and then serves it.
func (x *exchange) run(r *route) error {
	if err := x.admit(r); err != nil {
		return err
	}
	var raw []byte
	if r.body != nil {
		began := time.Now()
		x.conn.awaitClient()
		var err error
		if raw, err = x.readBody(r.body); err != nil {
			return err
		}
		x.conn.work()
		now := time.Now()
		x.limit(now) // the time that the client took for its body is not ours
		if now.Sub(began) > slowBody {
			if err := x.admit(r); err != nil {
				return err
			}
		}
	}
	return r.serve(x, raw)
}

// slowBody is how long a client may take for its body before it is looked at again whether it is let in: rights may
// end while it does, and what was heard of them is nearly a second old at times.
const slowBody = 50 * time.Millisecond

// admit finds out who asks, and that they may, where the operation wants to know.
func (x *exchange) admit(r *route) error {
	if r.public {
		return nil
	}
	if err := x.authenticate(); err != nil {
		return err
	}
	return x.authorize(r)
}

// authorize asks for what the operation needs.
func (x *exchange) authorize(r *route) (err error) {
	x.needs = r.permission
	switch {
	case r.also != "":
		x.caller, err = x.api.Service.Authorize(x.ctx, x.caller, r.permission, r.also)
	case r.permission != "":
		x.caller, err = x.api.Service.Authorize(x.ctx, x.caller, r.permission)
	}
	return err
}
