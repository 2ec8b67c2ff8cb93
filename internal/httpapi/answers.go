package httpapi

import (
	"bytes"
	stdjson "encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// success is the answer of an operation that has done what it is for.
func (d *document) success(r route) *huma.Response {
	fields := slices.Clone(r.fields)
	if r.code() == http.StatusCreated {
		fields = append(fields, "Location")
	}
	if r.keys || r.tagged || r.plain != nil && r.plain.mediaType == jsonType && r.body == nil {
		fields = append(fields, "ETag")
	}
	if r.plain != nil {
		return d.plainAnswer(r, fields, "Success", r.example)
	}
	example := envelope{code: r.code(), message: r.message, data: r.example}
	if r.list {
		example.meta = exampleMeta
	}
	if r.keys {
		example.keys = []PEMKey{exampleKey}
	}
	success := answer(r.message, d.successSchema(r), example, fields...)
	if r.code() == http.StatusCreated {
		success.Links = d.links(r)
	}
	return success
}

// links leads from the answer of a create to the operation that reads what was created.
func (d *document) links(create route) map[string]*huma.Link {
	links := map[string]*huma.Link{}
	for _, r := range d.routes {
		if r.method == http.MethodGet && r.path == create.path+"/{id}" {
			links[r.name] = &huma.Link{
				OperationID: r.name, Description: r.summary, Parameters: map[string]any{"id": "$response.body#/data/id"},
			}
		}
	}
	return links
}

// rehearsed is the 200 of an operation that can be tried without effect: the answer to that or, where it is of that
// status, to the operation itself. Its schema is the same as that of the operation's success.
func (d *document) rehearsed(r route) *huma.Response {
	dry := answer(dryRunMessage, d.successSchema(r), envelope{code: http.StatusOK, message: dryRunMessage, data: exampleImpact})
	if r.code() != http.StatusOK {
		return dry
	}
	both := d.success(r)
	media, dryMedia := both.Content[jsonType], dry.Content[jsonType]
	media.Examples = map[string]*huma.Example{
		"done":    {Summary: r.message, Value: media.Example},
		"dry_run": {Summary: dryRunMessage, Value: dryMedia.Example},
	}
	media.Example = nil
	both.Description += ", or " + dryRunMessage
	return both
}

// degraded is the 503 that has data.
func (d *document) degraded(r route) *huma.Response {
	if r.plain != nil {
		return d.plainAnswer(r, []string{"Retry-After"}, "Not now", r.degraded)
	}
	// A panic aside, only this operation's own 503 is possible.
	example := envelope{code: http.StatusServiceUnavailable, message: degraded, data: r.degraded}
	return answer(degraded, d.successSchema(r), example, "Retry-After")
}

func (d *document) plainAnswer(r route, fields []string, description string, example any) *huma.Response {
	schema := r.plain.schema
	if schema == nil {
		schema = d.of(r.data)
	}
	media := &huma.MediaType{Schema: schema}
	if example != nil {
		media.Example = example
	}
	mediaType, _, _ := strings.Cut(r.plain.mediaType, ";")
	return &huma.Response{Description: description, Headers: headers(fields...), Content: map[string]*huma.MediaType{mediaType: media}}
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
