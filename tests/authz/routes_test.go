package authz

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

// route is an operation as the contract lists it.
type route struct {
	method, path string
	needs        string // the permission; empty where a token is enough
	also         string // a second one, asked for after it
	public       bool   // asks for no token
	status       int
	message      string // of the success
	form         bool   // the body is a form
	reads        bool   // it changes nothing, whatever its method
}

// routes are all operations of the API, by the names they have in the document.
var routes = map[string]route{
	"getHealth":      {method: "GET", path: "/api/v1/health", public: true, status: 200, message: "Service is healthy"},
	"getJWKS":        {method: "GET", path: "/api/v1/auth/jwks", public: true, status: 200, message: "JWKS retrieved successfully"},
	"login":          {method: "POST", path: "/api/v1/auth/login", public: true, status: 200, message: "Token issued."},
	"refresh":        {method: "POST", path: "/api/v1/auth/refresh", public: true, status: 200, message: "Token refreshed."},
	"logout":         {method: "POST", path: "/api/v1/auth/logout", public: true, status: 200, message: "Logged out successfully"},
	"revokeToken":    {method: "POST", path: "/oauth2/revoke", public: true, status: 200, form: true},
	"getMe":          {method: "GET", path: "/api/v1/auth/me", status: 200, message: "Account retrieved successfully"},
	"changePassword": {method: "POST", path: "/api/v1/auth/password", status: 200, message: "Password updated successfully"},
	"changeEmail":    {method: "POST", path: "/api/v1/auth/email", status: 200, message: "Account updated successfully"},

	"checkPermissions": {method: "POST", path: "/api/v1/auth/check", reads: true, status: 200, message: "Permissions checked successfully"},
	"evaluateAccess":   {method: "POST", path: "/access/v1/evaluation", reads: true, status: 200},
	"evaluateAccesses": {method: "POST", path: "/access/v1/evaluations", reads: true, status: 200},
	"forwardAuth":      {method: "GET", path: "/api/v1/auth/forward", status: 200, message: "Access granted"},
	"introspectToken":  {method: "POST", path: "/oauth2/introspect", needs: "tokens:introspect", status: 200, form: true, reads: true},
	"getChanges":       {method: "GET", path: "/api/v1/auth/changes", needs: "changes:read", status: 200, message: "Changes retrieved successfully"},

	"listOwnAPIKeys": {method: "GET", path: "/api/v1/auth/api-keys", status: 200, message: "API keys retrieved successfully"},
	"createAPIKey":   {method: "POST", path: "/api/v1/auth/api-keys", status: 201, message: "API key created successfully"},
	"getOwnAPIKey":   {method: "GET", path: "/api/v1/auth/api-keys/{id}", status: 200, message: "API key retrieved successfully"},
	"rotateAPIKey":   {method: "POST", path: "/api/v1/auth/api-keys/{id}/rotate", status: 201, message: "API key rotated successfully"},
	"endOwnAPIKey":   {method: "DELETE", path: "/api/v1/auth/api-keys/{id}", status: 200, message: "API key ended successfully"},
	"listAPIKeys":    {method: "GET", path: "/api/v1/accounts/{id}/api-keys", needs: "api-keys:read", status: 200, message: "API keys retrieved successfully"},
	"endAPIKeys":     {method: "DELETE", path: "/api/v1/accounts/{id}/api-keys", needs: "api-keys:delete", status: 200, message: "API keys ended successfully"},
	"endAPIKey":      {method: "DELETE", path: "/api/v1/accounts/{id}/api-keys/{key_id}", needs: "api-keys:delete", status: 200, message: "API key ended successfully"},

	"listAccounts":  {method: "GET", path: "/api/v1/accounts", needs: "accounts:read", status: 200, message: "Accounts retrieved successfully"},
	"createAccount": {method: "POST", path: "/api/v1/accounts", needs: "accounts:create", status: 201, message: "Account created successfully"},
	"getAccount":    {method: "GET", path: "/api/v1/accounts/{id}", needs: "accounts:read", status: 200, message: "Account retrieved successfully"},
	"updateAccount": {method: "PATCH", path: "/api/v1/accounts/{id}", needs: "accounts:update", status: 200, message: "Account updated successfully"},
	"deleteAccount": {method: "DELETE", path: "/api/v1/accounts/{id}", needs: "accounts:delete", status: 200, message: "Account deleted successfully"},

	"impersonateAccount": {method: "POST", path: "/api/v1/accounts/{id}/impersonate", needs: "accounts:impersonate", status: 200, message: "Token issued."},

	"getAccountPermissions": {method: "GET", path: "/api/v1/accounts/{id}/permissions", needs: "accounts:read", status: 200, message: "Permissions retrieved successfully"},
	"explainPermission":     {method: "GET", path: "/api/v1/accounts/{id}/explain", needs: "accounts:read", status: 200, message: "Permission explained successfully"},
	"getRoleTree":           {method: "GET", path: "/api/v1/roles/{id}/tree", needs: "roles:read", status: 200, message: "Role hierarchy retrieved successfully"},

	"listOwnSessions":  {method: "GET", path: "/api/v1/auth/sessions", status: 200, message: "Sessions retrieved successfully"},
	"endOtherSessions": {method: "DELETE", path: "/api/v1/auth/sessions", status: 200, message: "Sessions ended successfully"},
	"endOwnSession":    {method: "DELETE", path: "/api/v1/auth/sessions/{id}", status: 200, message: "Session ended successfully"},
	"listSessions":     {method: "GET", path: "/api/v1/accounts/{id}/sessions", needs: "sessions:read", status: 200, message: "Sessions retrieved successfully"},
	"endSessions":      {method: "DELETE", path: "/api/v1/accounts/{id}/sessions", needs: "sessions:delete", status: 200, message: "Sessions ended successfully"},
	"endSession":       {method: "DELETE", path: "/api/v1/accounts/{id}/sessions/{session_id}", needs: "sessions:delete", status: 200, message: "Session ended successfully"},

	"listServiceAccounts":  {method: "GET", path: "/api/v1/service-accounts", needs: "service-accounts:read", status: 200, message: "Service accounts retrieved successfully"},
	"createServiceAccount": {method: "POST", path: "/api/v1/service-accounts", needs: "service-accounts:create", status: 201, message: "Service account created successfully"},
	"getServiceAccount":    {method: "GET", path: "/api/v1/service-accounts/{id}", needs: "service-accounts:read", status: 200, message: "Service account retrieved successfully"},
	"updateServiceAccount": {method: "PATCH", path: "/api/v1/service-accounts/{id}", needs: "service-accounts:update", status: 200, message: "Service account updated successfully"},
	"listClientSecrets":    {method: "GET", path: "/api/v1/service-accounts/{id}/secrets", needs: "service-accounts:read", status: 200, message: "Client secrets retrieved successfully"},
	"createClientSecret":   {method: "POST", path: "/api/v1/service-accounts/{id}/secrets", needs: "service-accounts:update", status: 201, message: "Client secret created successfully"},
	"deleteClientSecret":   {method: "DELETE", path: "/api/v1/service-accounts/{id}/secrets/{secret_id}", needs: "service-accounts:update", status: 200, message: "Client secret deleted successfully"},
	"listClientKeys":       {method: "GET", path: "/api/v1/service-accounts/{id}/keys", needs: "service-accounts:read", status: 200, message: "Client keys retrieved successfully"},
	"createClientKey":      {method: "POST", path: "/api/v1/service-accounts/{id}/keys", needs: "service-accounts:update", status: 201, message: "Client key created successfully"},
	"deleteClientKey":      {method: "DELETE", path: "/api/v1/service-accounts/{id}/keys/{key_id}", needs: "service-accounts:update", status: 200, message: "Client key deleted successfully"},
	"listClientTrusts":     {method: "GET", path: "/api/v1/service-accounts/{id}/trusts", needs: "service-accounts:read", status: 200, message: "Client trusts retrieved successfully"},
	"createClientTrust":    {method: "POST", path: "/api/v1/service-accounts/{id}/trusts", needs: "service-accounts:update", status: 201, message: "Client trust created successfully"},
	"deleteClientTrust":    {method: "DELETE", path: "/api/v1/service-accounts/{id}/trusts/{trust_id}", needs: "service-accounts:update", status: 200, message: "Client trust deleted successfully"},
	"deleteServiceAccount": {method: "DELETE", path: "/api/v1/service-accounts/{id}", needs: "service-accounts:delete", status: 200, message: "Service account deleted successfully"},

	"listRoles":         {method: "GET", path: "/api/v1/roles", needs: "roles:read", status: 200, message: "Roles retrieved successfully"},
	"createRole":        {method: "POST", path: "/api/v1/roles", needs: "roles:create", status: 201, message: "Role created successfully"},
	"getRole":           {method: "GET", path: "/api/v1/roles/{id}", needs: "roles:read", status: 200, message: "Role retrieved successfully"},
	"updateRole":        {method: "PATCH", path: "/api/v1/roles/{id}", needs: "roles:update", status: 200, message: "Role updated successfully"},
	"deleteRole":        {method: "DELETE", path: "/api/v1/roles/{id}", needs: "roles:delete", status: 200, message: "Role deleted successfully"},
	"assignPermissions": {method: "POST", path: "/api/v1/roles/{id}/permissions", needs: "roles:update", status: 200, message: "Permissions assigned successfully"},
	"removePermission":  {method: "DELETE", path: "/api/v1/roles/{id}/permissions/{permission_id}", needs: "roles:update", status: 200, message: "Permission removed successfully"},

	"listPermissions":  {method: "GET", path: "/api/v1/permissions", needs: "permissions:read", status: 200, message: "Permissions retrieved successfully"},
	"createPermission": {method: "POST", path: "/api/v1/permissions", needs: "permissions:create", status: 201, message: "Permission created successfully"},
	"getPermission":    {method: "GET", path: "/api/v1/permissions/{id}", needs: "permissions:read", status: 200, message: "Permission retrieved successfully"},
	"updatePermission": {method: "PATCH", path: "/api/v1/permissions/{id}", needs: "permissions:update", status: 200, message: "Permission updated successfully"},
	"deletePermission": {method: "DELETE", path: "/api/v1/permissions/{id}", needs: "permissions:delete", status: 200, message: "Permission deleted successfully"},

	"listKeys":   {method: "GET", path: "/api/v1/keys", needs: "keys:read", status: 200, message: "Signing keys retrieved successfully"},
	"rotateKeys": {method: "POST", path: "/api/v1/keys/rotate", needs: "keys:manage", status: 200, message: "Signing keys rotated successfully"},
	"revokeKey":  {method: "DELETE", path: "/api/v1/keys/{kid}", needs: "keys:manage", status: 200, message: "Signing key revoked successfully"},
	"rewrapKeys": {method: "POST", path: "/api/v1/keys/rewrap", needs: "keys:manage", status: 200, message: "Signing keys encrypted successfully"},
	"importKey":  {method: "POST", path: "/api/v1/keys/import", needs: "keys:manage", status: 200, message: "Signing key imported successfully"},

	"listThrottles":  {method: "GET", path: "/api/v1/throttles", needs: "throttles:read", status: 200, message: "Throttles retrieved successfully"},
	"clearThrottles": {method: "DELETE", path: "/api/v1/throttles", needs: "throttles:delete", status: 200, message: "Throttles cleared successfully"},
	"clearThrottle":  {method: "DELETE", path: "/api/v1/throttles/{id}", needs: "throttles:delete", status: 200, message: "Throttle cleared successfully"},

	"planDeclaration":  {method: "POST", path: "/api/v1/declarations/plan", needs: "roles:read", also: "permissions:read", status: 200, message: "Declaration planned successfully"},
	"applyDeclaration": {method: "POST", path: "/api/v1/declarations/apply", needs: "roles:read", also: "permissions:read", status: 200, message: "Declaration applied successfully"},
}

