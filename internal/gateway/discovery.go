package gateway

import (
	"net/http"
	"net/url"
	"reflect"
	"sync"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/federation"
	"github.com/svc-users/svc-users/internal/web"
)

// ServerMetadata is what a client that knows only the issuer finds out about the service (RFC 8414 §2). Only what is so is
// in it: there is no authorization endpoint, since a login is no grant of OAuth.
type ServerMetadata struct {
	Issuer string `json:"issuer" doc:"The claim iss of every token; the setting JWT_ISSUER"`
	JWKS   string `json:"jwks_uri" format:"uri"`
	// This list is there without elements, although RFC 8414 §3.2 leaves such out: without it the document would lack a
	// required member (§2).
	ResponseTypes           []string `json:"response_types_supported" nullable:"false" doc:"Empty: there is no authorization endpoint"`
	Token                   string   `json:"token_endpoint" format:"uri"`
	GrantTypes              []string `json:"grant_types_supported" nullable:"false" doc:"client_credentials: service accounts get tokens for their secrets and assertions; token-exchange: a token or an API key is exchanged for a token that is no more"`
	TokenAuth               []string `json:"token_endpoint_auth_methods_supported" nullable:"false" doc:"HTTP Basic, the form, or a JWT that the service account has signed"`
	TokenAlgorithms         []string `json:"token_endpoint_auth_signing_alg_values_supported" nullable:"false" doc:"Of that JWT"`
	Introspection           string   `json:"introspection_endpoint" format:"uri"`
	IntrospectionAuth       []string `json:"introspection_endpoint_auth_methods_supported" nullable:"false" doc:"Bearer: an access token of an account that may introspect tokens; or a service account that may, as at the token endpoint"`
	IntrospectionAlgorithms []string `json:"introspection_endpoint_auth_signing_alg_values_supported" nullable:"false"`
	Revocation              string   `json:"revocation_endpoint" format:"uri"`
	RevocationAuth          []string `json:"revocation_endpoint_auth_methods_supported" nullable:"false" doc:"none: the token is the proof; credentials of a service account are verified if they are sent"`
	RevocationAlgorithms    []string `json:"revocation_endpoint_auth_signing_alg_values_supported" nullable:"false"`
	Documentation           string   `json:"service_documentation" format:"uri"`
}

// ProviderMetadata is the same as OpenID Connect Discovery 1.0 §3 has it. No ID tokens are issued, so nothing is said of
// how they are signed.
type ProviderMetadata struct {
	ServerMetadata
	SubjectTypes []string `json:"subject_types_supported" nullable:"false" doc:"public: sub is the same for every audience"`
}

// DecisionPointMetadata is what a client of OpenID AuthZEN finds out about the service (Authorization API 1.0 §9.1). It has no
// search endpoints, since there are none.
type DecisionPointMetadata struct {
	DecisionPoint string `json:"policy_decision_point" format:"uri" doc:"The setting PUBLIC_URL"`
	Evaluation    string `json:"access_evaluation_endpoint" format:"uri"`
	Evaluations   string `json:"access_evaluations_endpoint" format:"uri"`
}

func newDecisionPointMetadata(publicURL string) DecisionPointMetadata {
	return DecisionPointMetadata{DecisionPoint: publicURL, Evaluation: publicURL + evaluationPath, Evaluations: publicURL + evaluationsPath}
}

// newServerMetadata describes a service that clients reach at this URL. An endpoint that is new gets a line here.
func newServerMetadata(issuer, publicURL string) ServerMetadata {
	return ServerMetadata{
		Issuer:        issuer,
		JWKS:          publicURL + keysPath,
		ResponseTypes: []string{},
		Token:         publicURL + TokenPath,
		GrantTypes:    []string{grantClient, grantExchange}, TokenAuth: clientAuthMethods(), TokenAlgorithms: federation.Algorithms,
		Introspection: publicURL + introspectionPath,
		// The name of the type of access token (RFC 6750), which RFC 8414 §2 provides for beside the methods of clients.
		IntrospectionAuth: append([]string{"Bearer"}, clientAuthMethods()...), IntrospectionAlgorithms: federation.Algorithms,
		Revocation:     publicURL + revocationPath,
		RevocationAuth: append([]string{"none"}, clientAuthMethods()...), RevocationAlgorithms: federation.Algorithms,
		Documentation: publicURL + "/docs",
	}
}

