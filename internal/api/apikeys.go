package api

import (
	"net/http"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// APIKey is an API key as answers show it. It has no field that a secret or a digest of one could be in.
type AccountAPIKey struct {
	ID          string     `json:"id" format:"uuid"`
	Name        string     `json:"name"`
	LastFour    string     `json:"last_four" minLength:"4" maxLength:"4" doc:"The last four characters of the key"`
	Permissions []string   `json:"permissions" nullable:"false" doc:"Sorted names: of what its account may do at a time, the key may do what is listed here"`
	CreatedAt   time.Time  `json:"created_at"`
	ExpiresAt   *time.Time `json:"expires_at" doc:"Null if it does not expire"`
	LastUsedAt  *time.Time `json:"last_used_at" doc:"At most a minute too early; null if it was never used"`
	SuccessorID *string    `json:"successor_id" format:"uuid" doc:"The key that a rotation has put in its place; it lives on until expires_at"`
}

// MadeAPIKey is an API key with its text, which no other answer shows.
type MadeAPIKey struct {
	AccountAPIKey
	Key string `json:"key" minLength:"54" maxLength:"54" pattern:"^svck_[0-9A-Za-z]{49}$" doc:"The key itself. It is shown once and cannot be read again" example:"svck_0Wq3VJ0mD5yQ2hXc8RtLb7KpZ4nUeGs1AoYi9FfTwHv3nJx0B"`
}

// Location implements web.Located.
func (k MadeAPIKey) Location() string { return ownAPIKeysPath + "/" + k.ID }

// APIKeyCreation is the body that makes an API key.
type APIKeyCreation struct {
	Name        string       `json:"name" minLength:"1" maxLength:"100" pattern:"^\\S(.*\\S)?$" doc:"Unique among the account's keys, without regard to case" example:"Nightly export"`
	Permissions []string     `json:"permissions" nullable:"false" minItems:"1" maxItems:"100" minLength:"1" maxLength:"100" pattern:"^[!#-\\[\\]-~]+$" doc:"Names of permissions that exist and that the account holds" example:"[\"reports:read\"]"`
	ExpiresAt   web.Nullable `json:"expires_at,omitempty" format:"date-time" doc:"At least an hour ahead. Absent is in 90 days (API_KEY_LIFE); null is never, if API_KEY_MAX_LIFE allows it" example:"2026-01-20T12:00:00Z"`
}

// APIKeyRotation is the body that puts another key in the place of one.
type APIKeyRotation struct {
	Overlap *string `json:"overlap,omitempty" minLength:"1" maxLength:"32" doc:"How long the old key lives on: 0s, or from 10m to 30d; absent is 24h" example:"36h"`
}

func toAPIKey(k users.APIKey) AccountAPIKey {
	key := AccountAPIKey{
		ID: k.ID.String(), Name: k.Name, LastFour: k.LastFour, Permissions: web.ToStrings(k.Scope.Names()), CreatedAt: k.CreatedAt.UTC(),
		ExpiresAt: toOptionalTime(k.ExpiresAt), LastUsedAt: toOptionalTime(k.UsedAt),
	}
	if !k.Successor.IsZero() {
		successor := k.Successor.String()
		key.SuccessorID = &successor
	}
	return key
}

func toMadeAPIKey(k users.MadeAPIKey) MadeAPIKey { return MadeAPIKey{toAPIKey(k.APIKey), k.Text} }

const ownAPIKeysPath = "/api/v1/auth/api-keys"

func ownAPIKeyRoutes() []web.Route {
	const tag, one = "API keys", ownAPIKeysPath + "/{id}"
	made := MadeAPIKey{exampleAPIKey, web.ExampleAPIKey}
	made.LastUsedAt = nil
	return []web.Route{
		web.GetAll(web.Route{
			Method: http.MethodGet, Path: ownAPIKeysPath, Auth: web.AuthBearer,
			Name: "listOwnAPIKeys", Tag: tag, Summary: "List your own API keys",
			Description: "Those that have not expired, the newest first; at most 100, which is how many an account has.",
			Message:     "API keys retrieved successfully", Example: []AccountAPIKey{exampleAPIKey},
		}, func(x *web.Exchange) ([]AccountAPIKey, error) {
			keys, err := x.Service.OwnAPIKeys(x.Context(), x.Caller)
			return web.MapSlice(keys, toAPIKey), err
		}),
		web.Body(web.Route{
			Method: http.MethodPost, Path: ownAPIKeysPath, Auth: web.AuthBearer, BodyLimit: web.IDsBody,
			Name: "createAPIKey", Tag: tag, Summary: "Create an API key",
			Description: "It acts for your account within the permissions that it lists: at each request it may do what the account may do then and the list has. A permission that you do not hold is 403.",
			Status:      http.StatusCreated, Message: "API key created successfully", Fails: []int{http.StatusConflict},
			Request: web.Object{"name": "Nightly export", "permissions": []string{"reports:read"}}, Example: made,
		}, createAPIKey),
		web.Get(web.Route{
			Method: http.MethodGet, Path: one, Auth: web.AuthBearer,
			Name: "getOwnAPIKey", Tag: tag, Summary: "Read one of your own API keys",
			Description: "With its last four characters, and never with the key itself.",
			Message:     "API key retrieved successfully", Example: exampleAPIKey,
		}, func(x *web.Exchange) (AccountAPIKey, error) {
			key, err := x.Service.OwnAPIKey(x.Context(), x.Caller, x.PathID())
			return toAPIKey(key), err
		}),
		web.Body(web.Route{
			Method: http.MethodPost, Path: one + "/rotate", Auth: web.AuthBearer,
			Name: "rotateAPIKey", Tag: tag, Summary: "Put another key in the place of an API key",
			Description: "The answer is the new key, with the same name, permissions and life. The old one lives on for the overlap, in which the new one is put to use. A key that has a successor is 409.",
			Status:      http.StatusCreated, Message: "API key rotated successfully", Fails: []int{http.StatusConflict},
			Request: web.Object{"overlap": "36h"}, Example: made,
		}, func(x *web.Exchange, in APIKeyRotation) (MadeAPIKey, error) {
			made, err := x.Service.RotateAPIKey(x.Context(), x.Caller, x.PathID(), users.APIKeyRotation{Overlap: in.Overlap, Found: x.Found})
			return toMadeAPIKey(made), err
		}),
		web.Remove(web.Route{
			Method: http.MethodDelete, Path: one, Auth: web.AuthBearer,
			Name: "endOwnAPIKey", Tag: tag, Summary: "End one of your own API keys",
			Description: "It is refused at once. It cannot be undone.",
			Message:     "API key ended successfully",
		}, func(x *web.Exchange) error { return x.Service.EndOwnAPIKey(x.Context(), x.Caller, x.PathID()) }),
	}
}

func createAPIKey(x *web.Exchange, in APIKeyCreation) (MadeAPIKey, error) {
	key := users.NewAPIKey{Name: in.Name, Permissions: in.Permissions, Found: x.Found}
	key.Expires.Set = in.ExpiresAt.Set
	if text := in.ExpiresAt.To; text != nil {
		at, err := time.Parse(time.RFC3339, *text)
		if err != nil {
			key.Found.Add("expires_at", "must be a time as in RFC 3339, such as 2026-01-20T12:00:00Z")
		}
		key.Expires.To = &at
	}
	made, err := x.Service.CreateAPIKey(x.Context(), x.Caller, key)
	return toMadeAPIKey(made), err
}
