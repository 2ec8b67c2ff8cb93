package httpapi

import (
	"bytes"
	stdjson "encoding/json"

	"github.com/danielgtaylor/huma/v2"
)

// nullSchema returns the schema of null. Each schema has one of its own: while huma makes a schema of a type it writes
// to all that the schema contains, so a shared one would be written to by two documents that are made at once.
func nullSchema() *huma.Schema { return &huma.Schema{Type: "null"} }

// constant is the schema of one string or integer.
func constant(value any) *huma.Schema {
	if _, ok := value.(int); ok {
		return &huma.Schema{Type: huma.TypeInteger, Const: value}
	}
	return &huma.Schema{Type: huma.TypeString, Const: value}
}

// envelopeParts is what differs between the envelopes of the document.
type envelopeParts struct {
	code    int
	message *huma.Schema
	data    *huma.Schema
	errors  *huma.Schema // nil: null
	meta    *huma.Schema // nil: null
	keys    *huma.Schema // nil: not there
}

// schema is the schema of one answer's envelope, closed and complete.
func (p envelopeParts) schema() *huma.Schema {
	status := "success"
	if p.code >= 400 {
		status = "error"
	}
	s := &huma.Schema{
		Type: "object", AdditionalProperties: false,
		Required: []string{"status", "code", "message", "data", "errors", "meta"},
		Properties: map[string]*huma.Schema{
			"status": constant(status), "code": constant(p.code), "message": p.message,
			"data": p.data, "errors": orNull(p.errors), "meta": orNull(p.meta),
		},
	}
	if p.keys != nil {
		s.Properties["keys"] = p.keys
		s.Required = append(s.Required, "keys")
	}
	return s
}

func orNull(s *huma.Schema) *huma.Schema {
	if s == nil {
		return nullSchema()
	}
	return s
}

// answer is an answer in the envelope.
func answer(description string, schema *huma.Schema, example envelope, fields ...string) *huma.Response {
	encoded, err := example.append(nil)
	if err != nil {
		panic(err) // examples are constants of the program
	}
	var value any
	decoder := stdjson.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		panic(err)
	}
	return &huma.Response{
		Description: description, Headers: headers(fields...),
		Content: map[string]*huma.MediaType{jsonType: {Schema: schema, Example: value}},
	}
}
