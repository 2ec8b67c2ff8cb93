package apitest

import (
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/app"
)

// Operation is what a sweep over the OpenAPI document needs of one of its operations.
type Operation struct {
	Method string `json:"-"`
	Path   string `json:"-"` // with its {parameters}

	ID       string                `json:"operationId"`
	Security []map[string][]string `json:"security"` // empty for public operations
	// Permission is the one that the operation asks for; empty if none.
	Permission string `json:"x-permission"`
	// APIKey says that the operation takes an API key in place of a token.
	APIKey bool `json:"x-api-key"`
	// Subtree operations answer every method at their path and below it.
	Subtree bool `json:"x-subtree"`
	// MaxBytes is the largest body that the operation takes; 0 where it takes none.
	MaxBytes    int `json:"x-max-bytes"`
	RequestBody *struct {
		Content map[string]struct {
			Schema  Schema          `json:"schema"`
			Example json.RawMessage `json:"example"`
		} `json:"content"`
	} `json:"requestBody"`
	Parameters []struct {
		Name   string `json:"name"`
		In     string `json:"in"`
		Schema Schema `json:"schema"`
	} `json:"parameters"`
	Responses map[string]json.RawMessage `json:"responses"`

	// Body is the schema of the request body, if there is one, and MediaType its type.
	Body      Schema `json:"-"`
	MediaType string `json:"-"`
}

// Schema is what a sweep needs of a schema.
type Schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"` // a name, or a list of names
	Properties map[string]Schema `json:"properties"`
	Required   []string          `json:"required"`
}

// Is reports whether a value of the named type, null for one, is taken.
func (s Schema) Is(name string) bool {
	list, many := s.Type.([]any)
	return s.Type == name || many && slices.Contains(list, any(name))
}

// Operations yields all operations of the document, in the order of their paths and methods.
func Operations(t testing.TB) iter.Seq[Operation] {
	t.Helper()
	var document struct {
		Paths      map[string]map[string]Operation `json:"paths"`
		Components struct {
			Schemas map[string]Schema `json:"schemas"`
		} `json:"components"`
	}
	must(t, json.Unmarshal(app.Document(), &document))
	return func(yield func(Operation) bool) {
		for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
			for _, method := range slices.Sorted(maps.Keys(document.Paths[path])) {
				o := document.Paths[path][method]
				o.Path, o.Method = path, strings.ToUpper(method)
				if o.RequestBody != nil {
					o.MediaType = only(t, slices.Collect(maps.Keys(o.RequestBody.Content)))
					ref := o.RequestBody.Content[o.MediaType].Schema.Ref
					o.Body = document.Components.Schemas[ref[strings.LastIndexByte(ref, '/')+1:]]
				}
				if !yield(o) {
					return
				}
			}
		}
	}
}

// FaultStatus is the status of an answer to a body that is JSON and no request of the operation.
func (o Operation) FaultStatus() int {
	if o.IsAuthZEN() {
		return http.StatusBadRequest
	}
	return http.StatusUnprocessableEntity
}

// IsAuthZEN reports whether the operation is one of AuthZEN: it passes over what it does not know.
func (o Operation) IsAuthZEN() bool { return strings.HasPrefix(o.Path, "/access/") }

// Takes reports whether the operation takes credentials of this scheme, bearer or client.
func (o Operation) Takes(scheme string) bool {
	return slices.ContainsFunc(o.Security, func(one map[string][]string) bool { _, takes := one[scheme]; return takes })
}

// At is the path of the operation with its parameters replaced by an id.
func (o Operation) At(id string) string {
	return strings.NewReplacer("{id}", id, "{permission_id}", id, "{session_id}", id, "{key_id}", id, "{secret_id}", id).Replace(o.Path)
}

func only(t testing.TB, list []string) string {
	t.Helper()
	if len(list) != 1 {
		t.Fatalf("one is wanted of %q", list)
	}
	return list[0]
}

// FormType is the media type of the bodies that are no JSON.
const FormType = "application/x-www-form-urlencoded"

// Example is the example of the operation's body, or nothing.
func (o Operation) Example() string {
	if o.RequestBody == nil {
		return ""
	}
	example := o.RequestBody.Content[o.MediaType].Example
	var fields map[string]string
	if o.MediaType != FormType || json.Unmarshal(example, &fields) != nil {
		return string(example)
	}
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	return form.Encode()
}
