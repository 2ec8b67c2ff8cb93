package users

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
)

// PlanDeclaration needs roles:read and permissions:read. It says what ApplyDeclaration would do, and changes
// nothing. ErrInvalid for what is wrong with the declaration; ErrConflict for what another service owns, for
// what is the system's, for roles that would inherit from themselves or from Admin, for a role in use that
// would be deleted, and for more than Limits allow.
func (s *Service) PlanDeclaration(ctx context.Context, c Caller, in Declaration) (Plan, error) {
	c, err := s.AuthorizeRead(ctx, c, RolesRead)
	if err != nil {
		return Plan{}, err
	}
	if err := c.Require(PermissionsRead); err != nil {
		return Plan{}, err
	}
	plan, err := s.Skeleton.plan(c.graph, in)
	if err != nil {
		return Plan{}, err
	}
	return plan, s.foretell(ctx, c.graph, plan)
}

// ApplyDeclaration makes the database agree with a declaration: all of it or nothing. It needs what
// PlanDeclaration does, and for each step what the ordinary method for it does, whose refusals are its own.
func (s *Service) ApplyDeclaration(ctx context.Context, c Caller, in Declaration) (Plan, error) {
	var done Plan
	err := s.Change(ctx, c, RolesRead, func(tx *Change) error {
		live := tx.Caller
		if err := live.Require(PermissionsRead); err != nil {
			return err
		}
		var err error
		if done, err = s.Skeleton.plan(live.graph, in); err != nil {
			return err
		}
		if err := done.checkLimits(live); err != nil {
			return err
		}
		run := &execution{Service: s.joinTx(tx), caller: c, permission: map[PermissionName]ID{}, role: map[string]ID{}}
		for _, p := range live.graph.permissions {
			run.permission[p.Name] = p.ID
		}
		for _, n := range live.graph.roles {
			run.role[n.Name.Key()] = n.ID
		}
		for _, step := range done.steps {
			if err := step.do(ctx, run); err != nil {
				return named(err, step.about.Kind, step.about.Name)
			}
		}
		if len(done.steps) > 0 {
			tx.Record(declarationApplied(done.Service))
		}
		return nil
	})
	return done, err
}

// maxChanges bounds the changes of one transaction, in which everybody else who changes something waits.
const maxChanges = 10_000

// checkLimits refuses, before anything is done, a plan with too many changes, and one that would be refused in the end: a long
// document whose last line is forbidden must not keep other changes waiting.
func (p Plan) checkLimits(c Caller) error {
	if n := len(p.Changes); n > maxChanges {
		return Faults{{"", "asks for " + strconv.Itoa(n) + " changes at once; at most 10000 are made, so bring it in pieces"}}.Err()
	}
	lacking := map[PermissionName]bool{}
	for _, step := range p.steps {
		if err := c.Require(step.about.needs()); err != nil {
			return err
		}
	}
	for _, change := range p.Changes {
		if name := PermissionName(change.Details); change.Action == ActionAssign && !c.May(name) && !c.admin() {
			lacking[name] = true
		}
	}
	return lackingNames("You can't grant what you do not hold: ", slices.Sorted(maps.Keys(lacking)))
}

// needs is the permission that a change takes.
func (c PlannedChange) needs() PermissionName {
	of := map[Kind]map[Action]PermissionName{
		KindPermission: {ActionCreate: PermissionsCreate, ActionChange: PermissionsUpdate, ActionDelete: PermissionsDelete},
		KindRole:       {ActionCreate: RolesCreate, ActionChange: RolesUpdate, ActionDelete: RolesDelete},
	}
	if p, ok := of[c.Kind][c.Action]; ok {
		return p
	}
	return RolesUpdate
}

// named adds the kind and the name to a conflict; the ordinary methods, which are about one thing, do not say them.
func named(err error, kind Kind, name string) error {
	var refused *Error
	if !errors.As(err, &refused) || !errors.Is(refused.Kind, ErrConflict) {
		return err
	}
	about := *refused
	about.Message = "The " + string(kind) + " " + name + ": " + refused.Message
	return &about
}

// step is one call of an ordinary method.
type step struct {
	do    stepFunc
	about PlannedChange
	makes Limits
}

type stepFunc func(ctx context.Context, x *execution) error

// execution carries out a plan: a Service whose transactions are all the one of the plan, and the ids of
// what there is by now. Each call decides anew what the caller may do.
type execution struct {
	*Service
	caller     Caller
	permission map[PermissionName]ID
	role       map[string]ID // by RoleName.Key
}

// ids spells the ids of permissions as a request does.
func (x *execution) ids(names []PermissionName) []string {
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
	return text(x.role[d.parent.Key()].String())
}

func createPermission(owner ServiceName, d declaredPermission) stepFunc {
	return func(ctx context.Context, x *execution) error {
		made, err := x.CreatePermission(ctx, x.caller, NewPermission{Name: string(d.name), Description: d.description, Owner: owner})
		x.permission[d.name] = made.ID
		return err
	}
}

func changePermission(owner ServiceName, id ID, d declaredPermission) stepFunc {
	return func(ctx context.Context, x *execution) error {
		_, err := x.UpdatePermission(ctx, x.caller, id.String(), PermissionPatch{
			Description: Optional[*string]{Set: true, To: d.description}, Owner: owner,
		})
		return err
	}
}

func createRole(owner ServiceName, d declaredRole) stepFunc {
	return func(ctx context.Context, x *execution) error {
		made, err := x.CreateRole(ctx, x.caller, NewRole{
			Name: string(d.name), Description: d.description, ParentID: x.parent(d), PermissionIDs: x.ids(d.permissions), Owner: owner,
		})
		x.role[d.name.Key()] = made.ID
		return inDocument(err, d)
	}
}

func changeRole(owner ServiceName, id ID, d declaredRole) stepFunc {
	return func(ctx context.Context, x *execution) error {
		_, err := x.UpdateRole(ctx, x.caller, id.String(), RolePatch{
			Name: text(string(d.name)), Description: Optional[*string]{Set: true, To: d.description},
			ParentID: Optional[*string]{Set: true, To: x.parent(d)}, Owner: owner,
		})
		return inDocument(err, d)
	}
}

// inDocument names a fault by where the document has what it is about. Names and references have been looked at
// before; a chain may still be too long on the way to one that is not, because roles are moved one by one.
func inDocument(err error, d declaredRole) error {
	var refused *Error
	if !errors.As(err, &refused) || !refused.Faults.Has("parent_id") {
		return err
	}
	return Faults{{d.path + ".parent", chainTooLong}}.Err()
}

func assign(id ID, missing []PermissionName) stepFunc {
	return func(ctx context.Context, x *execution) error {
		_, err := x.AssignPermissions(ctx, x.caller, id.String(), PermissionAssignment{PermissionIDs: x.ids(missing)})
		return err
	}
}

func unassign(role, permission ID) stepFunc {
	return func(ctx context.Context, x *execution) error {
		_, err := x.RemovePermission(ctx, x.caller, role.String(), permission.String())
		return err
	}
}

func deleteRole(id ID) stepFunc {
	return func(ctx context.Context, x *execution) error { return x.DeleteRole(ctx, x.caller, id.String()) }
}

func deletePermission(id ID) stepFunc {
	return func(ctx context.Context, x *execution) error { return x.DeletePermission(ctx, x.caller, id.String()) }
}
