package gateway

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

const revocationPath = web.OAuthPath + "/revoke"

// RevocationRequest is the form of a request for revocation (RFC 7009 §2.1).
type RevocationRequest struct {
	Token         string `json:"token" minLength:"1" doc:"A refresh token, an access token of a session, or an API key"`
	Hint          string `json:"token_type_hint,omitempty" doc:"Not looked at: the types differ at sight"`
	ClientID      string `json:"client_id,omitempty" doc:"Id of the service account, where the Authorization header does not have it"`
	ClientSecret  string `json:"client_secret,omitempty" format:"password" doc:"One of its secrets; never together with an Authorization header"`
	Assertion     string `json:"client_assertion,omitempty" doc:"In place of a secret: a JWT that the service account has signed, or an issuer that it trusts (RFC 7523)"`
	AssertionType string `json:"client_assertion_type,omitempty" enum:"urn:ietf:params:oauth:client-assertion-type:jwt-bearer" doc:"Where there is a client_assertion"`
}

// Revocation is the answer to it, an empty object: all that it says is in the status (RFC 7009 §2.2).
type Revocation struct{}

func revocationRoutes() []web.Route {
	return []web.Route{
		web.Form[RevocationRequest](web.Route{
			Method: http.MethodPost, Path: revocationPath, Auth: web.AuthOptionalClient, BodyLimit: web.TokenBody,
			Name: "revokeToken", Tag: "Authentication", Summary: "Revoke a token (RFC 7009)",
			Description: "Ends the session of a refresh token or of an access token, with all its tokens, or an API key. The token is the proof: a client need not authenticate, as public clients " +
				"do not, but a client whose credentials are wrong is refused. A token that is not valid is no error, because nothing is left to revoke. An access token without a session, such as one of a service account, cannot be " +
				"revoked by itself: 400 `unsupported_token_type`. Outside the envelope, errors too (RFC 6749 §5.2).",
			Request: web.Object{"token": web.ExampleRefreshToken},
			Plain:   &web.Plain{MediaType: web.JSONType}, Example: Revocation{},
		}, revokeToken),
	}
}

func revokeToken(x *web.Exchange, form url.Values) (Revocation, error) {
	token := form.Get("token")
	switch {
	case strings.HasPrefix(token, users.RefreshTokenPrefix):
		return Revocation{}, x.Service.RevokeRefreshToken(x.Context(), token)
	case strings.HasPrefix(token, users.APIKeyPrefix):
		return Revocation{}, x.Service.RevokeAPIKey(x.Context(), token)
	}
	err := x.Service.RevokeAccessToken(x.Context(), token)
	var refused *users.Error
	switch {
	case errors.Is(err, users.ErrUnauthenticated):
		return Revocation{}, nil
	case errors.Is(err, users.ErrConflict) && errors.As(err, &refused):
		return Revocation{}, web.UnsupportedTokenType(refused)
	}
	return Revocation{}, err
}
