package web

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	users "github.com/svc-users/svc-users"
)

const description = `Accounts, a hierarchy of roles, and the permissions attached to them.

Every JSON answer under ` + "`/api/v1`" + ` is one envelope with the keys ` + "`status`, `code`, `message`, `data`, `errors` and `meta`" + `. Checks run in one order:
route (404), method (405), token (401), permission (403), media type (415), size (413), JSON (400), fields and query (422), the target (404),
the rules (403, 409). ` + "`HEAD`" + ` answers wherever ` + "`GET`" + ` does; ` + "`OPTIONS`" + ` answers 204 with ` + "`Allow`" + `. A path that nothing is at is 404, a method that a path does not
have 405 with ` + "`Allow`" + `, both in the envelope. Under ` + "`/oauth2`" + ` all errors are those of RFC 6749 instead, and under ` + "`/access`" + ` 415 and 422 are 400.`

// Param and Schema are the framework's, under names of ours: the rest of the edge does not know the framework.
type (
	Param  = huma.Param
	Schema = huma.Schema
)

// document makes the OpenAPI description out of the table of routes.
type document struct {
	routes   []Route
	api      *huma.OpenAPI
	registry huma.Registry
}

// Tag says what some operations have in common.
type Tag struct {
	Name        string // such as "Roles"; the Tag of their Routes
	Description string
}

// Document returns the OpenAPI 3.1 document of these routes as indented JSON, the same bytes each time. The tags are in
// the order in which the document has them.
func Document(tags []Tag, routes []Route) []byte {
	d := &document{routes: routes, registry: huma.NewMapRegistry(schemaPath, huma.DefaultSchemaNamer)}
	d.api = &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: ServiceName, Version: users.Version, Description: description,
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Servers: []*huma.Server{{URL: "/"}},
		Components: &huma.Components{
			Schemas:         d.registry,
			Responses:       map[string]*huma.Response{},
			SecuritySchemes: securitySchemes(),
		},
	}
	for _, t := range tags {
		d.api.Tags = append(d.api.Tags, &huma.Tag{Name: t.Name, Description: t.Description})
	}
	for _, r := range d.routes {
		d.api.AddOperation(d.describeOperation(r))
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

// describeOperation is a route as the document has it.
func (d *document) describeOperation(r Route) *huma.Operation {
	op := &huma.Operation{
		Method: r.Method, Path: r.Path, OperationID: r.Name, Tags: []string{r.Tag}, Summary: r.Summary,
		Description: r.Description, Parameters: append(describePathParams(r.Path), r.Params...),
		Security: r.Auth.security(), Extensions: map[string]any{},
		Responses: map[string]*huma.Response{strconv.Itoa(r.code()): d.describeSuccess(r)},
	}
	if r.Subtree {
		op.Extensions["x-subtree"] = true
	}
	if r.Permission != "" {
		needs := "Needs the permission `" + string(r.Permission) + "`"
		if r.Also != "" {
			needs += " and `" + string(r.Also) + "`"
		}
		op.Description = strings.TrimSpace(needs + ". " + op.Description)
		op.Extensions["x-permission"] = r.Permission
	}
	if r.Auth.takesKey() {
		op.Description = strings.TrimSpace(op.Description + " An API key is accepted.")
		op.Extensions["x-api-key"] = true
	}
	if r.ShownTo != "" {
		op.Description = strings.TrimSpace(op.Description + " Without the permission `" + string(r.ShownTo) + "` the answer has the id alone.")
	}
	if r.body != nil {
		schema := d.schemaOf(r.body.goType)
		if r.body.mediaType == formType || r.body.open {
			d.openSchemas(r.body) // any, which OAuth and AuthZEN have passed over
		}
		op.Extensions["x-max-bytes"] = r.body.maxBytes
		op.RequestBody = &huma.RequestBody{Required: true, Description: fmt.Sprintf("At most %d bytes.", r.body.maxBytes), Content: map[string]*huma.MediaType{
			r.body.mediaType: {Schema: schema, Example: r.Request},
		}}
	}
	if r.dryRunnable {
		op.Responses["200"] = d.describeDryRun(r)
	}
	for _, f := range failures {
		if slices.Contains(r.failures(), f.status) {
			op.Responses[strconv.Itoa(f.status)] = d.sharedFailure(f, r.Path)
		}
	}
	if r.Tagged {
		op.Responses["304"] = &huma.Response{Description: "The client's copy still holds", Headers: describeHeaders(sharedFields("ETag")...)}
	}
	if r.Degraded != nil {
		op.Responses["503"] = d.describeDegraded(r)
	}
	return op
}

// openSchemas lets the schemas of a body have members beyond those that are described.
func (d *document) openSchemas(b *bodySpec) {
	d.registry.SchemaFromRef(d.schemaOf(b.goType).Ref).AdditionalProperties = nil
	for _, m := range b.members {
		for _, inner := range []*bodySpec{m.items, m.object} {
			if inner != nil {
				d.openSchemas(inner)
			}
		}
	}
}

// failures lists the statuses, beside that of success, which an operation can answer with.
func (r Route) failures() []int {
	list := append([]int{http.StatusInternalServerError}, r.Fails...)
	if r.Auth != AuthNone {
		list = append(list, http.StatusUnauthorized, http.StatusServiceUnavailable)
	}
	if r.Auth != AuthNone && !r.Subtree { // see countGuess
		list = append(list, http.StatusTooManyRequests)
	}
	if r.Permission != "" || r.Auth == AuthBearer {
		list = append(list, http.StatusForbidden)
	}
	if r.body != nil {
		list = append(list, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusServiceUnavailable)
		if !speaksAuthZEN(r.Path) {
			list = append(list, http.StatusUnsupportedMediaType)
		}
	}
	if strings.Contains(r.Path, "{") {
		list = append(list, http.StatusNotFound)
	}
	if r.Plain == nil {
		list = append(list, http.StatusUnprocessableEntity)
	}
	return list
}

// describePathParams describes the {parameters} of a path. Any text is taken: what is no id is the id of nothing.
func describePathParams(path string) []*Param {
	var list []*Param
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			name = strings.TrimSuffix(name, "}")
			if name == KeyIDParam {
				list = append(list, &Param{
					Name: name, In: "path", Required: true, Example: ExampleKeyID,
					Description: "The id of a key, as in the header of a token; one that no key has is 404.", Schema: &Schema{Type: "string"},
				})
				continue
			}
			list = append(list, &Param{
				Name: name, In: "path", Required: true, Example: ExamplePermissionID,
				Description: fmt.Sprintf("The %s, a UUID in lower case; anything else is 404.", strings.ReplaceAll(name, "_", " ")),
				Schema:      &Schema{Type: "string", Format: "uuid"},
			})
		}
	}
	return list
}
