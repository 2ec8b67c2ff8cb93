package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/svc-users/svc-users"
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
	Reason      string   `json:"reason" enum:"granted,not_granted,account_disabled,unknown_permission"`
	Path        []string `json:"path" nullable:"false" doc:"Roles from the account's own to the nearest that the permission is assigned to; none if its role does not have it"`
	GrantedBy   []string `json:"granted_by" nullable:"false" doc:"Roles that give the permission: those it is assigned to, those that inherit it, and Admin"`
	Explanation string   `json:"explanation" doc:"The same in words"`
}

func (a *api) explainRoutes() []route {
	const tag, one = "Accounts", "/api/v1/accounts/{id}"
	return []route{
		asking(route{
			method: http.MethodGet, path: one + "/permissions", permission: users.AccountsRead,
			name: "getAccountPermissions", tag: tag, summary: "Read all that an account may do, and by which roles",
			description: "All effective permissions, each with the roles from the account's own to the one that it is assigned to. None while the account is disabled.",
			message:     "Permissions retrieved successfully",
			example: AccountPermissions{
				AccountID: exampleAccountID, IsActive: true, Role: "Lead", Permissions: []Origin{{"reports:read", []string{"Lead", "Auditor"}}},
			},
		}, a.accountPermissions),
		asking(route{
			method: http.MethodGet, path: one + "/explain", permission: users.AccountsRead,
			name: "explainPermission", tag: tag, summary: "Say whether an account may do something, and why",
			description: "By the state of the database now, whatever a token says.",
			message:     "Permission explained successfully",
			params: []*huma.Param{required(queryParam("permission", "The name of the permission, which need not exist.",
				permissionSchema()))},
			example: Explanation{
				AccountID: exampleAccountID, Permission: "reports:read", Allowed: true, Reason: "granted",
				Path: []string{"Lead", "Auditor"}, GrantedBy: []string{"Auditor", "Lead", "Admin"},
				Explanation: "ada@example.com may do reports:read: the role Lead inherits it from Auditor.",
			},
		}, a.explain),
	}
}

func required(p *huma.Param) *huma.Param {
	p.Required = true
	return p
}

func (a *api) accountPermissions(x *exchange) (AccountPermissions, error) {
	e, err := a.Service.EffectivePermissions(x.ctx, x.caller, x.pathID())
	if err != nil {
		return AccountPermissions{}, err
	}
	return AccountPermissions{
		AccountID: e.Account.ID.String(), IsActive: e.Account.Active, Role: string(e.Account.Role.Name),
		Permissions: each(e.Permissions, func(o users.PermissionPath) Origin { return Origin{string(o.Name), each(o.Path, nameOf)} }),
	}, nil
}

func (a *api) explain(x *exchange) (Explanation, error) {
	if _, sent := x.query["permission"]; !sent {
		x.found.Add("permission", "is required")
	}
	e, err := a.Service.Explain(x.ctx, x.caller, x.pathID(), x.query["permission"], x.found)
	if err != nil {
		return Explanation{}, err
	}
	return Explanation{
		AccountID: e.Account.ID.String(), Permission: string(e.Permission), Allowed: e.Allowed(), Reason: string(e.Reason),
		Path: each(e.Path, nameOf), GrantedBy: each(e.GrantedBy, nameOf), Explanation: e.String(),
	}, nil
}
