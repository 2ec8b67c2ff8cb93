package app

import (
	"github.com/svc-users/svc-users/internal/gateway"
	"github.com/svc-users/svc-users/internal/web"
)

// tags are what operations are grouped by in the document, in this order.
var tags = []web.Tag{
	{Name: "Authentication", Description: "Logins and their tokens, the keys that verify them, one's own account, and what changes about all of these."},
	{Name: "Authorization", Description: "What gateways and services ask about the rights of a caller, of an account or of a token."},
	{Name: "Accounts", Description: "Who can log in, with which role, and what they may do by it."},
	{Name: "Roles", Description: "Named sets of permissions, which inherit from one another."},
	{Name: "Permissions", Description: "Names of what can be allowed."},
	{Name: "Declarations", Description: "The permissions and roles of a service as one document."},
	{Name: "Health", Description: "For whoever watches over the service, or sends requests to it only while it can answer."},
	{Name: "Documentation", Description: "What there is, for people and for programs."},
}

// Document returns the OpenAPI 3.1 document of the service as indented JSON, the same bytes each time. It is
// docs/openapi.json, and what a server answers at /openapi.json.
func Document() []byte { return web.Document(tags, edgeRoutes(gateway.Options{})) }
