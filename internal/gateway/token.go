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
	// TokenPath is where service accounts get their tokens, and credentials are exchanged.
	TokenPath = web.OAuthPath + "/token"
	// The grants there are (RFC 6749 §4.4, RFC 8693 §2.1).
	grantClient   = "client_credentials"
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
)

// TokenRequest is the form of a request for an access token (RFC 6749 §4.4.2, RFC 8693 §2.1).
type TokenRequest struct {
	GrantType          string `json:"grant_type" enum:"client_credentials,urn:ietf:params:oauth:grant-type:token-exchange"`
	Scope              string `json:"scope,omitempty" doc:"Names of permissions with a space between them, all of which the service account, or the subject_token, must hold: the token is restricted to them"`
	SubjectToken       string `json:"subject_token,omitempty" doc:"In an exchange: the access token or API key that the token is to be issued for"`
	SubjectTokenType   string `json:"subject_token_type,omitempty" enum:"urn:ietf:params:oauth:token-type:access_token,urn:ietf:params:oauth:token-type:jwt,urn:svc-users:token-type:api_key"`
	ActorToken         string `json:"actor_token,omitempty" doc:"An access token of the account that acts for the subject, unless that is the client"`
	ActorTokenType     string `json:"actor_token_type,omitempty" enum:"urn:ietf:params:oauth:token-type:access_token,urn:ietf:params:oauth:token-type:jwt"`
	Audience           string `json:"audience,omitempty" doc:"In an exchange: a declared audience, which the token is for"`
	Resource           string `json:"resource,omitempty" doc:"Refused with invalid_target: an audience is asked for by its name"`
	RequestedTokenType string `json:"requested_token_type,omitempty" enum:"urn:ietf:params:oauth:token-type:access_token,urn:ietf:params:oauth:token-type:jwt"`
	ClientID           string `json:"client_id,omitempty" doc:"Id of the service account, where the Authorization header does not have it"`
	ClientSecret       string `json:"client_secret,omitempty" format:"password" doc:"One of its secrets; never together with an Authorization header"`
	Assertion          string `json:"client_assertion,omitempty" doc:"In place of a secret: a JWT that the service account has signed, or an issuer that it trusts (RFC 7523)"`
	AssertionType      string `json:"client_assertion_type,omitempty" enum:"urn:ietf:params:oauth:client-assertion-type:jwt-bearer" doc:"Where there is a client_assertion"`
}

// TokenGrant is the answer of RFC 6749 §5.1 and RFC 8693 §2.2.1.
type TokenGrant struct {
	AccessToken string `json:"access_token" doc:"A JWT of RFC 9068"`
	IssuedType  string `json:"issued_token_type,omitzero" enum:"urn:ietf:params:oauth:token-type:access_token" doc:"Of an exchange alone"`
	TokenType   string `json:"token_type" enum:"Bearer"`
	ExpiresIn   int64  `json:"expires_in" minimum:"1" doc:"Seconds"`
	Scope       string `json:"scope,omitzero" minLength:"1" doc:"Sorted names of the permissions that the token may be used for at this moment, separated by spaces; absent where there are none (RFC 6749 §3.3 knows no empty scope)"`
}

func tokenRoutes() []web.Route {
	return []web.Route{
		web.Form[TokenRequest](web.Route{
			Method: http.MethodPost, Path: TokenPath, Auth: web.AuthClientByGrant, BodyLimit: web.ExchangeBody,
			Name: "issueServiceToken", Tag: "Authentication", Summary: "Issue a token for a service account (RFC 6749 §4.4), or exchange a token or an API key (RFC 8693)",
			Description: "The client authenticates by HTTP Basic, or by `client_id` and `client_secret` in the form, never by both. There is no refresh token: a client asks for another token. " +
				"An exchange needs no client: the `subject_token` is the proof, and the token is never more than that. A client that authenticates is named in `act`. " +
				"Outside the envelope, errors too (RFC 6749 §5.2): an unknown id, a wrong or expired secret and a disabled account are one answer, `invalid_client`, with 401 after HTTP Basic and 400 otherwise.",
			Request: web.Object{"grant_type": grantClient, "scope": "reports:read"},
			Plain:   &web.Plain{MediaType: web.JSONType}, Example: exampleTokenGrant,
		}, issueToken),
	}
}

func issueToken(x *web.Exchange, form url.Values) (TokenGrant, error) {
	switch grant := form.Get("grant_type"); grant {
	case grantClient:
		if err := x.RequireClient(); err != nil {
			return TokenGrant{}, err
		}
		issued, err := x.Service.IssueServiceToken(x.Context(), x.Caller, form.Get("scope"))
		return toTokenGrant(issued, "", err)
	case grantExchange:
		issued, err := x.Service.ExchangeToken(x.Context(), x.Caller, users.TokenExchange{
			SubjectToken: form.Get("subject_token"), SubjectTokenType: form.Get("subject_token_type"),
			ActorToken: form.Get("actor_token"), ActorTokenType: form.Get("actor_token_type"),
			Scope: form.Get("scope"), Audience: form.Get("audience"), Resource: form.Get("resource"), RequestedTokenType: form.Get("requested_token_type"),
		})
		noteExchange(x, issued, err)
		return toTokenGrant(issued, users.AccessTokenType, err)
	default:
		if err := x.RequireClient(); err != nil {
			return TokenGrant{}, err
		}
		return TokenGrant{}, web.UnsupportedGrantType(grantClient, grantExchange)
	}
}

// noteExchange has the log say whose credential was exchanged, and why one did not count.
func noteExchange(x *web.Exchange, issued users.IssuedToken, err error) {
	var refused *users.Error
	if errors.Is(err, users.ErrInvalid) && errors.As(err, &refused) {
		x.Cause = refused.Cause
	}
	if x.AccountID.IsZero() {
		x.AccountID = issued.Account
	}
}

// toTokenGrant is the answer, or the refusal in the words of OAuth.
func toTokenGrant(issued users.IssuedToken, issuedType string, err error) (TokenGrant, error) {
	var refused *users.Error
	if errors.Is(err, users.ErrInvalid) && errors.As(err, &refused) {
		switch {
		case refused.Faults.Has("scope"):
			return TokenGrant{}, web.InvalidScope(refused)
		case refused.Faults.Has("audience") || refused.Faults.Has("resource"):
			return TokenGrant{}, web.InvalidTarget(refused)
		}
		return TokenGrant{}, web.InvalidRequest(refused)
	}
	if err != nil {
		return TokenGrant{}, err
	}
	return TokenGrant{
		AccessToken: issued.Token, IssuedType: issuedType, TokenType: "Bearer", ExpiresIn: int64(issued.Life.Seconds()),
		Scope: strings.Join(web.ToStrings(issued.Scope), " "),
	}, nil
}
