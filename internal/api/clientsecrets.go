package api

import (
	"net/http"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// ClientSecret is a secret of a service account as answers show it.
type ClientSecret struct {
	ID         string     `json:"id" format:"uuid"`
	LastFour   string     `json:"last_four" minLength:"4" maxLength:"4" doc:"Last characters of the secret"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at" doc:"null: never"`
	LastUsedAt *time.Time `json:"last_used_at" doc:"At most a minute too early; null: not yet"`
	IsExpired  bool       `json:"is_expired"`
}

// MadeClientSecret is a secret of a service account with its text.
type MadeClientSecret struct {
	ClientSecret
	ClientID string `json:"client_id" format:"uuid" doc:"Id of the service account"`
	Secret   string `json:"client_secret" minLength:"54" maxLength:"54" doc:"Shown here alone"`
}

// Location implements web.Located.
func (s MadeClientSecret) Location() string {
	return "/api/v1/service-accounts/" + s.ClientID + "/secrets/" + s.ID
}

// ClientSecretCreation is the body that makes a secret of a service account.
type ClientSecretCreation struct {
	ExpiresAt web.Nullable `json:"expires_at,omitempty" format:"date-time" doc:"By default 90 days ahead; null: never, where CLIENT_SECRET_MAX_LIFE allows that"`
}

func toClientSecret(s users.ClientSecret, now time.Time) ClientSecret {
	return ClientSecret{
		ID: s.ID.String(), LastFour: s.LastFour, CreatedAt: s.CreatedAt.UTC(), ExpiresAt: toOptionalTime(s.ExpiresAt),
		LastUsedAt: toOptionalTime(s.UsedAt), IsExpired: !s.Live(now),
	}
}

func clientSecretRoutes() []web.Route {
	const tag, list = "Service accounts", "/api/v1/service-accounts/{id}/secrets"
	return []web.Route{
		web.GetAll(web.Route{
			Method: http.MethodGet, Path: list, Auth: web.AuthBearer, Permission: users.ServiceAccountsRead,
			Name: "listClientSecrets", Tag: tag, Summary: "List the secrets of a service account", Message: "Client secrets retrieved successfully",
			Description: "The oldest first, at most two; an expired one is there until it is deleted. Never with the secret itself.",
			Example:     []ClientSecret{exampleClientSecret},
		}, listClientSecrets),
		web.Body(web.Route{
			Method: http.MethodPost, Path: list, Auth: web.AuthBearer, Permission: users.ServiceAccountsUpdate,
			Name: "createClientSecret", Tag: tag, Summary: "Make a secret of a service account",
			Description: "A service account has two secrets at most: to rotate one, make the second, put it in place, and delete the first. 409 for a third. " +
				"The caller must hold everything that the role of the service account holds.",
			Status: http.StatusCreated, Message: "Client secret created successfully", Fails: []int{http.StatusConflict},
			Request: web.Object{"expires_at": web.ExampleTime.AddDate(0, 0, 90)},
			Example: MadeClientSecret{exampleClientSecret, exampleServiceID, exampleSecret},
		}, createClientSecret),
		web.Remove(web.Route{
			Method: http.MethodDelete, Path: list + "/{secret_id}", Auth: web.AuthBearer, Permission: users.ServiceAccountsUpdate,
			Name: "deleteClientSecret", Tag: tag, Summary: "Delete a secret of a service account", Message: "Client secret deleted successfully",
			Description: "It counts no more from this moment on, on every replica. Tokens that were issued for it stay valid until they expire; disabling the account ends them.",
		}, func(x *web.Exchange) error {
			return x.Service.DeleteClientSecret(x.Context(), x.Caller, x.PathID(), x.Request.PathValue("secret_id"))
		}),
	}
}

func listClientSecrets(x *web.Exchange) ([]ClientSecret, error) {
	secrets, err := x.Service.ClientSecrets(x.Context(), x.Caller, x.PathID())
	now := x.Service.Now()
	return web.MapSlice(secrets, func(s users.ClientSecret) ClientSecret { return toClientSecret(s, now) }), err
}

func createClientSecret(x *web.Exchange, in ClientSecretCreation) (MadeClientSecret, error) {
	made, err := x.Service.CreateClientSecret(x.Context(), x.Caller, x.PathID(), users.NewClientSecret{
		Expires: readTime(x, "expires_at", in.ExpiresAt), Found: x.Found,
	})
	if err != nil {
		return MadeClientSecret{}, err
	}
	return MadeClientSecret{toClientSecret(made.ClientSecret, made.CreatedAt), made.Account.String(), made.Text}, nil
}

// readTime reads a field that is a time of RFC 3339, or null. What is neither is added to x.Found.
func readTime(x *web.Exchange, field string, sent web.Nullable) users.Optional[*time.Time] {
	read := users.Optional[*time.Time]{Set: sent.Set}
	if sent.To == nil {
		return read
	}
	at, err := time.Parse(time.RFC3339, *sent.To)
	if err != nil {
		x.Found.Add(field, "must be a time of RFC 3339, such as 2027-01-31T12:00:00Z, or null")
		return read
	}
	read.To = &at
	return read
}
