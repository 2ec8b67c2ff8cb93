package app

import (
	"github.com/svc-users/svc-users/internal/api"
	"github.com/svc-users/svc-users/internal/gateway"
	"github.com/svc-users/svc-users/internal/web"
)

// tags are what operations are grouped by in the document, in this order.
var tags = []web.Tag{
	{Name: "Authentication", Description: "Login, refresh and logout, access tokens, the keys that verify them, your own account, and the change feed."},
	{Name: "Sessions", Description: "Logins that are continued by refresh tokens: which there are, and how to end them."},
	{Name: "API keys", Description: "Credentials for programs, which act for an account within the permissions that they list."},
	{Name: "Authorization", Description: "Checks of permissions and tokens, for gateways and services."},
	{Name: "Accounts", Description: "Accounts of people, who can log in, their roles and effective permissions."},
	{Name: "Service accounts", Description: "Accounts of programs: a name in place of an e-mail, and no password."},
	{Name: "Roles", Description: "Named sets of permissions, which inherit from one another."},
	{Name: "Permissions", Description: "Names of what a role can allow."},
	{Name: "Declarations", Description: "The permissions and roles of a service as one document."},
	{Name: "Keys", Description: "The keys that sign tokens. Their private parts are never in an answer."},
	{Name: "Throttles", Description: "Budgets of failed logins and other attempts: what is used up, and how to lift it."},
	{Name: "Health", Description: "For monitoring and load balancers."},
	{Name: "Documentation", Description: "The OpenAPI document and its page."},
}

// Document returns the OpenAPI 3.1 document of the service as indented JSON, the same bytes each time. It is
// docs/openapi.json, and what a server answers at /openapi.json.
func Document() []byte { return web.Document(tags, edgeRoutes(api.Options{}, gateway.Options{})) }
