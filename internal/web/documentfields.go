package web

import (
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// Field is a header field of an answer, as the document has it.
type Field struct {
	Name        string
	Description string
	Example     any
	Schema      Schema
}

// fields are the header fields that answers of several operations have. The schemas are values, so that each document
// has its own.
var fields = []Field{
	{"X-Request-ID", "The client's own if it was short and plain, else a new one", exampleRequestID, Schema{Type: "string", Pattern: "^[A-Za-z0-9._-]{1,64}$"}},
	{"Location", "Path of the new thing", "/api/v1/accounts/" + ExampleAccountID, Schema{Type: "string"}},
	{"WWW-Authenticate", "Has error=\"invalid_token\" when a token was sent; error=\"insufficient_scope\" and the scope that is needed with 403 under /oauth2", challengeInvalid, Schema{Type: "string", Pattern: "^Bearer"}},
	{"Retry-After", "Seconds after which trying again makes sense", 1, Schema{Type: "integer", Minimum: new(1.0)}},
	{"Allow", "The methods that the path has", "GET, HEAD, OPTIONS", Schema{Type: "string"}},
	{"ETag", "For If-None-Match", `"pZGm1Av0IEBKARczz7exkNYs"`, Schema{Type: "string"}},
}

// sharedFields finds fields by their names, which must be among those above.
func sharedFields(names ...string) []Field {
	list := make([]Field, len(names))
	for i, name := range names {
		list[i] = fields[slices.IndexFunc(fields, func(f Field) bool { return f.Name == name })]
	}
	return list
}

// printableRequestID is X-Request-ID of the answers under AuthZENPath.
var printableRequestID = Field{
	"X-Request-ID", "The client's own if it was printable and not longer than 256 bytes, else a new one", exampleRequestID,
	Schema{Type: "string", Pattern: `^[^\x00-\x1f\x7f]{1,256}$`},
}

// describeHeaders describes header fields by name, with the one that every answer has, unless the list has it.
func describeHeaders(list ...Field) map[string]*huma.Header {
	headers := map[string]*huma.Header{}
	for _, f := range append(sharedFields("X-Request-ID"), list...) {
		headers[f.Name] = &huma.Header{Description: f.Description, Example: f.Example, Schema: &f.Schema, Required: true}
	}
	return headers
}
