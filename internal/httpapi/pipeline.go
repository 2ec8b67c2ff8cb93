package httpapi

import (
	"fmt"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strings"
)

// errUnknownRoute is the answer to a path that nothing is at.
var errUnknownRoute = &refusal{status: http.StatusNotFound, message: "Not found"}

// ServeHTTP answers one request and writes one line about it into the log.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := a.Now()
	x := &exchange{api: a, r: r, w: w, id: a.requestID(r)}
	x.limit()
	defer func() { x.cancel() }()
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
	switch {
	case x.r.Method == http.MethodOptions && x.r.URL.Path == "*":
		x.options(everyMethod) // of the server as a whole (RFC 9110 §9.3.7)
	case !exactPath(x.r):
		x.fail(errUnknownRoute)
	default:
		a.mux.ServeHTTP(x, x.r)
	}
}

// exactPath reports whether the path is in the one spelling that names a resource. The mux would redirect the
// others to it, and a redirect turns a POST into a GET and sends tokens where nobody meant them to go.
func exactPath(r *http.Request) bool {
	p := r.URL.Path
	return r.URL.RawPath == "" && strings.HasPrefix(p, "/") && path.Clean(p) == p
}

// resource is what is at one path: its operations by method.
type resource map[string]*route

// register puts the routes, the pages, and the answer to everything else, into the mux.
func (a *api) register(routes []route) {
	resources := map[string]resource{}
	for i := range routes {
		r := &routes[i]
		if resources[r.path] == nil {
			resources[r.path] = resource{}
		}
		resources[r.path][r.method] = r
	}
	for path, p := range docsPages() {
		resources[path] = resource{http.MethodGet: pageRoute(path, p)}
	}
	for path, res := range resources {
		if path == "/" {
			path = "/{$}"
		}
		a.mux.Handle(path, res)
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { exchangeOf(w).fail(errUnknownRoute) })
}

// exchangeOf returns the exchange that ServeHTTP gave the mux.
func exchangeOf(w http.ResponseWriter) *exchange { return w.(*exchange) }

// ServeHTTP picks the operation by method.
func (res resource) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := exchangeOf(w)
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	operation := res[method]
	x.pattern = strings.TrimSuffix(r.Pattern, "{$}")
	switch {
	case operation != nil:
		if err := x.run(operation); err != nil {
			x.fail(err)
		}
	case r.Method == http.MethodOptions:
		x.options(res.allow())
	default:
		x.set("Allow", res.allow())
		x.fail(&refusal{status: http.StatusMethodNotAllowed, message: "Method not allowed"})
	}
}

// everyMethod is every method that some resource has.
const everyMethod = "DELETE, GET, HEAD, OPTIONS, PATCH, POST"

// allow lists the methods of the resource as the header field Allow has them.
func (res resource) allow() string {
	methods := []string{http.MethodOptions}
	for m := range res {
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
	if !r.public {
		if err := x.authenticate(); err != nil {
			return err
		}
		if r.permission != "" {
			if err := x.caller.Require(r.permission); err != nil {
				return err
			}
		}
	}
	var raw []byte
	if r.body != nil {
		var err error
		if raw, err = x.readBody(); err != nil {
			return err
		}
		x.limit() // the time that the client took for its body is not ours
	}
	return r.serve(x, raw)
}
