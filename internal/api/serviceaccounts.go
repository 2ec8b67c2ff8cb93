package api

import (
	"net/http"
	"strconv"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// ServiceAccount is the account of a program as answers show it.
type ServiceAccount struct {
	ID          string    `json:"id" format:"uuid" doc:"Also the client_id at /oauth2/token"`
	Name        string    `json:"name" doc:"Unique among service accounts"`
	Description *string   `json:"description"`
	RoleID      string    `json:"role_id" format:"uuid"`
	Role        PlainRole `json:"role"`
	IsActive    bool      `json:"is_active" doc:"False while the service account is disabled"`
	OwnerID     *string   `json:"owner_id" format:"uuid" doc:"Account that answers for it; null if there is none, or it was deleted"`
	DeclaredBy  *string   `json:"declared_by" doc:"Service that declares it; null if there is none"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// Location implements web.Located.
func (a ServiceAccount) Location() string { return "/api/v1/service-accounts/" + a.ID }

// Identity implements web.Identified.
func (a ServiceAccount) Identity() string { return a.ID }

// IsOwnedBy implements web.Owned: an account is its own.
func (a ServiceAccount) IsOwnedBy(account users.ID) bool { return a.ID == account.String() }

func toServiceAccount(a users.ServiceAccount) ServiceAccount {
	shown := ServiceAccount{
		ID: a.ID.String(), Name: string(a.Name), Description: a.Description,
		RoleID: a.Role.ID.String(), Role: toPlainRole(a.Role), IsActive: a.Active,
		DeclaredBy: textOrNull(string(a.Owner.Service)), CreatedAt: a.CreatedAt.UTC(), UpdatedAt: a.UpdatedAt.UTC(),
	}
	if !a.Owner.Account.IsZero() {
		shown.OwnerID = new(a.Owner.Account.String())
	}
	return shown
}

// ServiceAccountCreation is the body that creates a service account.
type ServiceAccountCreation struct {
	Name        string       `json:"name" minLength:"1" maxLength:"100" pattern:"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$" doc:"Unique among service accounts" example:"orders-worker"`
	Description web.Nullable `json:"description,omitempty" maxLength:"255"`
	RoleID      string       `json:"role_id" format:"uuid" doc:"The caller must hold all that this role holds"`
	OwnerID     *string      `json:"owner_id,omitempty" format:"uuid" doc:"Account that answers for it; by default the caller's"`
	IsActive    *bool        `json:"is_active,omitempty" default:"true"`
}

// ServiceAccountPatch is the body that changes a service account; an absent member leaves its field alone.
type ServiceAccountPatch struct {
	Name        *string      `json:"name,omitempty" minLength:"1" maxLength:"100" pattern:"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$"`
	Description web.Nullable `json:"description,omitempty" maxLength:"255"`
	RoleID      *string      `json:"role_id,omitempty" format:"uuid"`
	OwnerID     web.Nullable `json:"owner_id,omitempty" format:"uuid"`
	IsActive    *bool        `json:"is_active,omitempty" doc:"False disables the service account and kills its tokens for good"`
}

// accountNamePattern is that of the tags above.
const accountNamePattern = "^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$"

func serviceAccountRoutes() []web.Route {
	const tag, list, one = "Service accounts", "/api/v1/service-accounts", "/api/v1/service-accounts/{id}"
	return []web.Route{
		web.List(web.Route{
			Method: http.MethodGet, Path: list, Auth: web.AuthBearerOrKey, Permission: users.ServiceAccountsRead,
			Name: "listServiceAccounts", Tag: tag, Summary: "List service accounts", Message: "Service accounts retrieved successfully",
			Description: web.ListDescription,
			Params: append([]*web.Param{
				web.DescribeQueryParam("name", "Only the service account of this very name.", &web.Schema{Type: "string", MaxLength: new(100), Pattern: accountNamePattern}),
				web.DescribeSearchParam("the name"),
				web.DescribeQueryParam("role_id", "Only service accounts with this very role.", &web.Schema{Type: "string", Format: "uuid"}),
				web.DescribeQueryParam("owner_id", "Only service accounts that this account answers for.", &web.Schema{Type: "string", Format: "uuid"}),
				web.DescribeQueryParam("is_active", "Only service accounts that are active, or that are not.", &web.Schema{Type: "boolean"}),
			}, web.DescribeListParams("name")...),
			Example: []ServiceAccount{exampleServiceAccount},
		}, listServiceAccounts),
		web.Body(web.DryRunnable(web.Route{
			Method: http.MethodPost, Path: list, Auth: web.AuthBearer, Permission: users.ServiceAccountsCreate, ShownTo: users.ServiceAccountsRead,
			Name: "createServiceAccount", Tag: tag, Summary: "Create a service account",
			Description: "The account of a program. The caller must hold everything that the role holds.",
			Status:      http.StatusCreated, Message: "Service account created successfully", Fails: []int{http.StatusConflict},
			Request: web.Object{"name": "orders-worker", "role_id": web.ExampleRoleID}, Example: exampleServiceAccount,
		}), createServiceAccount),
		web.Get(web.Route{
			Method: http.MethodGet, Path: one, Auth: web.AuthBearerOrKey, Permission: users.ServiceAccountsRead,
			Name: "getServiceAccount", Tag: tag, Summary: "Read a service account", Message: "Service account retrieved successfully",
			Description: "With its own role, and never with a secret.", Example: exampleServiceAccount,
		}, getServiceAccount),
		web.Body(web.DryRunnable(web.Route{
			Method: http.MethodPatch, Path: one, Auth: web.AuthBearer, Permission: users.ServiceAccountsUpdate, ShownTo: users.ServiceAccountsRead,
			Name: "updateServiceAccount", Tag: tag, Summary: "Change a service account",
			Description: "An absent member leaves its field alone.",
			Message:     "Service account updated successfully", Fails: []int{http.StatusConflict},
			Request: web.Object{"is_active": false}, Example: exampleServiceAccount,
		}), updateServiceAccount),
		web.Remove(web.DryRunnable(web.Route{
			Method: http.MethodDelete, Path: one, Auth: web.AuthBearerOrKey, Permission: users.ServiceAccountsDelete,
			Name: "deleteServiceAccount", Tag: tag, Summary: "Delete a service account", Message: "Service account deleted successfully",
			Description: "Its tokens, keys and secrets are dead at once.",
		}), func(x *web.Exchange) error { return x.Service.DeleteServiceAccount(x.Context(), x.Caller, x.PathID()) }),
	}
}

func listServiceAccounts(x *web.Exchange) ([]ServiceAccount, any, error) {
	filter := users.ServiceAccountFilter{
		Query: users.ServiceAccountQuery(x.SearchParam("q")), RoleID: x.IDParam("role_id"), OwnerID: x.IDParam("owner_id"), Active: x.FlagParam("is_active"),
	}
	if text, sent := x.Query["name"]; sent {
		name, err := users.ParseAccountName(text)
		if err != nil {
			x.Found.Add("name", err.Error())
		}
		filter.Name = name
	}
	role, owner, active := "", "", ""
	if !filter.RoleID.IsZero() {
		role = filter.RoleID.String()
	}
	if !filter.OwnerID.IsZero() {
		owner = filter.OwnerID.String()
	}
	if filter.Active != nil {
		active = strconv.FormatBool(*filter.Active)
	}
	l := x.ReadListing("service-accounts", "name", string(filter.Name), filter.Query, role, owner, active)
	if err := x.Found.Err(); err != nil {
		return nil, nil, err
	}
	page, err := x.Service.ServiceAccounts(x.Context(), x.Caller, filter, l.Paging)
	if err != nil {
		return nil, nil, err
	}
	return web.MapSlice(page.Items, toServiceAccount), x.DescribeList(l, page.Next, page.Total, page.Exact), nil
}

func createServiceAccount(x *web.Exchange, in ServiceAccountCreation) (ServiceAccount, error) {
	a, err := x.Service.CreateServiceAccount(x.Context(), x.Caller, users.NewServiceAccount{
		Name: in.Name, Description: in.Description.To, RoleID: in.RoleID, OwnerID: in.OwnerID, Active: in.IsActive, Found: x.Found,
	})
	return toServiceAccount(a), err
}

func getServiceAccount(x *web.Exchange) (ServiceAccount, error) {
	a, err := x.Service.ServiceAccount(x.Context(), x.Caller, x.PathID())
	return toServiceAccount(a), err
}

func updateServiceAccount(x *web.Exchange, in ServiceAccountPatch) (ServiceAccount, error) {
	a, err := x.Service.UpdateServiceAccount(x.Context(), x.Caller, x.PathID(), users.ServiceAccountPatch{
		Name: in.Name, Description: in.Description.Optional, RoleID: in.RoleID, OwnerID: in.OwnerID.Optional, Active: in.IsActive, Found: x.Found,
	})
	return toServiceAccount(a), err
}
