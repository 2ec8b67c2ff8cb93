package api

import (
	"net/http"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// RoleTree is a role's place in the hierarchy.
type RoleTree struct {
	ID           string       `json:"id" format:"uuid"`
	Name         string       `json:"name"`
	InheritsFrom []RoleNaming `json:"inherits_from" nullable:"false" doc:"Nearest first"`
	Permissions  []string     `json:"permissions" nullable:"false" doc:"Names of those assigned to this very role, sorted"`
	Children     []RoleBranch `json:"children" nullable:"false" doc:"Roles that inherit from this one"`
}

// RoleBranch is a role with all that inherit from it.
type RoleBranch struct {
	ID          string       `json:"id" format:"uuid"`
	Name        string       `json:"name"`
	Permissions []string     `json:"permissions" nullable:"false" doc:"Names of those assigned to this very role, sorted"`
	Children    []RoleBranch `json:"children" nullable:"false"`
}

// RoleNaming is a role by its id and name.
type RoleNaming struct {
	ID   string `json:"id" format:"uuid"`
	Name string `json:"name"`
}

func treeRoutes() []web.Route {
	return []web.Route{web.Get(web.Route{
		Method: http.MethodGet, Path: "/api/v1/roles/{id}/tree", Auth: web.AuthBearerOrKey, Permission: users.RolesRead,
		Name: "getRoleTree", Tag: "Roles", Summary: "Read a role's place in the hierarchy",
		Description: "What the role inherits from, nearest first, and all that inherits from it, each with the permissions assigned to the very role.",
		Message:     "Role hierarchy retrieved successfully",
		Example: RoleTree{
			ID: web.ExampleRoleID, Name: "Auditor", InheritsFrom: []RoleNaming{}, Permissions: []string{"reports:read"},
			Children: []RoleBranch{{ID: exampleHeirID, Name: "Lead", Permissions: []string{}, Children: []RoleBranch{}}},
		},
	}, getRoleTree)}
}

func getRoleTree(x *web.Exchange) (RoleTree, error) {
	t, err := x.Service.RoleTree(x.Context(), x.Caller, x.PathID())
	if err != nil {
		return RoleTree{}, err
	}
	b := toBranch(t.Branch)
	return RoleTree{
		ID: b.ID, Name: b.Name, Permissions: b.Permissions, Children: b.Children,
		InheritsFrom: web.MapSlice(t.InheritsFrom, func(r users.Role) RoleNaming { return RoleNaming{r.ID.String(), string(r.Name)} }),
	}, nil
}

func toBranch(b users.Branch) RoleBranch {
	return RoleBranch{
		ID: b.Role.ID.String(), Name: string(b.Role.Name), Children: web.MapSlice(b.Children, toBranch),
		Permissions: web.MapSlice(b.Assigned, func(p users.Permission) string { return string(p.Name) }),
	}
}
