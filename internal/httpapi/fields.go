package httpapi

import (
	"github.com/danielgtaylor/huma/v2"
)

// encodedText is the pattern of what a header field can hold of any text.
const encodedText = "^[A-Za-z0-9._~@:/%,-]*$"

// encodedEmail is the pattern of what it can hold of an e-mail.
const encodedEmail = "^[A-Za-z0-9._~@:/%!#$&'*+=?^`{|}-]*$"

// fieldDocs describes the header fields of answers. The schemas are values, so that each document has its own.
var fieldDocs = map[string]fieldDoc{
	"X-Request-ID":       {"The client's own if it was short and plain, else a new one", exampleRequestID, huma.Schema{Type: "string", Pattern: "^[A-Za-z0-9._-]{1,64}$"}},
	"Location":           {"Path of the new thing", "/api/v1/accounts/" + exampleAccountID, huma.Schema{Type: "string"}},
	"WWW-Authenticate":   {"Has error=\"invalid_token\" when a token was sent; error=\"insufficient_scope\" and the scope that is needed with 403 under /oauth2", challengeAgain, huma.Schema{Type: "string", Pattern: "^Bearer"}},
	"Retry-After":        {"Seconds after which trying again makes sense", 1, huma.Schema{Type: "integer", Minimum: ptr(1.0)}},
	"Allow":              {"The methods that the path has", "GET, HEAD, OPTIONS", huma.Schema{Type: "string"}},
	"X-Auth-Subject":     {"Id of the account", exampleAccountID, huma.Schema{Type: "string", Format: "uuid"}},
	"X-Auth-Email":       {"E-mail of the account in UTF-8, of which % and what is not ASCII is percent-encoded", "ada+test@example.com", huma.Schema{Type: "string", Pattern: encodedEmail}},
	"X-Auth-Roles":       {"Names of the account's role and those it inherits from, nearest first, each percent-encoded UTF-8, joined by commas", "Auditor", huma.Schema{Type: "string", Pattern: encodedText}},
	"X-Auth-Permissions": {"Names of the permissions that were required, each percent-encoded, joined by commas", "reports:read", huma.Schema{Type: "string", Pattern: encodedText}},
	"ETag":               {"For If-None-Match", `"pZGm1Av0IEBKARczz7exkNYs"`, huma.Schema{Type: "string"}},
}

// fieldDoc is what the document says of a header field.
type fieldDoc struct {
	description string
	example     any
	schema      huma.Schema
}

// headers describes the header fields by name, with those that every answer has.
func headers(names ...string) map[string]*huma.Header {
	list := map[string]*huma.Header{}
	for _, name := range append(names, "X-Request-ID") {
		doc := fieldDocs[name]
		list[name] = &huma.Header{Description: doc.description, Example: doc.example, Schema: &doc.schema, Required: true}
	}
	return list
}
