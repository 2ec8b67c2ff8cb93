package api

import (
	"net/http"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// Permission is a permission as answers show it.
type Permission struct {
	ID          string    `json:"id" format:"uuid"`
	Name        string    `json:"name" doc:"An OAuth scope token, by custom resource:action"`
	Description *string   `json:"description"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// Location implements web.Located.
func (p Permission) Location() string { return "/api/v1/permissions/" + p.ID }

// Identity implements web.Identified.
func (p Permission) Identity() string { return p.ID }

func toPermission(p users.Permission) Permission {
	return Permission{
		ID: p.ID.String(), Name: string(p.Name), Description: p.Description,
		CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(),
	}
}

// PermissionCreation is the body that creates a permission.
type PermissionCreation struct {
	Name        string       `json:"name" minLength:"1" maxLength:"100" pattern:"^[!#-\\[\\]-~]+$" doc:"An OAuth scope token (RFC 6749 §3.3), case-sensitive" example:"reports:read"`
	Description web.Nullable `json:"description,omitempty" maxLength:"255"`
}

// PermissionPatch is the body that changes a permission; an absent member leaves its field alone.
type PermissionPatch struct {
	Name        *string      `json:"name,omitempty" minLength:"1" maxLength:"100" pattern:"^[!#-\\[\\]-~]+$"`
	Description web.Nullable `json:"description,omitempty" maxLength:"255"`
}

func permissionRoutes() []web.Route {
	const tag, list, one = "Permissions", "/api/v1/permissions", "/api/v1/permissions/{id}"
	return []web.Route{
		web.List(web.Route{
			Method: http.MethodGet, Path: list, Auth: web.AuthBearerOrKey, Permission: users.PermissionsRead,
			Name: "listPermissions", Tag: tag, Summary: "List permissions", Message: "Permissions retrieved successfully",
			Description: web.ListDescription,
			Params:      append([]*web.Param{web.DescribeSearchParam("the name")}, web.DescribeListParams("name")...),
			Example:     []Permission{examplePermission},
		}, listPermissions),
		web.Body(web.DryRunnable(web.Route{
			Method: http.MethodPost, Path: list, Auth: web.AuthBearer, Permission: users.PermissionsCreate, ShownTo: users.PermissionsRead,
			Name: "createPermission", Tag: tag, Summary: "Create a permission",
			Description: "Names of the system's own kinds, such as accounts:…, are reserved.",
			Status:      http.StatusCreated, Message: "Permission created successfully", Fails: []int{http.StatusConflict},
			Request: web.Object{"name": "reports:read", "description": "Read reports"}, Example: examplePermission,
		}), createPermission),
		web.Get(web.Route{
			Method: http.MethodGet, Path: one, Auth: web.AuthBearerOrKey, Permission: users.PermissionsRead,
			Name: "getPermission", Tag: tag, Summary: "Read a permission", Message: "Permission retrieved successfully",
			Description: "It does not name the roles that hold it: roles name their permissions.",
			Example:     examplePermission,
		}, getPermission),
		web.Body(web.DryRunnable(web.Route{
			Method: http.MethodPatch, Path: one, Auth: web.AuthBearer, Permission: users.PermissionsUpdate, ShownTo: users.PermissionsRead,
			Name: "updatePermission", Tag: tag, Summary: "Change a permission",
			Description: "Renaming a permission that a role other than Admin holds needs an account with the role Admin.",
			Message:     "Permission updated successfully", Fails: []int{http.StatusConflict},
			Request: web.Object{"description": "Read reports"}, Example: examplePermission,
		}), updatePermission),
		web.Remove(web.DryRunnable(web.Route{
			Method: http.MethodDelete, Path: one, Auth: web.AuthBearerOrKey, Permission: users.PermissionsDelete,
			Name: "deletePermission", Tag: tag, Summary: "Delete a permission", Description: "It is taken from every role.",
			Message: "Permission deleted successfully", Fails: []int{http.StatusConflict},
		}), func(x *web.Exchange) error { return x.Service.DeletePermission(x.Context(), x.Caller, x.PathID()) }),
	}
}

func listPermissions(x *web.Exchange) ([]Permission, any, error) {
	query := users.PermissionQuery(x.SearchParam("q"))
	l := x.ReadListing("permissions", "name", query)
	if err := x.Found.Err(); err != nil {
		return nil, nil, err
	}
	page, err := x.Service.Permissions(x.Context(), x.Caller, query, l.Paging)
	if err != nil {
		return nil, nil, err
	}
	return web.MapSlice(page.Items, toPermission), x.DescribeList(l, page.Next, page.Total, page.Exact), nil
}

func createPermission(x *web.Exchange, in PermissionCreation) (Permission, error) {
	p, err := x.Service.CreatePermission(x.Context(), x.Caller, users.NewPermission{
		Name: in.Name, Description: in.Description.To, Found: x.Found,
	})
	return toPermission(p), err
}

func getPermission(x *web.Exchange) (Permission, error) {
	p, err := x.Service.Permission(x.Context(), x.Caller, x.PathID())
	return toPermission(p), err
}

func updatePermission(x *web.Exchange, in PermissionPatch) (Permission, error) {
	p, err := x.Service.UpdatePermission(x.Context(), x.Caller, x.PathID(), users.PermissionPatch{
		Name: in.Name, Description: in.Description.Optional, Found: x.Found,
	})
	return toPermission(p), err
}
