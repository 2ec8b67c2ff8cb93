package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// failure is an answer that several operations share.
type failure struct {
	status      int
	name        string // in components
	description string
	message     string // the constant one, or an example
	constant    bool
	fields      []string
}

var failures = []failure{
	{http.StatusBadRequest, "BadRequest", "The body is not JSON: what is wrong and where", "The body is not valid JSON: a member is there twice, at byte 33.", false, nil},
	{http.StatusUnauthorized, "Unauthorized", "There is no token that counts; for a login, the credentials are not valid", "The access token is not valid.", false, []string{"WWW-Authenticate"}},
	{http.StatusForbidden, "Forbidden", "The caller may not do this, and why", "Missing required permission: roles:update", false, nil},
	{http.StatusNotFound, "NotFound", "Nothing has this id, or nothing is at this path", "Account not found", false, nil},
	{http.StatusMethodNotAllowed, "MethodNotAllowed", "The path does not have this method", "Method not allowed", true, []string{"Allow"}},
	{http.StatusRequestTimeout, "RequestTimeout", "The body did not arrive in time", "The body did not arrive in time.", true, nil},
	{http.StatusConflict, "Conflict", "A rule stands against it: which, in words", "An account with this e-mail already exists.", false, nil},
	{http.StatusRequestEntityTooLarge, "ContentTooLarge", "The body is larger than the operation takes, which its x-max-bytes says", "The body is larger than 8192 bytes.", false, nil},
	{http.StatusUnsupportedMediaType, "UnsupportedMediaType", "The body is not application/json in UTF-8 without content coding", "The body must be application/json in UTF-8.", false, nil},
	{http.StatusUnprocessableEntity, "ValidationError", "Fields or parameters are wrong; every fault is named", "Validation error", true, nil},
	{http.StatusTooManyRequests, "TooManyRequests", "Too many attempts", "Too many attempts; try again later.", false, []string{"Retry-After"}},
	{http.StatusInternalServerError, "InternalServerError", "A defect; nothing is said of its cause", "Internal server error", true, nil},
	{http.StatusServiceUnavailable, "ServiceUnavailable", "Overloaded, or the database is away", "The service is busy or its database is away; try again.", false, []string{"Retry-After"}},
}

// shared refers to the answer of a failure, which is among the components from its first use on.
func (d *document) shared(f failure, oauth bool) *huma.Response {
	name := f.name
	if oauth {
		name = "OAuth" + name
		d.api.Components.Responses[name] = oauthFailure(f)
	}
	return &huma.Response{Ref: "#/components/responses/" + name}
}

// oauthFailures are those that differ from the others where a form is read and OAuth is spoken.
var oauthFailures = map[int]failure{
	http.StatusBadRequest:           {description: "The form cannot be read, or a field is missing or comes twice", message: "The field token is required."},
	http.StatusForbidden:            {description: "The caller may not do this", message: "Missing required permission: tokens:introspect", fields: []string{"WWW-Authenticate"}},
	http.StatusUnsupportedMediaType: {description: "The body is not " + formType + " in UTF-8 without content coding", message: "The body must be " + formType + " in UTF-8."},
}

// oauthFailure is a failure as it is under /oauth2.
func oauthFailure(f failure) *huma.Response {
	fields := f.fields
	if own, differs := oauthFailures[f.status]; differs {
		f.description, f.message, fields = own.description, own.message, own.fields
	}
	return &huma.Response{
		Description: f.description, Headers: headers(fields...),
		Content: map[string]*huma.MediaType{jsonType: {
			Schema: &huma.Schema{
				Type: "object", AdditionalProperties: false, Required: []string{"error", "error_description"},
				Properties: map[string]*huma.Schema{"error": constant(oauthCode(f.status)), "error_description": {Type: "string"}},
			},
			Example: OAuthError{Error: oauthCode(f.status), Description: f.message},
		}},
	}
}

func (d *document) failure(f failure) *huma.Response {
	parts := envelopeParts{code: f.status, message: &huma.Schema{Type: "string"}, data: nullSchema()}
	example := envelope{code: f.status, message: f.message}
	if f.constant {
		parts.message = constant(f.message)
	}
	if f.status == http.StatusUnprocessableEntity {
		parts.errors = &huma.Schema{Type: "array", MinItems: ptr(1), Items: d.schema(Fault{})}
		example.errors = []Fault{{"email", "is required"}, {"permission_ids.0", "is not the id of an existing permission"}}
	}
	return answer(f.description, parts.schema(), example, f.fields...)
}
