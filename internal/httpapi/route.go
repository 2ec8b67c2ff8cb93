package httpapi

import (
	"cmp"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/svc-users/svc-users"
)

// route is one operation: what the mux, the checks and the document need to know of it. Rows are written in the
// file of their resource and completed by one of the functions below, which fix how the operation is served.
type route struct {
	method, path string

	// subtree operations answer every method, at their path and at all paths below it, in whatever spelling. In
	// the document they are at their path, under the method of the row.
	subtree bool

	// quiet operations are of no interest to a log that is read for who did what: probes, and what is public and
	// the same for everybody. They are logged as details for debugging.
	quiet bool

	// tagged operations have an entity tag, and may answer that what the client has still holds.
	tagged bool

	// public operations ask for no token; others for one, and for the permission where there is one.
	public     bool
	permission users.PermissionName
	also       users.PermissionName // a second one, asked for after it
	// shownTo is the permission without which the answer has the id of its data alone; see shown.
	shownTo users.PermissionName

	// bodyLimit is how many bytes a body has at most: smallBody where the row says nothing.
	bodyLimit int64

	// For the document.
	name        string // operationId
	tag         string
	summary     string
	description string
	params      []*huma.Param // of the query
	request     any           // example of the body
	example     any           // example of data, or of the plain answer
	degraded    any           // example of data where the answer may be 503 with data
	fails       []int         // statuses beyond those that follow from the rest of the row

	// What success is.
	status  int // 200 if zero
	message string
	fields  []string // header fields it has beyond those that follow from the rest of the row

	// rehearsed operations can be tried without effect, with ?dry_run=true; see rehearsable.
	rehearsed bool

	// Filled by the functions below.
	body  *body        // nil where none is read
	data  reflect.Type // of the envelope's data; nil where it is null
	list  bool         // data is an array of it, and meta is filled
	keys  bool         // the envelope has its seventh key
	plain *plain       // set where the answer is no envelope
	serve func(x *exchange, body []byte) error
}

// plain is an answer outside the envelope, as the document has it.
type plain struct {
	mediaType string
	schema    *huma.Schema // nil: that of the route's data
}

// located is data of a thing that has a path of its own.
type located interface{ location() string }

// reading completes a route that takes a body. f passes x.found on to the Service, which adds what it finds, so
// that all faults of a request are in one answer.
func reading[In, Out any](r route, f func(x *exchange, in In) (Out, error)) route {
	r.body = bodyOf(reflect.TypeFor[In](), cmp.Or(r.bodyLimit, smallBody))
	r.data = reflect.TypeFor[Out]()
	known := names(r.params)
	r.serve = func(x *exchange, raw []byte) error {
		var in In
		read, err := r.body.read(raw, &in)
		if err != nil {
			return err
		}
		x.query, x.found = readQuery(x.r.URL.RawQuery, r.method, known)
		x.found = append(read.faults, x.found...)
		return x.attempt(&r, func() error {
			if read.other {
				return x.found.Err()
			}
			out, err := f(x, in)
			if err != nil {
				return err
			}
			return x.succeed(r, out, nil)
		})
	}
	return r
}

// asking completes a route without a body.
func asking[Out any](r route, f func(x *exchange) (Out, error)) route {
	r.data = reflect.TypeFor[Out]()
	return r.bodyless(func(x *exchange) error {
		out, err := f(x)
		if err != nil {
			return err
		}
		return x.succeed(r, out, nil)
	})
}

// listed completes a route that answers a piece of a list.
func listed[Out any](r route, f func(x *exchange) ([]Out, any, error)) route {
	r.data, r.list = reflect.TypeFor[Out](), true
	return r.bodyless(func(x *exchange) error {
		out, meta, err := f(x)
		if err != nil {
			return err
		}
		return x.succeed(r, out, meta)
	})
}

// deleting completes a route that leaves nothing to show.
func deleting(r route, f func(x *exchange) error) route {
	return r.bodyless(func(x *exchange) error {
		if err := f(x); err != nil {
			return err
		}
		return x.succeed(r, nil, nil)
	})
}

// bodyless reads the query, whose faults end the request, and goes on with f.
func (r route) bodyless(f func(x *exchange) error) route {
	known := names(r.params)
	r.serve = func(x *exchange, _ []byte) error {
		x.query, x.found = readQuery(x.r.URL.RawQuery, r.method, known)
		return x.attempt(&r, func() error {
			// A list looks into its parameters first, to name all faults at once.
			if err := x.found.Err(); err != nil && !r.list {
				return err
			}
			return f(x)
		})
	}
	return r
}

// Reference is all that the answer to a write shows of a thing which the caller may not read.
type Reference struct {
	ID string `json:"id" format:"uuid"`
}

// identified is data that has an id.
type identified interface{ identity() string }

// shown is what the caller gets to see of the thing that it has written: all of it only with the permission that
// reading it takes, lest a change of nothing reads what GET refuses. The caller's own account is shown, as it is at
// /api/v1/auth/me. The write has happened, so that whatever keeps the answer to this question away is a no.
func (x *exchange) shown(r route, data any) any {
	thing, ok := data.(identified)
	if r.shownTo == "" || !ok {
		return data
	}
	if account, own := data.(Account); own && account.ID == x.account.String() {
		return data
	}
	if _, err := x.api.Service.Authorize(x.ctx, x.caller, r.shownTo); err != nil {
		return Reference{thing.identity()}
	}
	return data
}

// succeed answers with the message of the route.
func (x *exchange) succeed(r route, data, meta any) error {
	if thing, ok := data.(located); ok && r.code() == http.StatusCreated {
		x.set("Location", thing.location())
	}
	return x.reply(envelope{code: r.code(), message: r.message, data: x.shown(r, data), meta: meta})
}

func (r route) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}

// pathID is the id in the path, as it stands there.
func (x *exchange) pathID() string { return x.r.PathValue("id") }

// names lists the parameters of the query.
func names(params []*huma.Param) []string {
	var list []string
	for _, p := range params {
		if p.In == "query" {
			list = append(list, p.Name)
		}
	}
	return list
}