// clientAuthMethods are how a client authenticates, by the names of the registry of RFC 7591.
func clientAuthMethods() []string {
	return []string{"client_secret_basic", "client_secret_post", "private_key_jwt"}
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
			Path: "/.well-known/authzen-configuration", Tag: "Authorization",
			Name: "getDecisionPointMetadata", Summary: "Read the metadata of the decision point (AuthZEN)",
			Description: "For clients of the Authorization API of OpenID AuthZEN. 404 where the setting PUBLIC_URL is missing.",
			Data:        reflect.TypeFor[DecisionPointMetadata](), Example: newDecisionPointMetadata("https://users.example.com"),
		}, func() any { return newDecisionPointMetadata(g.PublicURL) }, nil),
		g.metadataRoute(web.Route{
			Path: "/.well-known/oauth-authorization-server", Tag: "Authentication",
			Name: "getServerMetadata", Summary: "Read the metadata of the service (RFC 8414)",
			Description: "For clients that find the keys and the endpoints by the issuer. 404 where the setting PUBLIC_URL is missing.",
			Data:        reflect.TypeFor[ServerMetadata](), Example: exampleServerMetadata,
		}, func() any { return newServerMetadata(g.Issuer, g.PublicURL) }, g.checkIssuer),
		g.metadataRoute(web.Route{
			Path: "/.well-known/openid-configuration", Tag: "Authentication",
			Name: "getProviderMetadata", Summary: "Read the metadata of the service as OpenID Connect Discovery has it",
			Description: "For resource servers that look for the keys there. The service is no OpenID provider: it has no authorization endpoint and issues no ID tokens. " +
				"404 where the setting PUBLIC_URL is missing.",
			Data: reflect.TypeFor[ProviderMetadata](), Example: newProviderMetadata(exampleServerMetadata),
		}, func() any { return newProviderMetadata(newServerMetadata(g.Issuer, g.PublicURL)) }, g.checkIssuer),
	}
}

// metadataRoute completes a route whose answer is made once of what metadata returns: it stays the same while the service
// runs. Where check is not nil and returns an error, that is the answer.
func (g *gateway) metadataRoute(r web.Route, metadata func() any, check func() error) web.Route {
	makePage := sync.OnceValues(func() (web.Page, error) {
		body, err := web.AppendJSON(nil, metadata())
		return web.NewPage(web.JSONType, web.APIPolicy, body), err
	})
	r.Method, r.Auth, r.LogAtDebug, r.Tagged, r.AnyOrigin = http.MethodGet, web.AuthNone, true, true, true
	r.Plain, r.Fails = &web.Plain{MediaType: web.JSONType}, []int{http.StatusNotFound}
	r.Serve = func(x *web.Exchange, _ []byte) error {
		if g.PublicURL == "" {
			return errNoPublicURL
		}
		if check != nil {
			if err := check(); err != nil {
				return err
			}
		}
		page, err := makePage()
		if err != nil {
			return err
		}
		return page.Serve(x, keysCaching)
	}
	return r
}

// checkIssuer returns why there is no metadata of the issuer, or nil.
func (g *gateway) checkIssuer() error {
	if !isIssuerURL(g.Issuer) {
		return errNoIssuerURL
	}
	return nil
}

// isIssuerURL reports whether an issuer can be discovered by: a URL without query and fragment (RFC 8414 §2). Tokens may
// also have a plain name for iss.
func isIssuerURL(issuer string) bool {
	u, err := url.Parse(issuer)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}
