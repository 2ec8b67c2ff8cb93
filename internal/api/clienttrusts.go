package api

import (
	"maps"
	"net/http"
	"slices"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/federation"
	"github.com/svc-users/svc-users/internal/web"
)

// ClientClaim is a claim that a trust requires.
type ClientClaim struct {
	Name  string `json:"name" minLength:"1" maxLength:"100"`
	Value string `json:"value" minLength:"1" maxLength:"512" doc:"The claim must be this very string"`
}

// ClientTrust is a trust of a service account as answers show it.
type ClientTrust struct {
	ID        string        `json:"id" format:"uuid"`
	ClientID  string        `json:"client_id" format:"uuid" doc:"Id of the service account"`
	Issuer    string        `json:"issuer" doc:"The claim iss, character for character"`
	Subject   string        `json:"subject" doc:"The claim sub, or a pattern of it"`
	Audience  string        `json:"audience" doc:"The claim aud, or one of its values"`
	Claims    []ClientClaim `json:"claims" nullable:"false" doc:"Required besides, by their names"`
	KeysURL   *string       `json:"jwks_url" doc:"Where the JWK set of the issuer is; null: discovered by the issuer"`
	CreatedAt time.Time     `json:"created_at"`
}

// Location implements web.Located.
func (t ClientTrust) Location() string {
	return "/api/v1/service-accounts/" + t.ClientID + "/trusts/" + t.ID
}

// ClientTrustCreation is the body that registers a trust of a service account.
type ClientTrustCreation struct {
	Issuer   string        `json:"issuer" maxLength:"512" doc:"https URL of the issuer, without query and fragment" example:"https://token.actions.githubusercontent.com"`
	Subject  string        `json:"subject" minLength:"1" maxLength:"512" doc:"The claim sub. A * stands for one or more characters other than : and /, once in a segment between these, and not in the first two segments" example:"repo:acme/orders:ref:refs/heads/*"`
	Audience *string       `json:"audience,omitempty" minLength:"1" maxLength:"512" doc:"The claim aud, or one of its values; by default the issuer of this service"`
	Claims   []ClientClaim `json:"claims,omitempty" maxItems:"10" doc:"Required besides: each must be a string that is exactly this"`
	KeysURL  *string       `json:"jwks_url,omitempty" maxLength:"512" doc:"https URL of the JWK set of the issuer; by default discovered at its /.well-known/openid-configuration"`
}

func toClientTrust(t federation.Trust) ClientTrust {
	shown := ClientTrust{
		ID: t.ID.String(), ClientID: t.Account.String(), Issuer: t.Issuer, Subject: string(t.Subject), Audience: t.Audience, Claims: []ClientClaim{},
		KeysURL: textOrNull(t.KeysURL), CreatedAt: t.CreatedAt.UTC(),
	}
	for _, name := range slices.Sorted(maps.Keys(t.Claims)) {
		shown.Claims = append(shown.Claims, ClientClaim{name, t.Claims[name]})
	}
	return shown
}

func clientTrustRoutes(f *federation.Federation) []web.Route {
	const tag, list = "Service accounts", "/api/v1/service-accounts/{id}/trusts"
	return []web.Route{
		web.GetAll(web.Route{
			Method: http.MethodGet, Path: list, Auth: web.AuthBearer, Permission: users.ServiceAccountsRead,
			Name: "listClientTrusts", Tag: tag, Summary: "List the trusts of a service account", Message: "Client trusts retrieved successfully",
			Description: "The oldest first, at most twenty.",
			Example:     []ClientTrust{exampleClientTrust},
		}, func(x *web.Exchange) ([]ClientTrust, error) {
			trusts, err := f.Trusts(x.Context(), x.Caller, x.PathID())
			return web.MapSlice(trusts, toClientTrust), err
		}),
		web.Body(web.Route{
			Method: http.MethodPost, Path: list, Auth: web.AuthBearer, Permission: users.ServiceAccountsUpdate,
			Name: "createClientTrust", Tag: tag, Summary: "Trust an issuer for a service account",
			Description: "Whatever has a JWT of this issuer with this subject gets tokens of the service account (workload federation, RFC 7523 §3): a pod of Kubernetes, a job of a CI system. " +
				"409 for a trust that it has already, and for a twenty-first. The caller must hold everything that the role of the service account holds.",
			Status: http.StatusCreated, Message: "Client trust created successfully", Fails: []int{http.StatusConflict}, BodyLimit: web.TokenBody,
			Request: web.Object{
				"issuer": exampleClientTrust.Issuer, "subject": exampleClientTrust.Subject,
				"claims": []web.Object{{"name": "environment", "value": "production"}},
			},
			Example: exampleClientTrust,
		}, func(x *web.Exchange, in ClientTrustCreation) (ClientTrust, error) {
			asked := federation.NewTrust{
				Issuer: in.Issuer, Subject: in.Subject, Audience: in.Audience, KeysURL: in.KeysURL, Found: x.Found,
				Claims: web.MapSlice(in.Claims, func(c ClientClaim) federation.Claim { return federation.Claim(c) }),
			}
			made, err := f.CreateTrust(x.Context(), x.Caller, x.PathID(), asked)
			return toClientTrust(made), err
		}),
		web.Remove(web.Route{
			Method: http.MethodDelete, Path: list + "/{trust_id}", Auth: web.AuthBearer, Permission: users.ServiceAccountsUpdate,
			Name: "deleteClientTrust", Tag: tag, Summary: "Delete a trust of a service account", Message: "Client trust deleted successfully",
			Description: "Assertions of its issuer count no more from this moment on, on every replica. Tokens that were issued for them stay valid until they expire; disabling the account ends them.",
		}, func(x *web.Exchange) error {
			return f.DeleteTrust(x.Context(), x.Caller, x.PathID(), x.Request.PathValue("trust_id"))
		}),
	}
}
