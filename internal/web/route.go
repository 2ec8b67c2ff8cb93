package web

import (
	"cmp"
	"net/http"
	"reflect"

	users "github.com/svc-users/svc-users"
)

// Route is one operation: what the mux, the checks and the document need to know of it. Rows are written in the
// file of their resource and completed by one of the functions Body, Get, List, Remove and Form, which fix how the
// operation is served.
type Route struct {
	Method, Path string

	// Subtree operations answer every method, at their path and at all paths below it, in whatever spelling. In
	// the document they are at their path, under the method of the row.
	Subtree bool

	// LogAtDebug operations are logged at the level debug, not info: probes, and what is public and the same for every
	// client. A log that is read for who did what has no use for them.
	LogAtDebug bool

	// Tagged operations have an entity tag (ETag), and answer 304 to a client whose copy is still current.
	Tagged bool

	// AnyOrigin operations may be read by pages of every origin, whatever CORSOrigins says: what is public and the same for
	// every client.
	AnyOrigin bool

	// Auth is the credential that the operation takes, and Permission what the caller must have; empty if none.
	Auth       Auth
	Permission users.PermissionName
	Also       users.PermissionName // a second one, asked for after it
	// ShownTo is the permission without which the answer has the id of its data alone; see visiblePart.
	ShownTo users.PermissionName

	// BodyLimit is how many bytes a body has at most: SmallBody where the row says nothing.
	BodyLimit int64

	// For the document.
	Name        string // operationId
	Tag         string
	Summary     string
	Description string
	Params      []*Param  // of the query
	Request     any       // example of the body
	Example     any       // example of data, or of the plain answer
	Variants    []Variant // in place of Example where data has several forms
	Degraded    *Degraded // set where the answer may be 503 with data
	Fails       []int     // statuses beyond those that follow from the rest of the row

	// What success is.
	Status  int // 200 if zero
	Message string
	Fields  []Field // header fields it has beyond those that follow from the rest of the row

	// Keys is an example of the envelope's seventh key, keys, which is an array; nil where the envelope has six.
	Keys any

	// Filled by the functions below, or by the row where it serves in its own way.
	Data  reflect.Type // of the envelope's data; nil where it is null
	Plain *Plain       // set where the answer is no envelope
	Serve func(x *Exchange, body []byte) error

	// Filled by the functions below.
	body        *bodySpec // nil where none is read
	form        bool      // the body is a form
	list        bool      // data is an array of Data
	whole       bool      // it is the whole list, and meta is null; else meta says where in the list it is
	dryRunnable bool      // it can be tried without effect, with ?dry_run=true; see DryRunnable
}

// Variant is a form of the data of an answer, which differs from the other forms in the members that it has.
type Variant struct {
	Name    string // in the document, such as cookie
	Summary string // one sentence without the dot
	Example any
}

// Plain is an answer outside the envelope, as the document has it.
type Plain struct {
	MediaType string
	Schema    *Schema // nil: that of the route's data
}

// Degraded is the 503 of an operation whose answer has data all the same.
type Degraded struct {
	Example any    // of data, or of the plain answer
	Message string // of the envelope
}

// Located is data of a thing that has a path of its own, such as /api/v1/roles/019a0b6e-7c00-7b22-8a4e-51d3a90e6c21.
type Located interface{ Location() string }

// Identified is data that has an id.
type Identified interface{ Identity() string }

// Owned is data that an account owns, its own account for one.
type Owned interface {
	IsOwnedBy(account users.ID) bool
}

// Body completes a route that takes a JSON body, which is read into an In; see bodySpec for what In may be. f passes
// x.Found on to the Service, which adds what it finds, so that all faults of a request are in one answer.
func Body[In, Out any](r Route, f func(x *Exchange, in In) (Out, error)) Route {
	r.Data = reflect.TypeFor[Out]()
	return withBody(r, func(x *Exchange, in In) (any, error) { return f(x, in) })
}

// AcceptBody completes a route that takes a JSON body as Body does, and leaves nothing to show.
func AcceptBody[In any](r Route, f func(x *Exchange, in In) error) Route {
	return withBody(r, func(x *Exchange, in In) (any, error) { return nil, f(x, in) })
}

