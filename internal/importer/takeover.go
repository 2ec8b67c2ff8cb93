package importer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	users "github.com/svc-users/svc-users"
)

// Old is what the FastAPI service that this one replaces has kept beside accounts.
type Old struct {
	// Organizations are the ids of the organizations that its accounts are of; none in its first release.
	Organizations []string
	Permissions   []OldPermission
	Roles         []OldRole
}

// OldPermission is a permission of that service.
type OldPermission struct {
	ID                   string
	Name                 string
	CreatedAt, UpdatedAt time.Time
}

// OldRole is a role of that service. One that is called Admin, in any case, becomes the system role.
type OldRole struct {
	ID                   string
	Name                 string
	Description          *string
	Permissions          []string // ids
	CreatedAt, UpdatedAt time.Time
}

// isAdmin reports whether a role becomes the system role.
func (r OldRole) isAdmin() bool { return users.RoleName(r.Name).Key() == users.AdminRole.Key() }

// Obstacles is the error of a takeover that can't begin: a sentence for each thing in the way, all of them.
type Obstacles []string

func (o Obstacles) Error() string {
	return fmt.Sprintf("nothing was taken over; in the way: %s", strings.Join(o, "; "))
}

// TakeOver takes over roles, permissions and assignments in one transaction, and then runs the import of the accounts, whose
// records name the roles. It needs permissions:create and roles:create too. What it has taken over before it leaves as it is.
// Obstacles, and the errors of Run.
func (im *Importer) TakeOver(ctx context.Context, c users.Caller, old Old, accounts iter.Seq2[Record, error], o Options, report func(Result) error) (Summary, error) {
	t := &takeover{im, c, old, nil}
	caller, err := im.current(ctx, c)
	if err == nil {
		err = t.obstacles(caller.Graph())
	}
	if err != nil {
		return Summary{}, err
	}
	r := im.newRun(c, o, report)
	if o.DryRun {
		r.planned = map[string]users.RoleName{}
		for _, role := range t.missing(caller.Graph()) {
			r.planned[users.RoleName(role.Name).Key()] = users.RoleName(role.Name)
			t.created = append(t.created, users.RoleName(role.Name))
		}
	} else if err := r.patiently(ctx, func() error { return t.takeRights(ctx) }); err != nil {
		return Summary{}, err
	}
	r.summary.Roles = t.created
	if err := t.nameRoles(ctx, &r.options); err != nil {
		return r.summary, err
	}
	return r.run(ctx, accounts)
}

// nameRoles lets the roles that were taken over be given, whatever they hold, under the names that they have here by now. The
// role Admin has to be allowed by the operator.
func (t *takeover) nameRoles(ctx context.Context, o *Options) error {
	caller, err := t.current(ctx, t.caller)
	if err != nil {
		return err
	}
	o.AllowedRoles, o.RoleNames = slices.Clone(o.AllowedRoles), maps.Clone(o.RoleNames)
	if o.RoleNames == nil {
		o.RoleNames = map[string]users.RoleName{}
	}
	for _, r := range t.old.Roles {
		if r.isAdmin() {
			continue
		}
		name := users.RoleName(r.Name)
		id, _ := parseSourceID(r.ID)
		if is, taken := caller.Graph().Role(id); taken {
			name = is.Name
		}
		o.AllowedRoles = append(o.AllowedRoles, name)
		if mapped, counts := o.roleName(r.Name); counts && mapped == r.Name {
			o.RoleNames[r.Name] = name
		}
	}
	return nil
}

// takeover is one of roles and permissions.
type takeover struct {
	*Importer
	caller  users.Caller
	old     Old
	created []users.RoleName
}

// obstacles returns Obstacles, or nil.
func (t *takeover) obstacles(g *users.Graph) error {
	var list Obstacles
	if n := len(t.old.Organizations); n > 1 {
		list = append(list, fmt.Sprintf("there are %d organizations (%s), and this service has none: every account with accounts:read would see those of all; run one service for each",
			n, strings.Join(t.old.Organizations[:min(n, 5)], ", ")))
	}
	for _, p := range t.old.Permissions {
		name, err := users.ParsePermissionName(p.Name)
		if err != nil {
			list = append(list, fmt.Sprintf("the permission %q %v; rename it there", p.Name, err))
		} else if problem, refused := asProblem(t.Service.Skeleton.CheckPermissionName(g, name)); refused {
			list = append(list, fmt.Sprintf("the permission %q: %s", p.Name, problem))
		}
	}
	list = append(list, t.roleObstacles(g)...)
	if len(list) == 0 {
		return nil
	}
	return list
}

