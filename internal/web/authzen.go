package web

import (
	"cmp"
	"net/http"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// AuthZENPath is the path under which the service speaks as the Authorization API 1.0 of OpenID AuthZEN has it: JSON in,
// unknown members passed over, bare JSON out.
//
// Errors there are in the envelope: the binding wants an object for each body and an error message in it (§10.1). What is
// wrong with a request is 400 in every case (§10.1.2), and errors names the fields.
const AuthZENPath = "/access"

// speaksAuthZEN reports whether what is at a path, or would be, answers so.
func speaksAuthZEN(path string) bool {
	below, ok := strings.CutPrefix(path, AuthZENPath)
	return ok && (below == "" || below[0] == '/')
}

// asAuthZEN is an error of the envelope as AuthZEN has it. An error message that is shown alone names the first fault.
func asAuthZEN(e Envelope) Envelope {
	if e.Code != http.StatusUnprocessableEntity && e.Code != http.StatusUnsupportedMediaType {
		return e
	}
	e.Code = http.StatusBadRequest
	if len(e.Errors) > 0 {
		e.Message = strings.TrimSpace(cmp.Or(e.Errors[0].Field, "The body")+" "+e.Errors[0].Problem) + "."
	}
	return e
}

// AnyObject is a member of a body that may be absent, or null, and otherwise is an object with any members, which are
// passed over: properties and context of a request of AuthZEN. Its arrays and its depth are bounded as those of the body.
type AnyObject struct{}

// Schema says that it is an object with any members.
func (AnyObject) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Nullable: true}
}

// Evaluation completes a route that takes JSON and answers with bare JSON, as AuthZEN has both. f finds the faults of the
// body in x.Found, adds its own and answers with them unless they are about a part of the request that it can refuse
// alone.
func Evaluation[In, Out any](r Route, f func(x *Exchange, in In) (Out, error)) Route {
	r.body = newBodySpec(reflect.TypeFor[In](), cmp.Or(r.BodyLimit, SmallBody)).passOverUnknown()
	r.Data, r.Plain = reflect.TypeFor[Out](), &Plain{MediaType: JSONType}
	r.Serve = func(x *Exchange, raw []byte) error {
		var in In
		read, err := r.body.read(raw, &in)
		if err != nil {
			return err
		}
		x.Query, x.Found = readQuery(x.Request.URL.RawQuery, r.Method, nil)
		found := x.Found
		x.Found = append(read.faults, found...)
		// With more faults than are kept, a part of the request might look right that is not.
		if read.other || len(found) > 0 || len(read.faults) >= maxReaderFaults {
			return x.Found.Err()
		}
		out, err := f(x, in)
		if err != nil {
			return err
		}
		return x.replyBare(http.StatusOK, out)
	}
	return r
}

// maxRequestID bounds a request id under AuthZENPath, in bytes.
const maxRequestID = 256

// isPrintableID reports whether a request id can be repeated under AuthZENPath: it is an arbitrary string there (§10.1.3),
// and the answer has the same.
func isPrintableID(s string) bool {
	return s != "" && len(s) <= maxRequestID && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
