package httpapi

import (
	"github.com/danielgtaylor/huma/v2"
)

// encodedText is what a header field can hold of any text.
var encodedText = &huma.Schema{Type: "string", Pattern: "^[A-Za-z0-9._~@:/%,-]*$"}

// fieldSchemas describes the header fields of answers.
var fieldSchemas = map[string]huma.Param{
	"X-Request-ID":       {Description: "The client's own if it was short and plain, else a new one", Example: exampleRequestID, Schema: &huma.Schema{Type: "string", Pattern: "^[A-Za-z0-9._-]{1,64}$"}},
	"Location":           {Description: "Path of the new thing", Example: "/api/v1/accounts/" + exampleAccountID, Schema: &huma.Schema{Type: "string"}},
	"WWW-Authenticate":   {Description: "Has error=\"invalid_token\" when a token was sent; error=\"insufficient_scope\" and the scope that is needed with 403 under /oauth2", Example: challengeAgain, Schema: &huma.Schema{Type: "string", Pattern: "^Bearer"}},
	"Retry-After":        {Description: "Seconds after which trying again makes sense", Example: 1, Schema: &huma.Schema{Type: "integer", Minimum: ptr(1.0)}},
	"Allow":              {Description: "The methods that the path has", Example: "GET, HEAD, OPTIONS", Schema: &huma.Schema{Type: "string"}},
	"X-Auth-Subject":     {Description: "Id of the account", Example: exampleAccountID, Schema: &huma.Schema{Type: "string", Format: "uuid"}},
	"X-Auth-Email":       {Description: "E-mail of the account, percent-encoded UTF-8", Example: "ada@example.com", Schema: encodedText},
	"X-Auth-Roles":       {Description: "Names of the account's role and those it inherits from, nearest first, each percent-encoded UTF-8, joined by commas", Example: "Auditor", Schema: encodedText},
	"X-Auth-Permissions": {Description: "Names of the permissions that were required, each percent-encoded, joined by commas", Example: "reports:read", Schema: encodedText},
	"ETag":               {Description: "For If-None-Match", Example: `"pZGm1Av0IEBKARczz7exkNYs"`, Schema: &huma.Schema{Type: "string"}},
}

// headers describes the header fields by name, with those that every answer has.
func headers(names ...string) map[string]*huma.Header {
	list := map[string]*huma.Header{}
	for _, name := range append(names, "X-Request-ID") {
		field := fieldSchemas[name]
		field.Required = true
		list[name] = &field
	}
	return list
}
