package httpapi

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/svc-users/svc-users"
)

// PlainRole is a role's own seven fields, as they stand inside an account.
type PlainRole struct {
	ID          string    `json:"id" format:"uuid"`
	Name        string    `json:"name"`
	Description *string   `json:"description"`
	ParentID    *string   `json:"parent_id" format:"uuid" doc:"The role that this one inherits from"`
	IsSystem    bool      `json:"is_system" doc:"True for the role Admin"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

func plainRoleOf(r users.Role) PlainRole {
	p := PlainRole{
		ID: r.ID.String(), Name: string(r.Name), Description: r.Description, IsSystem: r.System,
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
	if !r.ParentID.IsZero() {
		parent := r.ParentID.String()
		p.ParentID = &parent
	}
	return p
}

// ListedRole is a role in a list.
type ListedRole struct {
	PlainRole
	Permissions []Permission `json:"permissions" nullable:"false" doc:"Those assigned to this very role, sorted by name"`
}

func listedRoleOf(d users.RoleDetail) ListedRole {
	return ListedRole{PlainRole: plainRoleOf(d.Role), Permissions: each(d.Assigned, permissionOf)}
}

// Role is a role with all that it holds.
type Role struct {
	ListedRole
	EffectivePermissions []Grant `json:"effective_permissions" nullable:"false" doc:"All that the role holds, sorted by name"`
}

func (r Role) location() string { return "/api/v1/roles/" + r.ID }

func (r Role) identity() string { return r.ID }

func roleOf(d users.RoleDetail) Role {
	return Role{ListedRole: listedRoleOf(d), EffectivePermissions: each(d.Grants, grantOf)}
}

// Grant is a permission that a role holds, and where from.
type Grant struct {
	Name          string  `json:"name"`
	InheritedFrom *string `json:"inherited_from" doc:"Name of the nearest role it comes from; null when assigned to the role itself"`
}

func grantOf(g users.Grant) Grant {
	out := Grant{Name: string(g.Name)}
	if g.InheritedFrom != "" {
		from := string(g.InheritedFrom)
		out.InheritedFrom = &from
	}
	return out
}

// RoleCreation is the body that creates a role.
type RoleCreation struct {
	Name          string   `json:"name" minLength:"1" maxLength:"100" pattern:"^\\S(.*\\S)?$" doc:"Without spaces at its ends; unique without regard to case" example:"Auditor"`
	Description   nullable `json:"description,omitempty" maxLength:"255"`
	ParentID      nullable `json:"parent_id,omitempty" format:"uuid" doc:"The role to inherit from"`
	PermissionIDs []string `json:"permission_ids,omitempty" format:"uuid" maxItems:"1000" nullable:"false"`
}

// RolePatch is the body that changes a role; an absent member leaves its field alone.
type RolePatch struct {
	Name        *string  `json:"name,omitempty" minLength:"1" maxLength:"100" pattern:"^\\S(.*\\S)?$"`
	Description nullable `json:"description,omitempty" maxLength:"255"`
	ParentID    nullable `json:"parent_id,omitempty" format:"uuid" doc:"Null makes the role inherit from none"`
}

// PermissionAssignment is the body that adds permissions to a role.
type PermissionAssignment struct {
	PermissionIDs []string `json:"permission_ids" format:"uuid" minItems:"1" maxItems:"1000" nullable:"false" doc:"Those the role has are skipped; one unknown id refuses the whole"`
}

func (a *api) roleRoutes() []route {
	const tag, list, one = "Roles", "/api/v1/roles", "/api/v1/roles/{id}"
	return []route{
		listed(route{
			method: http.MethodGet, path: list, permission: users.RolesRead,
			name: "listRoles", tag: tag, summary: "List roles", message: "Roles retrieved successfully",
			description: listDescription,
			params:      append([]*huma.Param{searchParamDoc("the name")}, listParams("name")...),
			example:     []ListedRole{exampleRole.ListedRole},
		}, a.listRoles),
		reading(rehearsable(route{
			method: http.MethodPost, path: list, permission: users.RolesCreate, shownTo: users.RolesRead, bodyLimit: idsBody,
			name: "createRole", tag: tag, summary: "Create a role",
			description: "The caller must hold everything that the role will hold.",
			status:      http.StatusCreated, message: "Role created successfully", fails: []int{http.StatusConflict},
			request: object{"name": "Auditor", "description": "Reads everything", "parent_id": nil, "permission_ids": []string{examplePermissionID}},
			example: exampleRole,
		}), a.createRole),
		asking(route{
			method: http.MethodGet, path: one, permission: users.RolesRead,
			name: "getRole", tag: tag, summary: "Read a role with all that it holds", message: "Role retrieved successfully",
			description: "Both the permissions assigned to the role itself and those that it inherits.",
			example:     exampleRole,
		}, a.getRole),
		reading(rehearsable(route{
			method: http.MethodPatch, path: one, permission: users.RolesUpdate, shownTo: users.RolesRead,
			name: "updateRole", tag: tag, summary: "Change a role",
			description: "An absent member leaves its field alone. A new parent changes what every descendant may do, at once; a cycle is refused.",
			message:     "Role updated successfully", fails: []int{http.StatusConflict},
			request: object{"description": "Reads everything", "parent_id": nil}, example: exampleRole,
		}), a.updateRole),
		deleting(rehearsable(route{
			method: http.MethodDelete, path: one, permission: users.RolesDelete,
			name: "deleteRole", tag: tag, summary: "Delete a role",
			description: "Refused while accounts hold it or roles inherit from it.",
			message:     "Role deleted successfully", fails: []int{http.StatusConflict},
		}), func(x *exchange) error { return x.service.DeleteRole(x.ctx, x.caller, x.pathID()) }),
		reading(rehearsable(route{
			method: http.MethodPost, path: one + "/permissions", permission: users.RolesUpdate, shownTo: users.RolesRead, bodyLimit: idsBody,
			name: "assignPermissions", tag: tag, summary: "Add permissions to a role",
			description: "The caller must hold them. Those that the role has already are skipped; one unknown id refuses the whole.",
			message:     "Permissions assigned successfully", fails: []int{http.StatusConflict},
			request: object{"permission_ids": []string{examplePermissionID}}, example: exampleRole,
		}), a.assignPermissions),
		asking(rehearsable(route{
			method: http.MethodDelete, path: one + "/permissions/{permission_id}", permission: users.RolesUpdate, shownTo: users.RolesRead,
			name: "removePermission", tag: tag, summary: "Take a permission from a role",
			description: "Only what is assigned to the role itself can be taken from it; else it is 404.",
			message:     "Permission removed successfully", fails: []int{http.StatusConflict}, example: exampleRole,
		}), a.removePermission),
	}
}

func (a *api) listRoles(x *exchange) ([]ListedRole, any, error) {
	query := users.RoleQuery(x.searchParam("q"))
	l := x.listing("roles", "name", query)
	if err := x.found.Err(); err != nil {
		return nil, nil, err
	}
	page, err := a.Service.Roles(x.ctx, x.caller, query, l.paging)
	if err != nil {
		return nil, nil, err
	}
	return each(page.Items, listedRoleOf), x.meta(l, page.Next, page.Total, page.Exact), nil
}

func (a *api) createRole(x *exchange, in RoleCreation) (Role, error) {
	role, err := x.service.CreateRole(x.ctx, x.caller, users.NewRole{
		Name: in.Name, Description: in.Description.To, ParentID: in.ParentID.To, PermissionIDs: in.PermissionIDs, Found: x.found,
	})
	return roleOf(role), err
}

func (a *api) getRole(x *exchange) (Role, error) {
	role, err := a.Service.Role(x.ctx, x.caller, x.pathID())
	return roleOf(role), err
}

func (a *api) updateRole(x *exchange, in RolePatch) (Role, error) {
	role, err := x.service.UpdateRole(x.ctx, x.caller, x.pathID(), users.RolePatch{
		Name: in.Name, Description: in.Description.Optional, ParentID: in.ParentID.Optional, Found: x.found,
	})
	return roleOf(role), err
}

func (a *api) assignPermissions(x *exchange, in PermissionAssignment) (Role, error) {
	role, err := x.service.AssignPermissions(x.ctx, x.caller, x.pathID(), users.PermissionAssignment{
		PermissionIDs: in.PermissionIDs, Found: x.found,
	})
	return roleOf(role), err
}

func (a *api) removePermission(x *exchange) (Role, error) {
	role, err := x.service.RemovePermission(x.ctx, x.caller, x.pathID(), x.r.PathValue("permission_id"))
	return roleOf(role), err
}
