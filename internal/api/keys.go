package api

import (
	"net/http"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/importer"
	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/web"
)

// Key is a signing key as answers show it.
type Key struct {
	ID            string     `json:"kid" doc:"As in the header of tokens and in the JWK set"`
	Algorithm     string     `json:"alg" enum:"RS256,ES256"`
	State         string     `json:"state" enum:"next,signing,verifying,expired,revoked" doc:"next: published, and not signing yet; verifying: tokens that it has signed are still valid"`
	Source        string     `json:"source" enum:"database,environment" doc:"A key of the environment has no times"`
	PublishedAt   *time.Time `json:"published_at"`
	SignsFrom     *time.Time `json:"signs_from"`
	SignsUntil    *time.Time `json:"signs_until" doc:"Planned, until the key has ended to sign"`
	VerifiesUntil *time.Time `json:"verifies_until" doc:"When no token that it has signed can be valid, and it leaves the JWK set"`
	RevokedAt     *time.Time `json:"revoked_at"`
}

// KeyList is the signing keys, the newest first.
type KeyList struct {
	Keys []Key `json:"keys" nullable:"false"`
}

// KeyRevocation is what came of a revocation.
type KeyRevocation struct {
	KeyList
	EndedSessions int `json:"ended_sessions" minimum:"0" doc:"How many sessions have ended, with end_sessions"`
}

// Rewrapped says what was encrypted again.
type Rewrapped struct {
	Rewrapped int `json:"rewrapped" minimum:"0" doc:"How many keys, and second factors of imported accounts, were under a former encryption key"`
}

// KeyRotation is the body that has the next key sign.
type KeyRotation struct {
	AtOnce *bool `json:"at_once,omitempty" doc:"True: also if verifiers may not know the next key yet. For a key that may be in the wrong hands; else their caches decide whether new tokens are accepted at once"`
}

func toKeyList(keys []keyring.Key) KeyList { return KeyList{web.MapSlice(keys, toKey)} }

func toKey(k keyring.Key) Key {
	source := "database"
	if k.Environment {
		source = "environment"
	}
	return Key{
		ID: k.ID, Algorithm: k.Algorithm, State: string(k.State), Source: source, PublishedAt: toOptionalTime(k.PublishedAt),
		SignsFrom: toOptionalTime(k.SignsFrom), SignsUntil: toOptionalTime(k.SignsUntil), VerifiesUntil: toOptionalTime(k.VerifiesUntil),
		RevokedAt: toOptionalTime(k.RevokedAt),
	}
}

// toOptionalTime is null for the zero time.
func toOptionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func keyRoutes(m *keyring.Manager, im *importer.Importer) []web.Route {
	const tag, path = "Keys", "/api/v1/keys"
	return []web.Route{
		web.Get(web.Route{
			Method: http.MethodGet, Path: path, Auth: web.AuthBearer, Permission: users.KeysRead,
			Name: "listKeys", Tag: tag, Summary: "List the signing keys",
			Description: "Those of the environment first, then those of the database, the newest first; expired ones for 30 days more. Never a private part.",
			Message:     "Signing keys retrieved successfully", Example: exampleKeys,
		}, func(x *web.Exchange) (KeyList, error) {
			keys, err := m.List(x.Context(), x.Caller)
			return toKeyList(keys), err
		}),
		web.Body(web.Route{
			Method: http.MethodPost, Path: path + "/rotate", Auth: web.AuthBearer, Permission: users.KeysManage,
			Name: "rotateKeys", Tag: tag, Summary: "Have the next signing key sign",
			Description: "At once if it has been published for a day, else as soon as it has. The key before stays in the JWK set until the last token that it has signed has expired. 409 where JWT_PRIVATE_KEY signs.",
			Message:     "Signing keys rotated successfully", Fails: []int{http.StatusConflict},
			Request: web.Object{"at_once": false}, Example: exampleKeys,
		}, func(x *web.Exchange, in KeyRotation) (KeyList, error) {
			if err := x.Found.Err(); err != nil {
				return KeyList{}, err
			}
			keys, err := m.Rotate(x.Context(), x.Caller, in.AtOnce != nil && *in.AtOnce)
			return toKeyList(keys), err
		}),
		web.Get(web.Route{
			Method: http.MethodDelete, Path: path + "/{" + web.KeyIDParam + "}", Auth: web.AuthBearer, Permission: users.KeysManage,
			Name: "revokeKey", Tag: tag, Summary: "Revoke a signing key",
			Description: "Every replica refuses the tokens that the key has signed within a second, and the key leaves the JWK set. " +
				"If it is the one that signs, the next key signs at once. It cannot be undone. 409 for the key of JWT_PRIVATE_KEY.",
			Message: "Signing key revoked successfully", Fails: []int{http.StatusConflict}, Example: KeyRevocation{KeyList: exampleKeys},
			Params: []*web.Param{web.DescribeQueryParam("end_sessions", "With true the sessions of all accounts end, too; needs the permission `sessions:delete` besides.",
				&web.Schema{Type: "boolean", Default: false})},
		}, func(x *web.Exchange) (KeyRevocation, error) {
			end := x.FlagParam("end_sessions")
			if err := x.Found.Err(); err != nil {
				return KeyRevocation{}, err
			}
			r, err := m.Revoke(x.Context(), x.Caller, x.Request.PathValue(web.KeyIDParam), end != nil && *end)
			return KeyRevocation{toKeyList(r.Keys), r.EndedSessions}, err
		}),
		web.Get(web.Route{
			Method: http.MethodPost, Path: path + "/rewrap", Auth: web.AuthBearer, Permission: users.KeysManage,
			Name: "rewrapKeys", Tag: tag, Summary: "Encrypt signing keys and second factors under the current ENCRYPTION_KEY",
			Description: "For a change of ENCRYPTION_KEY, after which ENCRYPTION_KEYS_OLD is no longer needed. 409 without ENCRYPTION_KEY.",
			Message:     "Signing keys encrypted successfully", Fails: []int{http.StatusConflict}, Example: Rewrapped{2},
		}, func(x *web.Exchange) (Rewrapped, error) {
			n, err := m.Rewrap(x.Context(), x.Caller)
			if err != nil {
				return Rewrapped{}, err
			}
			factors, err := im.Rewrap(x.Context(), x.Caller)
			return Rewrapped{n + factors}, err
		}),
		web.Get(web.Route{
			Method: http.MethodPost, Path: path + "/import", Auth: web.AuthBearer, Permission: users.KeysManage,
			Name: "importKey", Tag: tag, Summary: "Take the key of JWT_PRIVATE_KEY into the database",
			Description: "So that keys of the database can follow it: it signs on, and a next key is published. JWT_PRIVATE_KEY is then taken out of the settings of each replica. 409 without JWT_PRIVATE_KEY or ENCRYPTION_KEY.",
			Message:     "Signing key imported successfully", Fails: []int{http.StatusConflict}, Example: exampleKeys,
		}, func(x *web.Exchange) (KeyList, error) {
			keys, err := m.Import(x.Context(), x.Caller)
			return toKeyList(keys), err
		}),
	}
}
