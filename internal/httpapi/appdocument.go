package httpapi

// tags are what operations are grouped by in the document, in this order.
var tags = []Tag{
	{"Authentication", "Logins and their tokens, the keys that verify them, one's own account, and what changes about all of these."},
	{"Authorization", "What gateways and services ask about the rights of a caller, of an account or of a token."},
	{"Accounts", "Who can log in, with which role, and what they may do by it."},
	{"Roles", "Named sets of permissions, which inherit from one another."},
	{"Permissions", "Names of what can be allowed."},
	{"Declarations", "The permissions and roles of a service as one document."},
	{"Health", "For whoever watches over the service, or sends requests to it only while it can answer."},
	{"Documentation", "What there is, for people and for programs."},
}

// Document returns the OpenAPI 3.1 document of the service as indented JSON, the same bytes each time. It is
// docs/openapi.json, and what a server answers at /openapi.json.
func Document() []byte { return describeAPI(tags, edgeRoutes(GatewayOptions{})) }
