package httpapi

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/svc-users/svc-users"
)

// Permission is a permission as answers show it.
type Permission struct {
	ID          string    `json:"id" format:"uuid"`
	Name        string    `json:"name" doc:"An OAuth scope token, by custom resource:action"`
	Description *string   `json:"description"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

func (p Permission) location() string { return "/api/v1/permissions/" + p.ID }

func (p Permission) identity() string { return p.ID }

func permissionOf(p users.Permission) Permission {
	return Permission{
		ID: p.ID.String(), Name: string(p.Name), Description: p.Description,
		CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(),
	}
}

// PermissionCreation is the body that creates a permission.
type PermissionCreation struct {
	Name        string   `json:"name" minLength:"1" maxLength:"100" pattern:"^[!#-\\[\\]-~]+$" doc:"An OAuth scope token (RFC 6749 §3.3), case-sensitive" example:"reports:read"`
	Description nullable `json:"description,omitempty" maxLength:"255"`
}

// PermissionPatch is the body that changes a permission; an absent member leaves its field alone.
type PermissionPatch struct {
	Name        *string  `json:"name,omitempty" minLength:"1" maxLength:"100" pattern:"^[!#-\\[\\]-~]+$"`
	Description nullable `json:"description,omitempty" maxLength:"255"`
}

func (a *api) permissionRoutes() []route {
	const tag, list, one = "Permissions", "/api/v1/permissions", "/api/v1/permissions/{id}"
	return []route{
		listed(route{
			method: http.MethodGet, path: list, permission: users.PermissionsRead,
			name: "listPermissions", tag: tag, summary: "List permissions", message: "Permissions retrieved successfully",
			description: listDescription,
			params:      append([]*huma.Param{searchParamDoc("the name")}, listParams("name")...),
			example:     []Permission{examplePermission},
		}, a.listPermissions),
		reading(rehearsable(route{
			method: http.MethodPost, path: list, permission: users.PermissionsCreate, shownTo: users.PermissionsRead,
			name: "createPermission", tag: tag, summary: "Create a permission",
			description: "Names of the system's own kinds, such as accounts:…, are reserved.",
			status:      http.StatusCreated, message: "Permission created successfully", fails: []int{http.StatusConflict},
			request: object{"name": "reports:read", "description": "Read reports"}, example: examplePermission,
		}), a.createPermission),
		asking(route{
			method: http.MethodGet, path: one, permission: users.PermissionsRead,
			name: "getPermission", tag: tag, summary: "Read a permission", message: "Permission retrieved successfully",
			description: "It does not name the roles that hold it: roles name their permissions.",
			example:     examplePermission,
		}, a.getPermission),
		reading(rehearsable(route{
			method: http.MethodPatch, path: one, permission: users.PermissionsUpdate, shownTo: users.PermissionsRead,
			name: "updatePermission", tag: tag, summary: "Change a permission",
			description: "Renaming a permission that a role other than Admin holds needs an account with the role Admin.",
			message:     "Permission updated successfully", fails: []int{http.StatusConflict},
			request: object{"description": "Read reports"}, example: examplePermission,
		}), a.updatePermission),
		deleting(rehearsable(route{
			method: http.MethodDelete, path: one, permission: users.PermissionsDelete,
			name: "deletePermission", tag: tag, summary: "Delete a permission", description: "It is taken from every role.",
			message: "Permission deleted successfully", fails: []int{http.StatusConflict},
		}), func(x *exchange) error { return x.service.DeletePermission(x.ctx, x.caller, x.pathID()) }),
	}
}

func (a *api) listPermissions(x *exchange) ([]Permission, any, error) {
	query := users.PermissionQuery(x.searchParam("q"))
	l := x.listing("permissions", "name", query)
	if err := x.found.Err(); err != nil {
		return nil, nil, err
	}
	page, err := a.Service.Permissions(x.ctx, x.caller, query, l.paging)
	if err != nil {
		return nil, nil, err
	}
	return each(page.Items, permissionOf), x.meta(l, page.Next, page.Total, page.Exact), nil
}

func (a *api) createPermission(x *exchange, in PermissionCreation) (Permission, error) {
	p, err := x.service.CreatePermission(x.ctx, x.caller, users.NewPermission{
		Name: in.Name, Description: in.Description.To, Found: x.found,
	})
	return permissionOf(p), err
}

func (a *api) getPermission(x *exchange) (Permission, error) {
	p, err := a.Service.Permission(x.ctx, x.caller, x.pathID())
	return permissionOf(p), err
}

func (a *api) updatePermission(x *exchange, in PermissionPatch) (Permission, error) {
	p, err := x.service.UpdatePermission(x.ctx, x.caller, x.pathID(), users.PermissionPatch{
		Name: in.Name, Description: in.Description.Optional, Found: x.found,
	})
	return permissionOf(p), err
}
