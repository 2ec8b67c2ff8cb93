package httpapi

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const description = `Accounts, a hierarchy of roles, and the permissions attached to them.

Every JSON answer under ` + "`/api/v1`" + ` is one envelope with the keys ` + "`status`, `code`, `message`, `data`, `errors` and `meta`" + `. Checks run in one order:
route (404), method (405), token (401), permission (403), media type (415), size (413), JSON (400), fields and query (422), the target (404),
the rules (403, 409). ` + "`HEAD`" + ` answers wherever ` + "`GET`" + ` does; ` + "`OPTIONS`" + ` answers 204 with ` + "`Allow`" + `. A path that nothing is at is 404, a method that a path does not
have 405 with ` + "`Allow`" + `, both in the envelope. Under ` + "`/oauth2`" + ` all errors are those of RFC 6749 instead.`

// document makes the OpenAPI description out of the table of routes.
type document struct {
	api      *huma.OpenAPI
	registry huma.Registry
}

// apiVersion is that of the contract. The document changes with the contract alone, not with each release of the
// program, so that the copy in docs is good for every build.
const apiVersion = "1.0.0"

// Document returns the OpenAPI 3.1 document of the service as indented JSON, the same bytes each time.
func Document() []byte {
	d := &document{registry: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)}
	d.api = &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: serviceName, Version: apiVersion, Description: description,
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Servers: []*huma.Server{{URL: "/"}},
		Components: &huma.Components{
			Schemas:   d.registry,
			Responses: map[string]*huma.Response{},
			SecuritySchemes: map[string]*huma.SecurityScheme{"bearer": {
				Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "A token from /api/v1/auth/login",
			}},
		},
	}
	for _, f := range failures {
		d.api.Components.Responses[f.name] = d.failure(f)
	}
	for _, r := range (&api{}).routes() {
		if !slices.ContainsFunc(d.api.Tags, func(t *huma.Tag) bool { return t.Name == r.tag }) {
			d.api.Tags = append(d.api.Tags, &huma.Tag{Name: r.tag})
		}
		d.api.AddOperation(d.operation(r))
	}
	compact, err := d.api.MarshalJSON()
	if err != nil {
		panic(err) // the table is a constant of the program
	}
	var indented bytes.Buffer
	if err := stdjson.Indent(&indented, compact, "", "  "); err != nil {
		panic(err)
	}
	return append(indented.Bytes(), '\n')
}

func (d *document) operation(r route) *huma.Operation {
	op := &huma.Operation{
		Method: r.method, Path: r.path, OperationID: r.name, Tags: []string{r.tag}, Summary: r.summary,
		Description: r.description, Parameters: append(pathParams(r.path), r.params...),
		Security: []map[string][]string{}, Extensions: map[string]any{},
		Responses: map[string]*huma.Response{strconv.Itoa(r.code()): d.success(r)},
	}
	if !r.public {
		op.Security = []map[string][]string{{"bearer": {}}}
	}
	if r.subtree {
		op.Extensions["x-subtree"] = true
	}
	if r.permission != "" {
		needs := "Needs the permission `" + string(r.permission) + "`"
		if r.also != "" {
			needs += " and `" + string(r.also) + "`"
		}
		op.Description = strings.TrimSpace(needs + ". " + op.Description)
		op.Extensions["x-permission"] = r.permission
	}
	if r.shownTo != "" {
		op.Description = strings.TrimSpace(op.Description + " Without the permission `" + string(r.shownTo) + "` the answer has the id alone.")
	}
	if r.body != nil {
		schema := d.registry.Schema(r.body.of, true, "")
		if r.body.mediaType == formType {
			d.registry.SchemaFromRef(schema.Ref).AdditionalProperties = true // which OAuth has passed over
		}
		op.Extensions["x-max-bytes"] = r.body.most
		op.RequestBody = &huma.RequestBody{Required: true, Description: fmt.Sprintf("At most %d bytes.", r.body.most), Content: map[string]*huma.MediaType{
			r.body.mediaType: {Schema: schema, Example: r.request},
		}}
	}
	if r.rehearsed {
		op.Responses["200"] = d.rehearsed(r)
	}
	for _, f := range failures {
		if slices.Contains(r.failures(), f.status) {
			op.Responses[strconv.Itoa(f.status)] = d.shared(f, speaksOAuth(r.path))
		}
	}
	if r.path == "/.well-known/jwks.json" || r.keys || r.tagged || r.name == "getDocument" {
		op.Responses["304"] = &huma.Response{Description: "The client's copy still holds", Headers: headers("ETag")}
	}
	if r.degraded != nil {
		op.Responses["503"] = d.degraded(r)
	}
	return op
}

