package gateway

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

const (
	// TokenPath is where service accounts get their tokens.
	TokenPath = web.OAuthPath + "/token"
	// grantClient is the one grant there is (RFC 6749 §4.4).
	grantClient = "client_credentials"
)

// TokenRequest is the form of a request for an access token (RFC 6749 §4.4.2).
type TokenRequest struct {
	GrantType     string `json:"grant_type" enum:"client_credentials"`
	Scope         string `json:"scope,omitempty" doc:"Names of permissions with a space between them, all of which the service account must hold: the token is restricted to them. Without it the token stands for all that the account may do at each moment"`
	ClientID      string `json:"client_id,omitempty" doc:"Id of the service account, where the Authorization header does not have it"`
	ClientSecret  string `json:"client_secret,omitempty" format:"password" doc:"One of its secrets; never together with an Authorization header"`
	Assertion     string `json:"client_assertion,omitempty" doc:"In place of a secret: a JWT that the service account has signed, or an issuer that it trusts (RFC 7523)"`
	AssertionType string `json:"client_assertion_type,omitempty" enum:"urn:ietf:params:oauth:client-assertion-type:jwt-bearer" doc:"Where there is a client_assertion"`
}

// TokenGrant is the answer of RFC 6749 §5.1.
type TokenGrant struct {
	AccessToken string `json:"access_token" doc:"A JWT of RFC 9068"`
	TokenType   string `json:"token_type" enum:"Bearer"`
	ExpiresIn   int64  `json:"expires_in" minimum:"1" doc:"Seconds"`
	Scope       string `json:"scope,omitzero" minLength:"1" doc:"Sorted names of the permissions that the token may be used for at this moment, separated by spaces; absent where there are none (RFC 6749 §3.3 knows no empty scope)"`
}

func tokenRoutes() []web.Route {
	return []web.Route{
		web.Form[TokenRequest](web.Route{
			Method: http.MethodPost, Path: TokenPath, Auth: web.AuthClient, BodyLimit: web.TokenBody,
			Name: "issueServiceToken", Tag: "Authentication", Summary: "Issue a token for a service account (RFC 6749 §4.4)",
			Description: "The client authenticates by HTTP Basic, or by `client_id` and `client_secret` in the form, never by both. There is no refresh token: a client asks for another token. " +
				"Outside the envelope, errors too (RFC 6749 §5.2): an unknown id, a wrong or expired secret and a disabled account are one answer, `invalid_client`, with 401 after HTTP Basic and 400 otherwise.",
			Request: web.Object{"grant_type": grantClient, "scope": "reports:read"},
			Plain:   &web.Plain{MediaType: web.JSONType}, Example: exampleTokenGrant,
		}, issueServiceToken),
	}
}

func issueServiceToken(x *web.Exchange, form url.Values) (TokenGrant, error) {
	if form.Get("grant_type") != grantClient {
		return TokenGrant{}, web.UnsupportedGrantType()
	}
	issued, err := x.Service.IssueServiceToken(x.Context(), x.Caller, form.Get("scope"))
	var refused *users.Error
	switch {
	case errors.Is(err, users.ErrInvalid) && errors.As(err, &refused):
		return TokenGrant{}, web.InvalidScope(refused)
	case err != nil:
		return TokenGrant{}, err
	}
	return TokenGrant{
		AccessToken: issued.Token, TokenType: "Bearer", ExpiresIn: int64(issued.Life.Seconds()), Scope: strings.Join(web.ToStrings(issued.Scope), " "),
	}, nil
}
