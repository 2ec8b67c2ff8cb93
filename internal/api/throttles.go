package api

import (
	"net/http"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/throttle"
	"github.com/svc-users/svc-users/internal/web"
)

// Throttle is a budget of attempts that is not full. It has no e-mail, and nothing of a secret.
type Throttle struct {
	ID           string     `json:"id" format:"uuid"`
	Kind         string     `json:"kind" enum:"address,account,device,password,credential,new_account" doc:"What is counted: failed logins from an address, with an e-mail from devices that are not known, and from a known device; wrong own passwords; refused credentials from an address; new accounts"`
	Subject      *string    `json:"subject" doc:"The address, or the network of an IPv6 address; or the id of the account; null for an e-mail that no account has" example:"203.0.113.7"`
	Failures     int        `json:"failures" minimum:"1" doc:"How many attempts are counted now" example:"20"`
	Limit        int        `json:"limit" minimum:"1" doc:"How many may be" example:"20"`
	BlockedUntil *time.Time `json:"blocked_until" doc:"When there may be one more; null if there may be one now"`
	FullAt       time.Time  `json:"full_at" doc:"When none of the attempts counts any longer"`
}

// ClearedThrottles says how many budgets were made full.
type ClearedThrottles struct {
	Cleared int `json:"cleared" minimum:"0" example:"3"`
}

func toThrottle(t throttle.Throttle) Throttle {
	return Throttle{
		ID: t.ID.String(), Kind: string(t.Kind), Subject: textOrNull(t.Subject), Failures: t.Failures, Limit: t.Rate.Burst,
		BlockedUntil: toOptionalTime(t.BlockedUntil), FullAt: t.FullAt.UTC(),
	}
}

func throttleRoutes(m *throttle.Manager) []web.Route {
	const tag, path = "Throttles", "/api/v1/throttles"
	kind := web.DescribeQueryParam("kind", "Only those of a kind.", &web.Schema{
		Type: "string", Enum: web.MapSlice(throttle.Kinds(), func(k throttle.Kind) any { return string(k) }),
	})
	subject := web.DescribeQueryParam("subject", "Only those of this address, network or id of an account.", &web.Schema{Type: "string"})
	return []web.Route{
		web.GetAll(web.Route{
			Method: http.MethodGet, Path: path, Auth: web.AuthBearerOrKey, Permission: users.ThrottlesRead,
			Name: "listThrottles", Tag: tag, Summary: "List budgets of attempts that are not full",
			Description: "Those without an attempt left first, of these the one that is blocked for longest first; at most 1,000.",
			Message:     "Throttles retrieved successfully", Example: []Throttle{exampleThrottle},
			Params: []*web.Param{
				kind, subject,
				web.DescribeQueryParam("blocked", "With true only those without an attempt left.", &web.Schema{Type: "boolean", Default: false}),
			},
		}, func(x *web.Exchange) ([]Throttle, error) {
			blocked := x.FlagParam("blocked")
			list, err := m.List(x.Context(), x.Caller, throttle.Query{
				Kind: x.Query["kind"], Subject: x.SearchParam("subject"), Blocked: blocked != nil && *blocked, Found: x.Found,
			})
			return web.MapSlice(list, toThrottle), err
		}),
		web.Get(web.Route{
			Method: http.MethodDelete, Path: path, Auth: web.AuthBearer, Permission: users.ThrottlesDelete,
			Name: "clearThrottles", Tag: tag, Summary: "Make budgets of attempts full",
			Description: "All of them, or those that the query chooses. Attempts that are refused for their number may be made again at once.",
			Message:     "Throttles cleared successfully", Example: ClearedThrottles{3}, Params: []*web.Param{kind, subject},
		}, func(x *web.Exchange) (ClearedThrottles, error) {
			n, err := m.ClearAll(x.Context(), x.Caller, throttle.Query{Kind: x.Query["kind"], Subject: x.SearchParam("subject"), Found: x.Found})
			return ClearedThrottles{n}, err
		}),
		web.Remove(web.Route{
			Method: http.MethodDelete, Path: path + "/{id}", Auth: web.AuthBearer, Permission: users.ThrottlesDelete,
			Name: "clearThrottle", Tag: tag, Summary: "Make a budget of attempts full",
			Description: "Attempts that are refused for their number may be made again at once.",
			Message:     "Throttle cleared successfully",
		}, func(x *web.Exchange) error { return m.Clear(x.Context(), x.Caller, x.PathID()) }),
	}
}
