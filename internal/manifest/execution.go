package manifest

import (
	"context"
	"errors"

	users "github.com/svc-users/svc-users"
)

// step is one call of an ordinary method.
type step struct {
	do    stepFunc
	about PlannedChange
	makes users.Limits
}

type stepFunc func(ctx context.Context, x *execution) error

// execution carries out a plan: a Service whose transactions are all the one of the plan, and the ids of
// what there is by now. Each call decides anew what the caller may do.
type execution struct {
	*users.Service
	caller     users.Caller
	permission map[users.PermissionName]users.ID
	role       map[string]users.ID // by users.RoleName.Key
}

func newExecution(s *users.Service, c users.Caller, g *users.Graph) *execution {
	x := &execution{Service: s, caller: c, permission: map[users.PermissionName]users.ID{}, role: map[string]users.ID{}}
	for p := range g.Permissions() {
		x.permission[p.Name] = p.ID
	}
	for r := range g.Roles() {
		x.role[r.Name.Key()] = r.ID
	}
	return x
}

func (x *execution) run(ctx context.Context, steps []step) error {
	for _, step := range steps {
		if err := step.do(ctx, x); err != nil {
			return named(err, step.about.Kind, step.about.Name)
		}
	}
	return nil
}

// ids spells the ids of permissions as a request does.
func (x *execution) ids(names []users.PermissionName) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = x.permission[name].String()
	}
	return list
}

// parent spells the id of a role's parent; nil where it has none.
func (x *execution) parent(d declaredRole) *string {
	if d.parent == "" {
		return nil
	}
	return new(x.role[d.parent.Key()].String())
}

func createPermission(owner users.ServiceName, d declaredPermission) stepFunc {
	return func(ctx context.Context, x *execution) error {
		made, err := x.CreatePermission(ctx, x.caller, users.NewPermission{Name: string(d.name), Description: d.description, Owner: owner})
		x.permission[d.name] = made.ID
		return err
	}
}

func changePermission(owner users.ServiceName, id users.ID, d declaredPermission) stepFunc {
	return func(ctx context.Context, x *execution) error {
		_, err := x.UpdatePermission(ctx, x.caller, id.String(), users.PermissionPatch{
			Description: users.Optional[*string]{Set: true, To: d.description}, Owner: owner,
		})
		return err
	}
}

func createRole(owner users.ServiceName, d declaredRole) stepFunc {
	return func(ctx context.Context, x *execution) error {
		made, err := x.CreateRole(ctx, x.caller, users.NewRole{
			Name: string(d.name), Description: d.description, ParentID: x.parent(d), PermissionIDs: x.ids(d.permissions), Owner: owner,
		})
		x.role[d.name.Key()] = made.ID
		return inDocument(err, d)
	}
}

func changeRole(owner users.ServiceName, id users.ID, d declaredRole) stepFunc {
	return func(ctx context.Context, x *execution) error {
		_, err := x.UpdateRole(ctx, x.caller, id.String(), users.RolePatch{
			Name: new(string(d.name)), Description: users.Optional[*string]{Set: true, To: d.description},
			ParentID: users.Optional[*string]{Set: true, To: x.parent(d)}, Owner: owner,
		})
		return inDocument(err, d)
	}
}

// inDocument names a fault by where the document has what it is about. Names and references have been looked at
// before; a chain may still be too long on the way to one that is not, because roles are moved one by one.
func inDocument(err error, d declaredRole) error {
	var refused *users.Error
	if !errors.As(err, &refused) {
		return err
	}
	for _, f := range refused.Faults {
		if f.Field == "parent_id" {
			return users.Faults{{Field: d.path + ".parent", Problem: f.Problem}}.Err()
		}
	}
	return err
}

func assign(id users.ID, missing []users.PermissionName) stepFunc {
	return func(ctx context.Context, x *execution) error {
		_, err := x.AssignPermissions(ctx, x.caller, id.String(), users.PermissionAssignment{PermissionIDs: x.ids(missing)})
		return err
	}
}

func unassign(role, permission users.ID) stepFunc {
	return func(ctx context.Context, x *execution) error {
		_, err := x.RemovePermission(ctx, x.caller, role.String(), permission.String())
		return err
	}
}

func deleteRole(id users.ID) stepFunc {
	return func(ctx context.Context, x *execution) error { return x.DeleteRole(ctx, x.caller, id.String()) }
}

func deletePermission(id users.ID) stepFunc {
	return func(ctx context.Context, x *execution) error { return x.DeletePermission(ctx, x.caller, id.String()) }
}
