package httpapi

import (
	"net/http"

	"github.com/svc-users/svc-users"
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

func (a *api) treeRoutes() []route {
	return []route{asking(route{
		method: http.MethodGet, path: "/api/v1/roles/{id}/tree", permission: users.RolesRead,
		name: "getRoleTree", tag: "Roles", summary: "Read a role's place in the hierarchy",
		description: "What the role inherits from, nearest first, and all that inherits from it, each with the permissions assigned to the very role.",
		message:     "Role hierarchy retrieved successfully",
		example: RoleTree{
			ID: exampleRoleID, Name: "Auditor", InheritsFrom: []RoleNaming{}, Permissions: []string{"reports:read"},
			Children: []RoleBranch{{ID: exampleHeirID, Name: "Lead", Permissions: []string{}, Children: []RoleBranch{}}},
		},
	}, a.roleTree)}
}

func (a *api) roleTree(x *exchange) (RoleTree, error) {
	t, err := a.Service.RoleTree(x.ctx, x.caller, x.pathID())
	if err != nil {
		return RoleTree{}, err
	}
	b := branchOf(t.Branch)
	return RoleTree{
		ID: b.ID, Name: b.Name, Permissions: b.Permissions, Children: b.Children,
		InheritsFrom: each(t.InheritsFrom, func(r users.Role) RoleNaming { return RoleNaming{r.ID.String(), string(r.Name)} }),
	}, nil
}

func branchOf(b users.Branch) RoleBranch {
	return RoleBranch{
		ID: b.Role.ID.String(), Name: string(b.Role.Name), Children: each(b.Children, branchOf),
		Permissions: each(b.Assigned, func(p users.Permission) string { return string(p.Name) }),
	}
}
