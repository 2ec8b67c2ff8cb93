package api

import (
	"net/http"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// AccountPermissions is all that an account may do now.
type AccountPermissions struct {
	AccountID   string   `json:"account_id" format:"uuid"`
	IsActive    bool     `json:"is_active"`
	Role        string   `json:"role" doc:"Name of the account's role"`
	Permissions []Origin `json:"permissions" nullable:"false" doc:"Sorted by name; none while the account is disabled"`
}

// Origin is a permission with the way to it.
type Origin struct {
	Name string   `json:"name"`
	Path []string `json:"path" nullable:"false" minItems:"1" doc:"Roles from the account's own to the nearest that the permission is assigned to"`
}

// Explanation says whether an account may do something now, and why.
type Explanation struct {
	AccountID   string   `json:"account_id" format:"uuid"`
	Permission  string   `json:"permission"`
	Allowed     bool     `json:"allowed"`
	Reason      string   `json:"reason" enum:"granted,not_granted,account_disabled,unknown_permission,out_of_scope" doc:"out_of_scope: the account may do it, and not with the API key, or the exchanged token of the request"`
	Path        []string `json:"path" nullable:"false" doc:"Roles from the account's own to the nearest that the permission is assigned to; none if its role does not have it"`
	GrantedBy   []string `json:"granted_by" nullable:"false" doc:"Roles that give the permission: those it is assigned to, those that inherit it, and Admin"`
	Omitted     bool     `json:"permissions_omitted" doc:"Whether tokens of the account have no room for its permissions, so that a service that reads tokens alone does not find this one"`
	Act         *web.Act `json:"act,omitzero" doc:"The account that acts for this one by the token of the request; absent if it acts by itself"`
	Explanation string   `json:"explanation" doc:"The same in words"`
}

func explainRoutes() []web.Route {
	const tag, one = "Accounts", "/api/v1/accounts/{id}"
	return []web.Route{
		web.Get(web.Route{
			Method: http.MethodGet, Path: one + "/permissions", Auth: web.AuthBearerOrKey, Permission: users.AccountsRead,
			Name: "getAccountPermissions", Tag: tag, Summary: "List an account's effective permissions and the roles that grant them",
			Description: "All effective permissions, each with the roles from the account's own to the one that it is assigned to. None while the account is disabled.",
			Message:     "Permissions retrieved successfully",
			Example: AccountPermissions{
				AccountID: web.ExampleAccountID, IsActive: true, Role: "Lead", Permissions: []Origin{{"reports:read", []string{"Lead", "Auditor"}}},
			},
		}, getAccountPermissions),
		web.Get(web.Route{
			Method: http.MethodGet, Path: one + "/explain", Auth: web.AuthBearerOrKey, Permission: users.AccountsRead,
			Name: "explainPermission", Tag: tag, Summary: "Explain whether an account has a permission",
			Description: "By the state of the database now, whatever a token says.",
			Message:     "Permission explained successfully",
			Params: []*web.Param{
				requireParameter(web.DescribeQueryParam("permission", "The name of the permission, which need not exist.", web.PermissionNameSchema())),
				web.DescribeQueryParam("api_key", "The id of an API key of the account: whether it may do it with that. Needs the permission `api-keys:read` besides.",
					&web.Schema{Type: "string", Format: "uuid"}),
			},
			Variants: []web.Variant{
				{Name: "account", Summary: "Of an account", Example: exampleExplanation},
				{Name: "acted", Summary: "Of the caller's own account, by a token with an actor", Example: exampleActedExplanation()},
			},
		}, explainPermission),
	}
}

var exampleExplanation = Explanation{
	AccountID: web.ExampleAccountID, Permission: "reports:read", Allowed: true, Reason: "granted",
	Path: []string{"Lead", "Auditor"}, GrantedBy: []string{"Auditor", "Lead", "Admin"},
	Explanation: "ada@example.com may do reports:read: the role Lead inherits it from Auditor.",
}

func exampleActedExplanation() Explanation {
	e := exampleExplanation
	e.Act = exampleAct
	e.Explanation += " The account is impersonated by " + exampleAct.Subject + "."
	return e
}

func requireParameter(p *web.Param) *web.Param {
	p.Required = true
	return p
}

func getAccountPermissions(x *web.Exchange) (AccountPermissions, error) {
	e, err := x.Service.EffectivePermissions(x.Context(), x.Caller, x.PathID())
	if err != nil {
		return AccountPermissions{}, err
	}
	return AccountPermissions{
		AccountID: e.Account.ID.String(), IsActive: e.Account.Active, Role: string(e.Account.Role.Name),
		Permissions: web.MapSlice(e.Permissions, func(o users.PermissionPath) Origin { return Origin{string(o.Name), web.ToStrings(o.Path)} }),
	}, nil
}

func explainPermission(x *web.Exchange) (Explanation, error) {
	if _, sent := x.Query["permission"]; !sent {
		x.Found.Add("permission", "is required")
	}
	query := users.ExplainQuery{Permission: x.Query["permission"], Found: x.Found}
	if id, sent := x.Query["api_key"]; sent {
		query.APIKey = &id
	}
	e, err := x.Service.Explain(x.Context(), x.Caller, x.PathID(), query)
	if err != nil {
		return Explanation{}, err
	}
	return Explanation{
		AccountID: e.Account.ID.String(), Permission: string(e.Permission), Allowed: e.Allowed(), Reason: string(e.Reason),
		Path: web.ToStrings(e.Path), GrantedBy: web.ToStrings(e.GrantedBy), Omitted: e.PermissionsOmitted, Act: web.ToAct(e.Act), Explanation: e.String(),
	}, nil
}
