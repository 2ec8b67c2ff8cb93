package web

import (
	"fmt"

	"github.com/danielgtaylor/huma/v2"
)

// Auth says which credential an operation takes. Each kind of credential is a value here, a case of authenticate and a
// scheme in the document. The zero value is none of them: a row that says nothing refuses every request.
type Auth int

const (
	// AuthNone operations take no credential and answer every client.
	AuthNone Auth = iota + 1
	// AuthBearer operations take an access token in the Authorization header, "Bearer eyJhbGciOi…" (RFC 6750 §2.1). An API
	// key is refused: what gives anything to an account, and whatever is about passwords, e-mails, sessions and keys, is such
	// an operation.
	AuthBearer
	// AuthBearerOrKey operations take an API key there as well, "Bearer svck_3KmT…". They read, check or take away.
	AuthBearerOrKey
	// AuthAnyBearer operations take an API key as well, and a token that is for a declared audience. They are about the
	// bearer: the caller may do no more than the token says.
	AuthAnyBearer
	// AuthClient operations take the credentials of a service account (RFC 6749 §2.3.1), by HTTP Basic or in their form.
	AuthClient
	// AuthBearerOrClient operations take either.
	AuthBearerOrClient
	// AuthOptionalClient operations answer every client, but none whose credentials are wrong.
	AuthOptionalClient
	// AuthClientByGrant operations take the credentials of a service account as AuthClient does, but where no credentials are
	// sent the operation decides by its form whether it needs them: see Exchange.RequireClient.
	AuthClientByGrant
)

// takesKey reports whether the operation takes an API key in place of a token.
func (a Auth) takesKey() bool {
	return a == AuthBearerOrKey || a == AuthAnyBearer || a == AuthBearerOrClient
}

// takesClient reports whether the operation takes client credentials. Only a Form can: they may be in it.
func (a Auth) takesClient() bool {
	return a == AuthClient || a == AuthBearerOrClient || a == AuthOptionalClient || a == AuthClientByGrant
}

// authenticate finds out who the caller is, by the credential that the operation takes. A token that is missing or not
// valid is 401, an API key where an access token is needed 403.
func (x *Exchange) authenticate(a Auth) error {
	switch a {
	case AuthNone:
		return nil
	case AuthBearer:
		if err := x.authenticateBearer(x.handler.Service.Authenticate); err != nil {
			return err
		}
		return x.Caller.RefuseRestricted()
	case AuthBearerOrKey:
		return x.authenticateBearer(x.handler.Service.Authenticate)
	case AuthAnyBearer:
		return x.authenticateBearer(x.handler.Service.AuthenticateForAny)
	case AuthClient, AuthBearerOrClient, AuthOptionalClient, AuthClientByGrant:
		return x.authenticateClient(a)
	default:
		return fmt.Errorf("the route does not say which credential it takes: Auth is %d", a)
	}
}

// securitySchemes are the kinds of credentials as the document has them, by name. A key is sent as a token is, so it is no
// scheme of its own: generated clients set the token of one scheme, and would send none with the operations of the other.
func securitySchemes() map[string]*huma.SecurityScheme {
	return map[string]*huma.SecurityScheme{
		"bearer": {
			Type: "http", Scheme: "bearer", BearerFormat: "JWT",
			Description: "A token from /api/v1/auth/login or /oauth2/token or, with the operations that have x-api-key, an API key from /api/v1/auth/api-keys",
		},
		"client": {Type: "http", Scheme: "basic", Description: "The id of a service account and one of its secrets, each encoded as in a form first (RFC 6749 §2.3.1). They may be in the form instead, as client_id and client_secret"},
	}
}

// security says in the document which of them an operation takes: one entry for each, or none where it takes no credential.
// An empty entry is for credentials in the form, of which OpenAPI knows nothing, and for none.
func (a Auth) security() []map[string][]string {
	bearer, client := map[string][]string{"bearer": {}}, map[string][]string{"client": {}}
	switch a {
	case AuthBearer, AuthBearerOrKey, AuthAnyBearer:
		return []map[string][]string{bearer}
	case AuthClient, AuthOptionalClient, AuthClientByGrant:
		return []map[string][]string{client, {}}
	case AuthBearerOrClient:
		return []map[string][]string{bearer, client, {}}
	default:
		return []map[string][]string{}
	}
}
