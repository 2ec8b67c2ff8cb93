package api

import (
	"net/http"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// EndedAPIKeys says how many API keys were ended.
type EndedAPIKeys struct {
	Ended int `json:"ended" minimum:"0" doc:"How many API keys there were" example:"2"`
}

func otherAPIKeyRoutes() []web.Route {
	const tag, list = "API keys", "/api/v1/accounts/{id}/api-keys"
	return []web.Route{
		web.GetAll(web.Route{
			Method: http.MethodGet, Path: list, Auth: web.AuthBearer, Permission: users.APIKeysRead,
			Name: "listAPIKeys", Tag: tag, Summary: "List the API keys of an account",
			Description: "Those that have not expired, the newest first; at most 100, which is how many an account has.",
			Message:     "API keys retrieved successfully", Example: []AccountAPIKey{exampleAPIKey},
		}, func(x *web.Exchange) ([]AccountAPIKey, error) {
			keys, err := x.Service.AccountAPIKeys(x.Context(), x.Caller, x.PathID())
			return web.MapSlice(keys, toAPIKey), err
		}),
		web.Get(web.Route{
			Method: http.MethodDelete, Path: list, Auth: web.AuthBearer, Permission: users.APIKeysDelete,
			Name: "endAPIKeys", Tag: tag, Summary: "End all API keys of an account",
			Description: "The caller must hold everything that the account's role holds. The keys are refused at once.",
			Message:     "API keys ended successfully", Example: EndedAPIKeys{2},
		}, func(x *web.Exchange) (EndedAPIKeys, error) {
			ended, err := x.Service.EndAccountAPIKeys(x.Context(), x.Caller, x.PathID())
			return EndedAPIKeys{ended}, err
		}),
		web.Remove(web.Route{
			Method: http.MethodDelete, Path: list + "/{key_id}", Auth: web.AuthBearer, Permission: users.APIKeysDelete,
			Name: "endAPIKey", Tag: tag, Summary: "End an API key of an account",
			Description: "The caller must hold everything that the account's role holds. The key is refused at once.",
			Message:     "API key ended successfully",
		}, func(x *web.Exchange) error {
			return x.Service.EndAccountAPIKey(x.Context(), x.Caller, x.PathID(), x.Request.PathValue("key_id"))
		}),
	}
}
