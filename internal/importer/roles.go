package importer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	users "github.com/svc-users/svc-users"
)

// chooseRole finds the one role of a record by the names that the export has.
func (r *run) chooseRole(c *candidate) {
	var names []users.RoleName
	for _, there := range c.Roles {
		text, counts := r.options.roleName(there)
		if !counts {
			continue
		}
		name, err := users.ParseRoleName(text)
		if err != nil {
			c.Faults.Add("role", err.Error())
			return
		}
		if !slices.ContainsFunc(names, func(n users.RoleName) bool { return n.Key() == name.Key() }) {
			names = append(names, name)
		}
	}
	switch {
	case len(names) == 1:
		c.role = names[0]
	case len(names) > 1:
		c.Faults.Add("role", fmt.Sprintf("is one of an account, and there are %d here: %s; --role-map NAME= leaves one out", len(names), joinNames(names)))
	case r.options.DefaultRole == "":
		c.Faults.Add("role", "is missing; --role names the one of accounts without")
	default:
		c.role = r.options.DefaultRole
	}
}

// joinNames keeps a sentence readable.
func joinNames(names []users.RoleName) string {
	const most = 5
	var list []string
	for _, n := range names[:min(len(names), most)] {
		list = append(list, string(n))
	}
	if len(names) > most {
		list = append(list, "…")
	}
	return strings.Join(list, ", ")
}

// roles finds roles by their names in the graph of a transaction, or of a dry run.
type roles struct {
	*run
	tx    *users.Change // nil in a dry run
	graph *users.Graph
	found map[string]foundRole
	made  []users.RoleName
}

// foundRole is a role, or why it can't be given.
type foundRole struct {
	role    users.Role
	problem string
}

// find returns the role of a name, creating it if that is wanted. The error is one that ends the import.
func (f *roles) find(ctx context.Context, name users.RoleName) (foundRole, error) {
	if found, ok := f.found[name.Key()]; ok {
		return found, nil
	}
	found, err := f.look(ctx, name)
	if err != nil {
		return foundRole{}, err
	}
	f.found[name.Key()] = found
	return found, nil
}

func (f *roles) look(ctx context.Context, name users.RoleName) (foundRole, error) {
	if role, exists := f.graph.RoleByName(name); exists {
		return foundRole{role, f.whyNotGiven(role)}, nil
	}
	if planned, ok := f.planned[name.Key()]; ok {
		return foundRole{role: users.Role{Name: planned}}, nil
	}
	if !f.options.CreateRoles {
		return foundRole{problem: "does not exist: " + string(name) + "; --create-roles creates it"}, nil
	}
	if f.tx == nil {
		return f.plan(name)
	}
	made, err := f.tx.Service().CreateRole(ctx, f.caller, users.NewRole{Name: string(name)})
	if problem, refused := asProblem(err); refused {
		return foundRole{problem: "can't be created: " + problem}, nil
	}
	if err != nil {
		return foundRole{}, err
	}
	f.made = append(f.made, name)
	return foundRole{role: made.Role}, nil
}

// plan says what would come of creating a role.
func (f *roles) plan(name users.RoleName) (foundRole, error) {
	looks := f.Service.Skeleton.RoleLooks(f.graph, len(f.planned))
	for _, planned := range f.planned {
		looks.Add(planned)
	}
	if problem, refused := asProblem(looks.Check(name)); refused {
		return foundRole{problem: "can't be created: " + problem}, nil
	}
	made := f.graph.Made()
	made.Roles += len(f.planned)
	if problem, refused := asProblem(f.Service.Limits.MayMake(made, users.Limits{Roles: 1})); refused {
		return foundRole{problem: "can't be created: " + problem}, nil
	}
	f.made = append(f.made, name)
	if f.planned == nil {
		f.run.planned = map[string]users.RoleName{}
	}
	f.run.planned[name.Key()] = name
	return foundRole{role: users.Role{Name: name}}, nil
}

// whyNotGiven is the problem of a role with permissions of this service itself that the options do not allow.
func (f *roles) whyNotGiven(role users.Role) string {
	if f.options.allows(role.Name) {
		return ""
	}
	if role.System {
		return "is that of administrators; --allow-role Admin lets the import give it"
	}
	for _, p := range f.graph.Effective(role.ID) {
		if p.System() {
			return fmt.Sprintf("holds permissions of this service itself, such as %s; --allow-role %q lets the import give it", p, role.Name)
		}
	}
	return ""
}

// asProblem returns the sentence of a refusal that concerns one thing and need not end the import.
func asProblem(err error) (string, bool) {
	var refused *users.Error
	if !errors.As(err, &refused) {
		return "", false
	}
	switch {
	case errors.Is(refused.Kind, users.ErrInvalid) && len(refused.Faults) > 0:
		return refused.Faults[0].Field + " " + refused.Faults[0].Problem, true
	case errors.Is(refused.Kind, users.ErrInvalid), errors.Is(refused.Kind, users.ErrConflict):
		return refused.Message, true
	}
	return "", false
}