func (t *takeover) roleObstacles(g *users.Graph) (list Obstacles) {
	looks := t.Service.Skeleton.RoleLooks(g, len(t.old.Roles))
	keys := map[string]string{}
	for _, r := range t.old.Roles {
		name, err := users.ParseRoleName(r.Name)
		if err != nil {
			list = append(list, fmt.Sprintf("the role %q %v; rename it there", r.Name, err))
			continue
		}
		if other, twice := keys[name.Key()]; twice {
			list = append(list, fmt.Sprintf("the roles %q and %q differ in case alone; make them one there", other, r.Name))
			continue
		}
		keys[name.Key()] = r.Name
		if r.isAdmin() {
			continue
		}
		id, _ := parseSourceID(r.ID)
		is, exists := g.RoleByName(name)
		switch {
		case exists && is.ID != id:
			list = append(list, fmt.Sprintf("this service has a role %q of its own; rename one of the two", is.Name))
		case !exists:
			if _, taken := g.Role(id); taken {
				continue // renamed since it was taken over
			}
			if problem, refused := asProblem(looks.Check(name)); refused {
				list = append(list, fmt.Sprintf("the role %q: %s", r.Name, problem))
			}
			looks.Add(name)
		}
	}
	return list
}

// missing are the roles that are not there.
func (t *takeover) missing(g *users.Graph) []OldRole {
	return slices.DeleteFunc(slices.Clone(t.old.Roles), func(r OldRole) bool {
		id, _ := parseSourceID(r.ID)
		_, there := g.Role(id)
		return r.isAdmin() || there
	})
}

// takeRights makes what is missing of roles and permissions, with what is assigned to the roles that it makes.
func (t *takeover) takeRights(ctx context.Context) error {
	return t.Service.Change(ctx, t.caller, users.AccountsCreate, func(change *users.Change) error {
		t.created = nil
		if err := t.obstacles(change.Caller.Graph()); err != nil {
			return err
		}
		missing := t.missing(change.Caller.Graph())
		if len(missing) == 0 && t.knowsAll(change.Caller.Graph()) {
			return nil
		}
		rules, ids := change.Service(), map[string]string{}
		for _, p := range t.old.Permissions {
			is, exists := change.Caller.Graph().PermissionByName(users.PermissionName(p.Name))
			if !exists {
				id, _ := parseSourceID(p.ID)
				if _, taken := change.Caller.Graph().Permission(id); taken {
					id = users.ID{}
				}
				var err error
				if is, err = rules.CreatePermission(ctx, t.caller, users.NewPermission{Name: p.Name, Kept: users.Kept{ID: id, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt}}); err != nil {
					return fmt.Errorf("the permission %q: %w", p.Name, err)
				}
			}
			ids[p.ID] = is.ID.String()
		}
		for _, r := range missing {
			if err := t.takeRole(ctx, rules, r, ids); err != nil {
				return fmt.Errorf("the role %q: %w", r.Name, err)
			}
		}
		change.Record(users.Event{Kind: users.AccountsImported, Target: users.Target{Kind: users.TargetSystem}})
		return nil
	})
}

func (t *takeover) knowsAll(g *users.Graph) bool {
	return !slices.ContainsFunc(t.old.Permissions, func(p OldPermission) bool {
		_, exists := g.PermissionByName(users.PermissionName(p.Name))
		return !exists
	})
}

var errNoPermission = errors.New("holds a permission that does not exist")

func (t *takeover) takeRole(ctx context.Context, rules *users.Service, r OldRole, ids map[string]string) error {
	id, _ := parseSourceID(r.ID)
	in := users.NewRole{Name: r.Name, Description: r.Description, Kept: users.Kept{ID: id, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt}}
	if in.Description != nil && *in.Description == "" {
		in.Description = nil
	}
	for _, p := range r.Permissions {
		made, ok := ids[p]
		if !ok {
			return errNoPermission
		}
		in.PermissionIDs = append(in.PermissionIDs, made)
	}
	if _, err := rules.CreateRole(ctx, t.caller, in); err != nil {
		return err
	}
	t.created = append(t.created, users.RoleName(r.Name))
	return nil
}
