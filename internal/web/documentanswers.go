package web

import (
	"bytes"
	stdjson "encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// describeSuccess is the answer of an operation that has done what it is for.
func (d *document) describeSuccess(r Route) *huma.Response {
	fields := slices.Clone(r.Fields)
	if r.code() == http.StatusCreated {
		fields = append(fields, sharedFields("Location")...)
	}
	if r.Tagged {
		fields = append(fields, sharedFields("ETag")...)
	}
	if speaksAuthZEN(r.Path) {
		fields = append(fields, printableRequestID)
	}
	if r.Plain != nil {
		return d.describePlain(r, fields, "Success", r.Example)
	}
	example := Envelope{Code: r.code(), Message: r.Message, Data: r.Example}
	if r.list && !r.whole {
		example.Meta = exampleMeta
	}
	example.Keys = r.Keys
	success := describeAnswer(r.Message, d.successSchema(r), example, fields...)
	if len(r.Variants) > 0 {
		describeVariants(success.Content[JSONType], example, r.Variants)
	}
	if r.code() == http.StatusCreated {
		success.Links = d.describeLinks(r)
	}
	return success
}

// describeVariants gives an answer an example for each form of its data, in the envelope of the one that it had.
func describeVariants(media *huma.MediaType, envelope Envelope, variants []Variant) {
	media.Example, media.Examples = nil, map[string]*huma.Example{}
	for _, v := range variants {
		envelope.Data = v.Example
		media.Examples[v.Name] = &huma.Example{Summary: v.Summary, Value: encodeExample(envelope)}
	}
}

// describeLinks leads from the answer of a create to the operation that reads what was created.
func (d *document) describeLinks(create Route) map[string]*huma.Link {
	links := map[string]*huma.Link{}
	for _, r := range d.routes {
		if r.Method == http.MethodGet && r.Path == create.Path+"/{id}" {
			links[r.Name] = &huma.Link{
				OperationID: r.Name, Description: r.Summary, Parameters: map[string]any{"id": "$response.body#/data/id"},
			}
		}
	}
	return links
}

// describeDryRun is the 200 of an operation that can be tried without effect: the answer to that or, where it is of that
// status, to the operation itself. Its schema is the same as that of the operation's success.
func (d *document) describeDryRun(r Route) *huma.Response {
	dry := describeAnswer(dryRunMessage, d.successSchema(r), Envelope{Code: http.StatusOK, Message: dryRunMessage, Data: exampleImpact})
	if r.code() != http.StatusOK {
		return dry
	}
	both := d.describeSuccess(r)
	media, dryMedia := both.Content[JSONType], dry.Content[JSONType]
	media.Examples = map[string]*huma.Example{
		"done":    {Summary: r.Message, Value: media.Example},
		"dry_run": {Summary: dryRunMessage, Value: dryMedia.Example},
	}
	media.Example = nil
	both.Description += ", or " + dryRunMessage
	return both
}

// describeDegraded is the 503 that has data.
func (d *document) describeDegraded(r Route) *huma.Response {
	if r.Plain != nil {
		return d.describePlain(r, sharedFields("Retry-After"), "Not now", r.Degraded.Example)
	}
	// A panic aside, only this operation's own 503 is possible.
	example := Envelope{Code: http.StatusServiceUnavailable, Message: r.Degraded.Message, Data: r.Degraded.Example}
	return describeAnswer(r.Degraded.Message, d.successSchema(r), example, sharedFields("Retry-After")...)
}

func (d *document) describePlain(r Route, fields []Field, description string, example any) *huma.Response {
	schema := r.Plain.Schema
	if schema == nil {
		schema = d.schemaOf(r.Data)
	}
	media := &huma.MediaType{Schema: schema}
	if example != nil {
		media.Example = example
	}
	mediaType, _, _ := strings.Cut(r.Plain.MediaType, ";")
	return &huma.Response{Description: description, Headers: describeHeaders(fields...), Content: map[string]*huma.MediaType{mediaType: media}}
}

// describeAnswer is an answer in the envelope.
func describeAnswer(description string, schema *huma.Schema, example Envelope, fields ...Field) *huma.Response {
	return &huma.Response{
		Description: description, Headers: describeHeaders(fields...),
		Content: map[string]*huma.MediaType{JSONType: {Schema: schema, Example: encodeExample(example)}},
	}
}

// encodeExample returns an example as it is on the wire, decoded again.
func encodeExample(example Envelope) any {
	encoded, err := example.Append(nil)
	if err != nil {
		panic(err) // examples are constants of the program
	}
	var value any
	decoder := stdjson.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		panic(err)
	}
	return value
}
