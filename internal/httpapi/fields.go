package httpapi

import (
	"github.com/danielgtaylor/huma/v2"
)

// fieldSchemas describes the header fields of answers.
var fieldSchemas = map[string]huma.Param{
	"X-Request-ID":     {Description: "The client's own if it was short and plain, else a new one", Example: exampleRequestID, Schema: &huma.Schema{Type: "string", Pattern: "^[A-Za-z0-9._-]{1,64}$"}},
	"Location":         {Description: "Path of the new thing", Example: "/api/v1/accounts/" + exampleAccountID, Schema: &huma.Schema{Type: "string"}},
	"WWW-Authenticate": {Description: "Has error=\"invalid_token\" when a token was sent", Example: challengeAgain, Schema: &huma.Schema{Type: "string", Pattern: "^Bearer"}},
	"Retry-After":      {Description: "Seconds after which trying again makes sense", Example: 1, Schema: &huma.Schema{Type: "integer", Minimum: ptr(1.0)}},
	"Allow":            {Description: "The methods that the path has", Example: "GET, HEAD, OPTIONS", Schema: &huma.Schema{Type: "string"}},
	"ETag":             {Description: "For If-None-Match", Example: `"pZGm1Av0IEBKARczz7exkNYs"`, Schema: &huma.Schema{Type: "string"}},
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
