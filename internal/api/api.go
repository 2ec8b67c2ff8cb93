// Package api has the resources of the API, a file each: structs for what goes in and out, a table of routes, and the
// functions that serve them. A function makes one call of users.Service, or of the duty that its routes were made with,
// and turns what comes back into a struct:
//
//	login.go         login, and how a session goes on       /api/v1/auth/{login,refresh,logout}
//	own.go           the caller's own account               /api/v1/auth/{me,password,email}
//	sessions.go      sessions, one's own and others'        /api/v1/auth/sessions, /api/v1/accounts/{id}/sessions
//	apikeys.go       API keys, one's own                    /api/v1/auth/api-keys
//	apikeysothers.go API keys of other accounts             /api/v1/accounts/{id}/api-keys
//	accounts.go      accounts                               /api/v1/accounts
//	serviceaccounts.go  accounts of programs              /api/v1/service-accounts
//	clientsecrets.go the secrets of service accounts        /api/v1/service-accounts/{id}/secrets
//	clientkeys.go    the public keys of service accounts    /api/v1/service-accounts/{id}/keys
//	clienttrusts.go  issuers that they trust                /api/v1/service-accounts/{id}/trusts
//	impersonation.go  tokens of other accounts             /api/v1/accounts/{id}/impersonate
//	explain.go       why an account may do something        /api/v1/accounts/{id}/{permissions,explain}
//	roles.go         roles and what is assigned to them     /api/v1/roles
//	tree.go          a role's place in the hierarchy        /api/v1/roles/{id}/tree
//	permissions.go   permissions                            /api/v1/permissions
//	declarations.go  what a service declares                /api/v1/declarations/{plan,apply}
//	keys.go          the keys that sign tokens              /api/v1/keys
//	throttles.go     what keeps attempts from being made    /api/v1/throttles
//
// What all operations have in common is in package web. What other machines ask with each of their requests, such as
// checks, is in package gateway.
package api

import (
	"slices"

	"github.com/svc-users/svc-users/internal/federation"
	"github.com/svc-users/svc-users/internal/importer"
	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/manifest"
	"github.com/svc-users/svc-users/internal/throttle"
	"github.com/svc-users/svc-users/internal/web"
)

// Options is what the operations need beside the Service: the duties, one each. The document of the operations needs none.
type Options struct {
	Manifest   *manifest.Manifest
	Keyring    *keyring.Manager
	Importer   *importer.Importer
	Federation *federation.Federation
	Throttle   *throttle.Manager
}

// Routes is the table of all operations of the package.
func Routes(o Options) []web.Route {
	return slices.Concat(
		loginRoutes(), ownRoutes(), sessionRoutes(), ownAPIKeyRoutes(), otherAPIKeyRoutes(),
		accountRoutes(), impersonationRoutes(), explainRoutes(), serviceAccountRoutes(), clientSecretRoutes(),
		clientKeyRoutes(o.Federation), clientTrustRoutes(o.Federation),
		roleRoutes(), treeRoutes(), permissionRoutes(),
		declarationRoutes(o.Manifest), keyRoutes(o.Keyring, o.Importer), throttleRoutes(o.Throttle),
	)
}