func withBody[In any](r Route, f func(x *Exchange, in In) (any, error)) Route {
	r.body = newBodySpec(reflect.TypeFor[In](), cmp.Or(r.BodyLimit, SmallBody))
	known := queryParamNames(r.Params)
	r.Serve = func(x *Exchange, raw []byte) error {
		var in In
		read, err := r.body.read(raw, &in)
		if err != nil {
			return err
		}
		x.Query, x.Found = readQuery(x.Request.URL.RawQuery, r.Method, known)
		x.Found = append(read.faults, x.Found...)
		return x.dryRun(&r, func() error {
			if read.other {
				return x.Found.Err()
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

// Get completes a route without a body that answers with data: one that reads, or a DELETE that shows what is left.
func Get[Out any](r Route, f func(x *Exchange) (Out, error)) Route {
	r.Data = reflect.TypeFor[Out]()
	return r.WithoutBody(func(x *Exchange) error {
		out, err := f(x)
		if err != nil {
			return err
		}
		return x.succeed(r, out, nil)
	})
}

// List completes a route that answers a piece of a list. f adds what is wrong with its parameters to x.Found, and
// returns x.Found.Err() before it asks the Service, so that all faults are in one answer.
func List[Out any](r Route, f func(x *Exchange) ([]Out, any, error)) Route {
	r.Data, r.list = reflect.TypeFor[Out](), true
	return r.WithQuery(func(x *Exchange) error {
		out, meta, err := f(x)
		if err != nil {
			return err
		}
		return x.succeed(r, items[Out](out), meta)
	})
}

// GetAll completes a route that answers a whole list, of a length that is bounded.
func GetAll[Out any](r Route, f func(x *Exchange) ([]Out, error)) Route {
	r.Data, r.list, r.whole = reflect.TypeFor[Out](), true, true
	return r.WithoutBody(func(x *Exchange) error {
		out, err := f(x)
		if err != nil {
			return err
		}
		return x.succeed(r, items[Out](out), nil)
	})
}

// Remove completes a route that leaves nothing to show.
func Remove(r Route, f func(x *Exchange) error) Route {
	return r.WithoutBody(func(x *Exchange) error {
		if err := f(x); err != nil {
			return err
		}
		return x.succeed(r, nil, nil)
	})
}

// WithoutBody completes a route that reads the query alone. Faults of the query are the answer, and f is not called.
func (r Route) WithoutBody(f func(x *Exchange) error) Route {
	return r.WithQuery(func(x *Exchange) error {
		if err := x.Found.Err(); err != nil {
			return err
		}
		return f(x)
	})
}

// WithQuery completes a route that reads the query alone. f finds the faults of the query in x.Found, adds its own and
// answers with them, if there are any.
func (r Route) WithQuery(f func(x *Exchange) error) Route {
	known := queryParamNames(r.Params)
	r.Serve = func(x *Exchange, _ []byte) error {
		x.Query, x.Found = readQuery(x.Request.URL.RawQuery, r.Method, known)
		return x.dryRun(&r, func() error { return f(x) })
	}
	return r
}

// Reference is all that the answer to a write shows of a thing which the caller may not read.
type Reference struct {
	ID string `json:"id" format:"uuid"`
}

// visiblePart is what the answer to a write shows of the thing that was written: all of it only to a caller with the
// permission that reading it takes, lest a change of nothing reads what GET refuses. What the caller owns is shown, as
// the own account is at /api/v1/auth/me. The write has happened, so any error of this check counts as a no.
func (x *Exchange) visiblePart(r Route, data any) any {
	thing, ok := data.(Identified)
	if r.ShownTo == "" || !ok {
		return data
	}
	if owned, ok := data.(Owned); ok && owned.IsOwnedBy(x.AccountID) {
		return data
	}
	if _, err := x.handler.Service.Authorize(x.ctx, x.Caller, r.ShownTo); err != nil {
		return Reference{thing.Identity()}
	}
	return data
}

// succeed answers with the message of the route.
func (x *Exchange) succeed(r Route, data, meta any) error {
	if thing, ok := data.(Located); ok && r.code() == http.StatusCreated {
		x.Set("Location", thing.Location())
	}
	return x.Reply(Envelope{Code: r.code(), Message: r.Message, Data: x.visiblePart(r, data), Meta: meta})
}

func (r Route) code() int {
	if r.Status == 0 {
		return http.StatusOK
	}
	return r.Status
}

// KeyIDParam is the parameter of a path that is the id of a signing key, as in /api/v1/keys/{kid}.
const KeyIDParam = "kid"

// PathID is the id in the path, as it stands there: the 019a0b6e-… of /api/v1/roles/019a0b6e-…/tree.
func (x *Exchange) PathID() string { return x.Request.PathValue("id") }

// queryParamNames lists the parameters of the query.
func queryParamNames(params []*Param) []string {
	var list []string
	for _, p := range params {
		if p.In == "query" {
			list = append(list, p.Name)
		}
	}
	return list
}