// failures lists the statuses, beside that of success, which an operation can answer with.
func (r route) failures() []int {
	list := append([]int{http.StatusInternalServerError}, r.fails...)
	if !r.public {
		list = append(list, http.StatusUnauthorized, http.StatusServiceUnavailable)
	}
	if r.permission != "" {
		list = append(list, http.StatusForbidden)
	}
	if r.body != nil {
		list = append(list, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusServiceUnavailable)
	}
	if strings.Contains(r.path, "{") {
		list = append(list, http.StatusNotFound)
	}
	if r.plain == nil {
		list = append(list, http.StatusUnprocessableEntity)
	}
	return list
}

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
	parts := envelopeParts{code: r.code(), message: constant(r.message), data: d.data(r)}
	example := envelope{code: r.code(), message: r.message, data: r.example}
	if r.list {
		parts.meta = &huma.Schema{AnyOf: []*huma.Schema{d.schema(PageMeta{}), d.schema(FirstPageMeta{}), d.schema(CursorMeta{})}}
		example.meta = FirstPageMeta{PageMeta{Page: 1, PageSize: defaultPageSize, TotalItems: 1, TotalPages: 1, TotalIsExact: true}, nil}
	}
	if r.keys {
		parts.keys = &huma.Schema{Type: "array", Items: d.schema(PEMKey{})}
		example.keys = []PEMKey{exampleKey}
	}
	return answer(r.message, parts.schema(), example, fields...)
}

// rehearsed is the 200 of an operation that can be tried without effect: the answer to that or, where it is of that
// status, to the operation itself.
func (d *document) rehearsed(r route) *huma.Response {
	parts := envelopeParts{code: http.StatusOK, message: constant(dryRunMessage), data: d.schema(Impact{})}
	dry := answer(dryRunMessage, parts.schema(), envelope{code: http.StatusOK, message: dryRunMessage, data: exampleImpact})
	if r.code() != http.StatusOK {
		return dry
	}
	earnest := d.success(r)
	media := earnest.Content[jsonType]
	media.Schema = &huma.Schema{OneOf: []*huma.Schema{media.Schema, dry.Content[jsonType].Schema}}
	earnest.Description += ", or " + dryRunMessage
	return earnest
}

// degraded is the 503 that has data.
func (d *document) degraded(r route) *huma.Response {
	if r.plain != nil {
		return d.plainAnswer(r, []string{"Retry-After"}, "Not now", r.degraded)
	}
	data := d.data(r)
	// A panic aside, only this operation's own 503 and the general one are possible.
	parts := envelopeParts{code: http.StatusServiceUnavailable, message: constant(degraded), data: data}
	example := envelope{code: http.StatusServiceUnavailable, message: degraded, data: r.degraded}
	return answer(degraded, parts.schema(), example, "Retry-After")
}

func (d *document) plainAnswer(r route, fields []string, description string, example any) *huma.Response {
	schema := r.plain.schema
	if schema == nil {
		schema = d.registry.Schema(r.data, true, "")
	}
	if r.plain.or != nil {
		schema = &huma.Schema{OneOf: []*huma.Schema{schema, d.registry.Schema(r.plain.or, true, "")}}
	}
	media := &huma.MediaType{Schema: schema}
	if example != nil {
		media.Example = example
	}
	mediaType, _, _ := strings.Cut(r.plain.mediaType, ";")
	return &huma.Response{Description: description, Headers: headers(fields...), Content: map[string]*huma.MediaType{mediaType: media}}
}

// data is the schema of an envelope's data.
func (d *document) data(r route) *huma.Schema {
	switch {
	case r.data == nil:
		return nullSchema()
	case r.shownTo != "":
		return d.written(r.data)
	case r.list:
		return &huma.Schema{Type: "array", Items: d.registry.Schema(r.data, true, "")}
	default:
		return d.registry.Schema(r.data, true, "")
	}
}

// written is the schema of what a write answers: that of the thing, of which only the id is always there. It is one
// object with optional members and no choice of two, of which generators of clients make types that are hard to use.
func (d *document) written(of reflect.Type) *huma.Schema {
	whole := d.registry.Schema(of, true, "")
	name := "Written" + of.Name()
	if d.registry.Map()[name] == nil {
		schema := *d.registry.SchemaFromRef(whole.Ref)
		schema.Required = []string{"id"}
		schema.Description = "All members, or the id alone where the caller may not read the thing"
		d.registry.Map()[name] = &schema
	}
	return &huma.Schema{Ref: strings.TrimSuffix(whole.Ref, of.Name()) + name}
}

func (d *document) schema(of any) *huma.Schema {
	return d.registry.Schema(reflect.TypeOf(of), true, "")
}

// pathParams describes the {parameters} of a path. Any text is taken: what is no id is the id of nothing.
func pathParams(path string) []*huma.Param {
	var list []*huma.Param
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			name = strings.TrimSuffix(name, "}")
			list = append(list, &huma.Param{
				Name: name, In: "path", Required: true, Example: examplePermissionID,
				Description: fmt.Sprintf("The %s, a UUID in lower case; anything else is 404.", strings.ReplaceAll(name, "_", " ")),
				Schema:      &huma.Schema{Type: "string", Format: "uuid"},
			})
		}
	}
	return list
}
