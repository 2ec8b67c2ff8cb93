package httpapi

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"net/http"
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
	routes   []route
	api      *huma.OpenAPI
	registry huma.Registry
}

// tags says what the operations of each tag have in common.
var tags = map[string]string{
	"Authentication": "Logins and their tokens, the keys that verify them, one's own account, and what changes about all of these.",
	"Authorization":  "What gateways and services ask about the rights of a caller, of an account or of a token.",
	"Accounts":       "Who can log in, with which role, and what they may do by it.",
	"Roles":          "Named sets of permissions, which inherit from one another.",
	"Permissions":    "Names of what can be allowed.",
	"Declarations":   "The permissions and roles of a service as one document.",
	"Health":         "For whoever watches over the service, or sends requests to it only while it can answer.",
	"Documentation":  "What there is, for people and for programs.",
}

// apiVersion is that of the contract. The document changes with the contract alone, not with each release of the
// program, so that the copy in docs is good for every build.
const apiVersion = "1.0.0"

// Document returns the OpenAPI 3.1 document of the service as indented JSON, the same bytes each time.
func Document() []byte {
	d := &document{routes: (&api{}).routes(), registry: huma.NewMapRegistry(schemaPath, huma.DefaultSchemaNamer)}
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
	for _, r := range d.routes {
		if !slices.ContainsFunc(d.api.Tags, func(t *huma.Tag) bool { return t.Name == r.tag }) {
			d.api.Tags = append(d.api.Tags, &huma.Tag{Name: r.tag, Description: tags[r.tag]})
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
		schema := d.of(r.body.of)
		if r.body.mediaType == formType {
			d.registry.SchemaFromRef(schema.Ref).AdditionalProperties = nil // any, which OAuth has passed over
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
