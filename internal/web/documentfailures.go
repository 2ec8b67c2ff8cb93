package web

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// failure is an answer that several operations share.
type failure struct {
	status      int
	name        string // in components
	description string
	message     string // the only one, or an example
	fields      []string
}

var failures = []failure{
	{http.StatusBadRequest, "BadRequest", "The body is not JSON: what is wrong and where", "The body is not valid JSON: duplicate member, at byte 33.", nil},
	{http.StatusUnauthorized, "Unauthorized", "There is no token that counts; for a login, the credentials are not valid", "The access token is not valid.", []string{"WWW-Authenticate"}},
	{http.StatusForbidden, "Forbidden", "The caller may not do this, and why", "Missing required permission: roles:update", nil},
	{http.StatusNotFound, "NotFound", "Nothing has this id, or nothing is at this path", "Account not found", nil},
	{http.StatusRequestTimeout, "RequestTimeout", "The body did not arrive in time", "The body did not arrive in time.", nil},
	{http.StatusConflict, "Conflict", "A rule forbids it; the message names the rule", "An account with this e-mail already exists.", nil},
	{http.StatusRequestEntityTooLarge, "ContentTooLarge", "The body is larger than the operation takes, which its x-max-bytes says", "The body is larger than 8192 bytes.", nil},
	{http.StatusUnsupportedMediaType, "UnsupportedMediaType", "The body is not application/json in UTF-8 without content coding", "The body must be application/json in UTF-8.", nil},
	{http.StatusUnprocessableEntity, "ValidationError", "Fields or parameters are wrong; every fault is named", "Validation error", nil},
	{http.StatusTooManyRequests, "TooManyRequests", "Too many attempts", "Too many attempts; try again later.", []string{"Retry-After"}},
	{http.StatusInternalServerError, "InternalServerError", "A defect; nothing is said of its cause", "Internal server error", nil},
	{http.StatusServiceUnavailable, "ServiceUnavailable", "Overloaded, or the database is away", "The service is busy or its database is away; try again.", []string{"Retry-After"}},
}

// sharedFailure refers to the answer of a failure, which is among the components from its first use on: as it is at this
// path.
func (d *document) sharedFailure(f failure, path string) *huma.Response {
	name, describe := f.name, d.describeFailure
	switch {
	case speaksOAuth(path):
		name, describe = "OAuth"+f.name, d.describeOAuthFailure
	case speaksAuthZEN(path):
		name, describe = "AuthZEN"+f.name, d.describeAuthZENFailure
	}
	if d.api.Components.Responses[name] == nil {
		d.api.Components.Responses[name] = describe(f)
	}
	return &huma.Response{Ref: "#/components/responses/" + name}
}

// oauthFailures are those that differ from the others where a form is read and OAuth is spoken.
var oauthFailures = map[int]failure{
	http.StatusBadRequest:           {description: "The form cannot be read, a field is missing or comes twice, or what it asks for is refused; client authentication that failed, of credentials in the form", message: "The field token is required."},
	http.StatusUnauthorized:         {description: "There is no token that counts, or client authentication failed", message: "The access token is not valid.", fields: []string{"WWW-Authenticate"}},
	http.StatusForbidden:            {description: "The caller may not do this", message: "Missing required permission: tokens:introspect", fields: []string{"WWW-Authenticate"}},
	http.StatusUnsupportedMediaType: {description: "The body is not " + formType + " in UTF-8 without content coding", message: "The body must be " + formType + " in UTF-8."},
}

// describeOAuthFailure is a failure as it is under /oauth2.
func (d *document) describeOAuthFailure(f failure) *huma.Response {
	fields := f.fields
	if own, differs := oauthFailures[f.status]; differs {
		f.description, f.message, fields = own.description, own.message, own.fields
	}
	described := sharedFields(fields...)
	for i := range described {
		if described[i].Name == "WWW-Authenticate" && f.status == http.StatusUnauthorized {
			described[i].Description += "; Basic where client authentication failed"
			described[i].Schema.Pattern = "^(Bearer|Basic realm=)"
		}
	}
	return &huma.Response{
		Description: f.description, Headers: describeHeaders(described...),
		Content: map[string]*huma.MediaType{JSONType: {
			Schema: schemaFor[OAuthError](d), Example: OAuthError{Error: oauthCode(f.status), Description: f.message},
		}},
	}
}

// describeAuthZENFailure is a failure as it is under AuthZENPath.
func (d *document) describeAuthZENFailure(f failure) *huma.Response {
	fields := append(sharedFields(f.fields...), printableRequestID)
	if f.status != http.StatusBadRequest {
		return describeAnswer(f.description, d.errorSchema(), Envelope{Code: f.status, Message: f.message}, fields...)
	}
	example := asAuthZEN(Envelope{Code: http.StatusUnprocessableEntity, Errors: []Fault{{"subject.id", "is required"}, {"action", "must be an object"}}})
	return describeAnswer("The body is not JSON, or a field is missing or wrong: every fault is named", d.errorSchema(), example, fields...)
}

// describeFailure is a failure as it is in the envelope.
func (d *document) describeFailure(f failure) *huma.Response {
	example := Envelope{Code: f.status, Message: f.message}
	if f.status == http.StatusUnprocessableEntity {
		example.Errors = []Fault{{"email", "is required"}, {"permission_ids.0", "is not the id of an existing permission"}}
	}
	return describeAnswer(f.description, d.errorSchema(), example, sharedFields(f.fields...)...)
}
