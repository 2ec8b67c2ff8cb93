package api

import (
	"net/http"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/federation"
	"github.com/svc-users/svc-users/internal/web"
)

// ClientKey is a key of a service account as answers show it: a public key by its thumbprint, or the URL of a JWK set.
type ClientKey struct {
	ID         string    `json:"id" format:"uuid"`
	ClientID   string    `json:"client_id" format:"uuid" doc:"Id of the service account"`
	KeyID      *string   `json:"kid" doc:"Of the public key; null if it has none"`
	Algorithm  *string   `json:"alg" doc:"The one algorithm that the public key is for; null: any of its type"`
	Thumbprint *string   `json:"thumbprint" minLength:"43" maxLength:"43" doc:"Of the public key (RFC 7638); null with a jwks_url"`
	KeysURL    *string   `json:"jwks_url" doc:"Where the JWK set is; null with a public key"`
	CreatedAt  time.Time `json:"created_at"`
}

// Location implements web.Located.
func (k ClientKey) Location() string {
	return "/api/v1/service-accounts/" + k.ClientID + "/keys/" + k.ID
}

// ClientKeyCreation is the body that registers a key of a service account.
type ClientKeyCreation struct {
	JWK     web.RawObject `json:"jwk,omitempty" doc:"A public key (RFC 7517): RSA of at least 2048 bits (RS256, PS256), P-256 (ES256) or Ed25519 (EdDSA)"`
	KeysURL *string       `json:"jwks_url,omitempty" maxLength:"512" doc:"In its place: https URL of the JWK set, which is read when it is needed"`
}

func toClientKey(k federation.Key) ClientKey {
	return ClientKey{
		ID: k.ID.String(), ClientID: k.Account.String(), KeyID: textOrNull(k.KeyID), Algorithm: textOrNull(k.Algorithm), Thumbprint: textOrNull(k.Thumbprint),
		KeysURL: textOrNull(k.URL), CreatedAt: k.CreatedAt.UTC(),
	}
}

func clientKeyRoutes(f *federation.Federation) []web.Route {
	const tag, list = "Service accounts", "/api/v1/service-accounts/{id}/keys"
	return []web.Route{
		web.GetAll(web.Route{
			Method: http.MethodGet, Path: list, Auth: web.AuthBearer, Permission: users.ServiceAccountsRead,
			Name: "listClientKeys", Tag: tag, Summary: "List the keys of a service account", Message: "Client keys retrieved successfully",
			Description: "The oldest first, at most ten.",
			Example:     []ClientKey{exampleClientKey},
		}, func(x *web.Exchange) ([]ClientKey, error) {
			keys, err := f.Keys(x.Context(), x.Caller, x.PathID())
			return web.MapSlice(keys, toClientKey), err
		}),
		web.Body(web.Route{
			Method: http.MethodPost, Path: list, Auth: web.AuthBearer, Permission: users.ServiceAccountsUpdate,
			Name: "createClientKey", Tag: tag, Summary: "Register a key of a service account",
			Description: "With the private key the service account signs a JWT for each request of a token, in place of a secret (`private_key_jwt`, RFC 7523 §2.2). " +
				"409 for a key that it has already, and for an eleventh. The caller must hold everything that the role of the service account holds.",
			Status: http.StatusCreated, Message: "Client key created successfully", Fails: []int{http.StatusConflict},
			Request: web.Object{"jwk": web.Object{"kty": "OKP", "crv": "Ed25519", "kid": "2026-11", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}},
			Example: exampleClientKey,
		}, func(x *web.Exchange, in ClientKeyCreation) (ClientKey, error) {
			asked := federation.NewKey{URL: in.KeysURL, Found: x.Found}
			if in.JWK != nil {
				asked.JWK = new(string(in.JWK))
			}
			made, err := f.CreateKey(x.Context(), x.Caller, x.PathID(), asked)
			return toClientKey(made), err
		}),
		web.Remove(web.Route{
			Method: http.MethodDelete, Path: list + "/{key_id}", Auth: web.AuthBearer, Permission: users.ServiceAccountsUpdate,
			Name: "deleteClientKey", Tag: tag, Summary: "Delete a key of a service account", Message: "Client key deleted successfully",
			Description: "Assertions that it has signed count no more from this moment on, on every replica. Tokens that were issued for them stay valid until they expire; disabling the account ends them.",
		}, func(x *web.Exchange) error {
			return f.DeleteKey(x.Context(), x.Caller, x.PathID(), x.Request.PathValue("key_id"))
		}),
	}
}
