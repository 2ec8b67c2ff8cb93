package api

import (
	"net/http"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
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

func toPlainRole(r users.Role) PlainRole {
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

func toListedRole(d users.RoleDetail) ListedRole {
	return ListedRole{PlainRole: toPlainRole(d.Role), Permissions: web.MapSlice(d.Assigned, toPermission)}
}

// Role is a role with all that it holds.
type Role struct {
	ListedRole
	EffectivePermissions []Grant `json:"effective_permissions" nullable:"false" doc:"All that the role holds, sorted by name"`
	PermissionsOmitted   bool    `json:"permissions_omitted" doc:"Whether tokens of accounts with the role can lack their permissions, which have no room within JWT_MAX_BYTES"`
}

// Location implements web.Located.
func (r Role) Location() string { return "/api/v1/roles/" + r.ID }

// Identity implements web.Identified.
func (r Role) Identity() string { return r.ID }

func toRole(d users.RoleDetail) Role {
	return Role{ListedRole: toListedRole(d), EffectivePermissions: web.MapSlice(d.Held, toGrant), PermissionsOmitted: d.PermissionsOmitted}
}

// Grant is a permission that a role holds, and where from.
type Grant struct {
	Name          string  `json:"name"`
	InheritedFrom *string `json:"inherited_from" doc:"Name of the nearest role it comes from; null when assigned to the role itself"`
}

func toGrant(g users.HeldPermission) Grant {
	out := Grant{Name: string(g.Name)}
	if g.InheritedFrom != "" {
		from := string(g.InheritedFrom)
		out.InheritedFrom = &from
	}
	return out
}

// RoleCreation is the body that creates a role.
type RoleCreation struct {
	Name          string       `json:"name" minLength:"1" maxLength:"100" pattern:"^\\S(.*\\S)?$" doc:"Without spaces at its ends; unique without regard to case" example:"Auditor"`
	Description   web.Nullable `json:"description,omitempty" maxLength:"255"`
	ParentID      web.Nullable `json:"parent_id,omitempty" format:"uuid" doc:"The role to inherit from"`
	PermissionIDs []string     `json:"permission_ids,omitempty" format:"uuid" maxItems:"1000" nullable:"false"`
}

// RolePatch is the body that changes a role; an absent member leaves its field alone.
type RolePatch struct {
	Name        *string      `json:"name,omitempty" minLength:"1" maxLength:"100" pattern:"^\\S(.*\\S)?$"`
	Description web.Nullable `json:"description,omitempty" maxLength:"255"`
	ParentID    web.Nullable `json:"parent_id,omitempty" format:"uuid" doc:"Null makes the role inherit from none"`
}

// PermissionAssignment is the body that adds permissions to a role.
type PermissionAssignment struct {
	PermissionIDs []string `json:"permission_ids" format:"uuid" minItems:"1" maxItems:"1000" nullable:"false" doc:"Those the role has are skipped; one unknown id refuses the whole"`
}

func roleRoutes() []web.Route {
	const tag, list, one = "Roles", "/api/v1/roles", "/api/v1/roles/{id}"
	return []web.Route{
		web.List(web.Route{
			Method: http.MethodGet, Path: list, Auth: web.AuthBearerOrKey, Permission: users.RolesRead,
			Name: "listRoles", Tag: tag, Summary: "List roles", Message: "Roles retrieved successfully",
			Description: web.ListDescription,
			Params:      append([]*web.Param{web.DescribeSearchParam("the name")}, web.DescribeListParams("name")...),
			Example:     []ListedRole{exampleRole.ListedRole},
		}, listRoles),
		web.Body(web.DryRunnable(web.Route{
			Method: http.MethodPost, Path: list, Auth: web.AuthBearer, Permission: users.RolesCreate, ShownTo: users.RolesRead, BodyLimit: web.IDsBody,
			Name: "createRole", Tag: tag, Summary: "Create a role",
			Description: "The caller must hold everything that the role will hold.",
			Status:      http.StatusCreated, Message: "Role created successfully", Fails: []int{http.StatusConflict},
			Request: web.Object{"name": "Auditor", "description": "Reads everything", "parent_id": nil, "permission_ids": []string{web.ExamplePermissionID}},
			Example: exampleRole,
		}), createRole),
		web.Get(web.Route{
			Method: http.MethodGet, Path: one, Auth: web.AuthBearerOrKey, Permission: users.RolesRead,
			Name: "getRole", Tag: tag, Summary: "Read a role with its effective permissions", Message: "Role retrieved successfully",
			Description: "Both the permissions assigned to the role itself and those that it inherits.",
			Example:     exampleRole,
		}, getRole),
		web.Body(web.DryRunnable(web.Route{
			Method: http.MethodPatch, Path: one, Auth: web.AuthBearer, Permission: users.RolesUpdate, ShownTo: users.RolesRead,
			Name: "updateRole", Tag: tag, Summary: "Change a role",
			Description: "An absent member leaves its field alone. A new parent changes what every descendant may do, at once; a cycle is refused.",
			Message:     "Role updated successfully", Fails: []int{http.StatusConflict},
			Request: web.Object{"description": "Reads everything", "parent_id": nil}, Example: exampleRole,
		}), updateRole),
		web.Remove(web.DryRunnable(web.Route{
			Method: http.MethodDelete, Path: one, Auth: web.AuthBearerOrKey, Permission: users.RolesDelete,
			Name: "deleteRole", Tag: tag, Summary: "Delete a role",
			Description: "Refused while accounts hold it or roles inherit from it.",
			Message:     "Role deleted successfully", Fails: []int{http.StatusConflict},
		}), func(x *web.Exchange) error { return x.Service.DeleteRole(x.Context(), x.Caller, x.PathID()) }),
		web.Body(web.DryRunnable(web.Route{
			Method: http.MethodPost, Path: one + "/permissions", Auth: web.AuthBearer, Permission: users.RolesUpdate, ShownTo: users.RolesRead, BodyLimit: web.IDsBody,
			Name: "assignPermissions", Tag: tag, Summary: "Assign permissions to a role",
			Description: "The caller must hold them. Those that the role has already are skipped; one unknown id refuses the whole.",
			Message:     "Permissions assigned successfully", Fails: []int{http.StatusConflict},
			Request: web.Object{"permission_ids": []string{web.ExamplePermissionID}}, Example: exampleRole,
		}), assignPermissions),
		web.Get(web.DryRunnable(web.Route{
			Method: http.MethodDelete, Path: one + "/permissions/{permission_id}", Auth: web.AuthBearerOrKey, Permission: users.RolesUpdate, ShownTo: users.RolesRead,
			Name: "removePermission", Tag: tag, Summary: "Remove a permission from a role",
			Description: "Only what is assigned to the role itself can be taken from it; else it is 404.",
			Message:     "Permission removed successfully", Fails: []int{http.StatusConflict}, Example: exampleRole,
		}), removePermission),
	}
}

func listRoles(x *web.Exchange) ([]ListedRole, any, error) {
	query := users.RoleQuery(x.SearchParam("q"))
	l := x.ReadListing("roles", "name", query)
	if err := x.Found.Err(); err != nil {
		return nil, nil, err
	}
	page, err := x.Service.Roles(x.Context(), x.Caller, query, l.Paging)
	if err != nil {
		return nil, nil, err
	}
	return web.MapSlice(page.Items, toListedRole), x.DescribeList(l, page.Next, page.Total, page.Exact), nil
}

func createRole(x *web.Exchange, in RoleCreation) (Role, error) {
	role, err := x.Service.CreateRole(x.Context(), x.Caller, users.NewRole{
		Name: in.Name, Description: in.Description.To, ParentID: in.ParentID.To, PermissionIDs: in.PermissionIDs, Found: x.Found,
	})
	return toRole(role), err
}

func getRole(x *web.Exchange) (Role, error) {
	role, err := x.Service.Role(x.Context(), x.Caller, x.PathID())
	return toRole(role), err
}

func updateRole(x *web.Exchange, in RolePatch) (Role, error) {
	role, err := x.Service.UpdateRole(x.Context(), x.Caller, x.PathID(), users.RolePatch{
		Name: in.Name, Description: in.Description.Optional, ParentID: in.ParentID.Optional, Found: x.Found,
	})
	return toRole(role), err
}

func assignPermissions(x *web.Exchange, in PermissionAssignment) (Role, error) {
	role, err := x.Service.AssignPermissions(x.Context(), x.Caller, x.PathID(), users.PermissionAssignment{
		PermissionIDs: in.PermissionIDs, Found: x.Found,
	})
	return toRole(role), err
}

func removePermission(x *web.Exchange) (Role, error) {
	role, err := x.Service.RemovePermission(x.Context(), x.Caller, x.PathID(), x.Request.PathValue("permission_id"))
	return toRole(role), err
}