// An operation that is in the document and not in the table would be one that nobody has thought about.
func TestEveryOperationIsInTheTable(t *testing.T) {
	t.Parallel()
	known := set{}
	for op, r := range routes {
		known[r.method+" "+r.path+" "+op] = true
	}
	var document struct {
		Paths map[string]map[string]struct {
			Name string `json:"operationId"`
		}
	}
	must(t, json.Unmarshal(app.Document(), &document))
	for path, operations := range document.Paths {
		for method, operation := range operations {
			asked := strings.HasPrefix(path, "/api/v1/") || strings.HasPrefix(path, "/oauth2/") || strings.HasPrefix(path, "/access/")
			if !asked || method == "head" || path == apitest.TokenPath {
				continue // a token is asked for with credentials of a client, see clients_test.go
			}
			line := strings.ToUpper(method) + " " + path + " " + operation.Name
			if !known[line] {
				t.Errorf("%s is not in the table", line)
			}
			delete(known, line)
		}
	}
	for name := range known {
		t.Errorf("%s is in the table and not in the document", name)
	}
}

// body is that of a request. Values of role_id, parent_id, account_id and permission_ids are names of the model; of an
// evaluation, see house.evaluation; in a form, that of token is an account or a session of the model, whose token is meant, and so is refreshToken elsewhere.
type body map[string]any

// call is one use of an operation.
type call struct {
	op     string
	target string // {id} or {kid}, a name of the model or raw text
	second string // {permission_id}, {session_id} or {key_id}
	query  string // as it is
	body   body
	as     string // the name in the model of what it creates; "new" if empty
}

func (c call) created() string {
	if c.as == "" {
		return "new"
	}
	return c.as
}

func (c call) text(field string) (string, bool) {
	s, ok := c.body[field].(string)
	return s, ok
}

// has reports whether the body has the member, null included.
func (c call) has(field string) bool {
	_, ok := c.body[field]
	return ok
}

func (c call) list(field string) []string {
	list, _ := c.body[field].([]string)
	return list
}
