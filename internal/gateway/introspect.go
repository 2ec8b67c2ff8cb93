package gateway

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// IntrospectionRequest is the form of a request for introspection (RFC 7662 §2.1).
type IntrospectionRequest struct {
	Token         string `json:"token" minLength:"1" doc:"An access token or an API key of this service"`
	Hint          string `json:"token_type_hint,omitempty" doc:"Not looked at: the types differ at sight"`
	ClientID      string `json:"client_id,omitempty" doc:"Id of the service account, where the Authorization header does not have it"`
	ClientSecret  string `json:"client_secret,omitempty" format:"password" doc:"One of its secrets; never together with an Authorization header"`
	Assertion     string `json:"client_assertion,omitempty" doc:"In place of a secret: a JWT that the service account has signed, or an issuer that it trusts (RFC 7523)"`
	AssertionType string `json:"client_assertion_type,omitempty" enum:"urn:ietf:params:oauth:client-assertion-type:jwt-bearer" doc:"Where there is a client_assertion"`
}

// Introspection is the answer of RFC 7662 §2.2: of an invalid token only that it is not active. The id, the times and
// the audience are those of the token; all else is as it is now, whatever the token says. Of an API key the id is its own,
// and there are neither nbf and sid nor, so that no service decides by them, roles.
type Introspection struct {
	Active    bool     `json:"active" doc:"Whether the token would be taken here now. All other members are there only if it is true"`
	Scope     string   `json:"scope,omitzero" minLength:"1" doc:"Sorted names of all effective permissions of the account, of those that an API key or the scope of the token lists, separated by spaces; absent where there are none (RFC 6749 §3.3 knows no empty scope)"`
	TokenType string   `json:"token_type,omitzero" enum:"Bearer"`
	Subject   string   `json:"sub,omitzero" format:"uuid" doc:"Id of the account"`
	ClientID  string   `json:"client_id,omitzero" format:"uuid" doc:"The account that got the token from the token endpoint: as sub, or as act.sub; only of a token of a service account, and of one that was exchanged"`
	Username  string   `json:"username,omitzero" doc:"E-mail of the account, or the name of a service account"`
	Issuer    string   `json:"iss,omitzero"`
	Audience  any      `json:"aud,omitzero" doc:"A string, or an array of strings where tokens have several audiences"`
	TokenID   string   `json:"jti,omitzero" format:"uuid"`
	SessionID string   `json:"sid,omitzero" format:"uuid" doc:"Id of the session that the token is of; absent if it is of none"`
	IssuedAt  int64    `json:"iat,omitzero"`
	NotBefore int64    `json:"nbf,omitzero" doc:"Absent for an API key"`
	Expires   int64    `json:"exp,omitzero" doc:"Absent for an API key that does not expire"`
	Roles     []string `json:"roles,omitzero" nullable:"false" doc:"Names of the account's role and those it inherits from, nearest first; absent for an API key, empty for a token that is restricted to a scope or was exchanged"`
	APIKeyID  string   `json:"api_key_id,omitzero" format:"uuid" doc:"Id of the API key that the token was exchanged for"`
	Act       *web.Act `json:"act,omitzero" doc:"The account that acts for the subject (RFC 8693 §4.1); absent if it acts by itself"`
}

func toIntrospection(i users.Introspection) Introspection {
	answer := Introspection{
		Active: true, Scope: strings.Join(web.ToStrings(i.Permissions), " "),
		TokenType: "Bearer", Subject: i.Account.ID.String(), Username: i.Account.Label(),
		Issuer: i.Issuer, Audience: toAudienceClaim(i.Audiences), TokenID: i.Claims.TokenID.String(),
		IssuedAt: toSeconds(i.Claims.IssuedAt), NotBefore: toSeconds(i.Claims.NotBefore), Expires: toSeconds(i.Claims.Expires),
	}
	if i.Claims.Version > 0 { // an API key has no version
		answer.Roles = web.ToStrings(i.Roles)
	}
	if i.Claims.Service || i.Claims.Exchanged {
		answer.ClientID = answer.Subject
	}
	if answer.Act = web.ToAct(i.Claims.Act); answer.Act != nil {
		answer.ClientID = answer.Act.Subject
	}
	if !i.Claims.APIKey.IsZero() {
		answer.APIKeyID = i.Claims.APIKey.String()
	}
	if !i.Claims.Session.IsZero() {
		answer.SessionID = i.Claims.Session.String()
	}
	return answer
}

// toSeconds is a time in seconds since 1970; 0, which is left out, for none.
func toSeconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// toAudienceClaim is aud as in a token: a string if there is one, else an array (RFC 7662 §2.2).
func toAudienceClaim(audiences []string) any {
	if len(audiences) == 1 {
		return audiences[0]
	}
	return audiences
}

const introspectionPath = web.OAuthPath + "/introspect"

func introspectionRoutes() []web.Route {
	return []web.Route{
		web.Form[IntrospectionRequest](web.Route{
			Method: http.MethodPost, Path: introspectionPath, Auth: web.AuthBearerOrClient, Permission: users.TokensIntrospect, BodyLimit: web.TokenBody,
			Name: "introspectToken", Tag: "Authorization", Summary: "Introspect a token (RFC 7662)",
			Description: "The answer is by the live state: a token of a disabled or deleted account, or one that a change of password or the end of its session has ended, is not active, and the " +
				"permissions are those of now. A resource server authenticates by a token, or as a service account by its id and secret. Outside the envelope, errors too (RFC 6749 §5.2, RFC 6750 §3.1).",
			Request: web.Object{"token": web.ExampleToken},
			Plain:   &web.Plain{MediaType: web.JSONType}, Example: exampleIntrospection,
		}, introspectToken),
	}
}

func introspectToken(x *web.Exchange, form url.Values) (Introspection, error) {
	found, err := x.Service.Introspect(x.Context(), x.Caller, form.Get("token"))
	if err != nil {
		return Introspection{}, err
	}
	x.LogAtDebug = true // services send it again and again; only failures are worth a line
	if !found.Active {
		return Introspection{}, nil
	}
	return toIntrospection(found), nil
}
