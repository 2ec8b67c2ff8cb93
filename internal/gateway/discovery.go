package gateway

import (
	"net/http"
	"net/url"
	"reflect"
	"sync"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// ServerMetadata is what a client that knows only the issuer finds out about the service (RFC 8414 §2). Only what is so is
// in it: there is neither an authorization endpoint nor a token endpoint, since a login is no grant of OAuth.
type ServerMetadata struct {
	Issuer string `json:"issuer" doc:"The claim iss of every token; the setting JWT_ISSUER"`
	JWKS   string `json:"jwks_uri" format:"uri"`
	// Both lists are there without elements, although RFC 8414 §3.2 leaves such out: without the first the document would
	// lack a required member, and without the second it would claim two grants (§2).
	ResponseTypes     []string `json:"response_types_supported" nullable:"false" doc:"Empty: there is no authorization endpoint"`
	GrantTypes        []string `json:"grant_types_supported" nullable:"false" doc:"Empty: there is no token endpoint"`
	Introspection     string   `json:"introspection_endpoint" format:"uri"`
	IntrospectionAuth []string `json:"introspection_endpoint_auth_methods_supported" nullable:"false" doc:"Bearer: an access token of an account that may introspect tokens"`
	Revocation        string   `json:"revocation_endpoint" format:"uri"`
	RevocationAuth    []string `json:"revocation_endpoint_auth_methods_supported" nullable:"false" doc:"none: the token is the proof"`
	Documentation     string   `json:"service_documentation" format:"uri"`
}

// ProviderMetadata is the same as OpenID Connect Discovery 1.0 §3 has it. No ID tokens are issued, so nothing is said of
// how they are signed.
type ProviderMetadata struct {
	ServerMetadata
	SubjectTypes []string `json:"subject_types_supported" nullable:"false" doc:"public: sub is the same for every audience"`
}

// newServerMetadata describes a service that clients reach at this URL. An endpoint that is new gets a line here.
func newServerMetadata(issuer, publicURL string) ServerMetadata {
	return ServerMetadata{
		Issuer:        issuer,
		JWKS:          publicURL + keysPath,
		ResponseTypes: []string{}, GrantTypes: []string{},
		Introspection: publicURL + introspectionPath,
		// The name of the type of access token (RFC 6750), which RFC 8414 §2 provides for beside the methods of clients.
		IntrospectionAuth: []string{"Bearer"},
		Revocation:        publicURL + revocationPath,
		RevocationAuth:    []string{"none"},
		Documentation:     publicURL + "/docs",
	}
}

func newProviderMetadata(server ServerMetadata) ProviderMetadata {
	return ProviderMetadata{ServerMetadata: server, SubjectTypes: []string{"public"}}
}

// Why there is no metadata.
var (
	errNoPublicURL = &users.Error{Kind: users.ErrNotFound, Message: "The setting PUBLIC_URL is missing: the service does not know the URL where clients reach it."}
	errNoIssuerURL = &users.Error{Kind: users.ErrNotFound, Message: "The setting JWT_ISSUER is not the URL of an issuer, so there is nothing to discover by it."}
)

func (g *gateway) discoveryRoutes() []web.Route {
	return []web.Route{
		g.metadataRoute(web.Route{
			Path: "/.well-known/oauth-authorization-server",
			Name: "getServerMetadata", Summary: "Read the metadata of the service (RFC 8414)",
			Description: "For clients that find the keys and the endpoints by the issuer. 404 where the setting PUBLIC_URL is missing.",
			Data:        reflect.TypeFor[ServerMetadata](), Example: exampleServerMetadata,
		}, func(m ServerMetadata) any { return m }),
		g.metadataRoute(web.Route{
			Path: "/.well-known/openid-configuration",
			Name: "getProviderMetadata", Summary: "Read the metadata of the service as OpenID Connect Discovery has it",
			Description: "For resource servers that look for the keys there. The service is no OpenID provider: it has no authorization endpoint and issues no ID tokens. " +
				"404 where the setting PUBLIC_URL is missing.",
			Data: reflect.TypeFor[ProviderMetadata](), Example: newProviderMetadata(exampleServerMetadata),
		}, func(m ServerMetadata) any { return newProviderMetadata(m) }),
	}
}

// metadataRoute completes a route whose answer is made once of what form returns: it stays the same while the service runs.
func (g *gateway) metadataRoute(r web.Route, form func(ServerMetadata) any) web.Route {
	makePage := sync.OnceValues(func() (web.Page, error) {
		body, err := web.AppendJSON(nil, form(newServerMetadata(g.Issuer, g.PublicURL)))
		return web.NewPage(web.JSONType, web.APIPolicy, body), err
	})
	r.Method, r.Auth, r.LogAtDebug, r.Tagged, r.AnyOrigin = http.MethodGet, web.AuthNone, true, true, true
	r.Tag, r.Plain, r.Fails = "Authentication", &web.Plain{MediaType: web.JSONType}, []int{http.StatusNotFound}
	r.Serve = func(x *web.Exchange, _ []byte) error {
		switch {
		case g.PublicURL == "":
			return errNoPublicURL
		case !isIssuerURL(g.Issuer):
			return errNoIssuerURL
		}
		page, err := makePage()
		if err != nil {
			return err
		}
		return page.Serve(x, keysCaching)
	}
	return r
}

// isIssuerURL reports whether an issuer can be discovered by: a URL without query and fragment (RFC 8414 §2). Tokens may
// also have a plain name for iss.
func isIssuerURL(issuer string) bool {
	u, err := url.Parse(issuer)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}
