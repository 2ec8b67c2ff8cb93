package users

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

const roleTaken = "A role with this name already exists."

// RoleDetail is a role with what it holds.
type RoleDetail struct {
	Role
	Assigned []Permission     // to this very role, sorted by name
	Held     []HeldPermission // all it holds; not filled in lists
	// PermissionsOmitted says that tokens of accounts with the role can lack their permissions: there is no room for them
	// beside the longest e-mail. Without it no such token lacks them. Not filled in lists.
	PermissionsOmitted bool
}

func (g *Graph) detail(id ID) RoleDetail {
	return RoleDetail{Role: g.node(id).Role, Assigned: g.Assigned(id), Held: g.HeldPermissions(id)}
}

// Role needs roles:read. ErrNotFound for an id that is unknown or none.
func (s *Service) Role(ctx context.Context, c Caller, id string) (RoleDetail, error) {
	c, err := s.AuthorizeRead(ctx, c, RolesRead)
	if err != nil {
		return RoleDetail{}, err
	}
	role, err := c.graph.find(id)
	if err != nil {
		return RoleDetail{}, err
	}
	return s.detail(c.graph, role.ID), nil
}

func (g *Graph) find(text string) (Role, error) {
	id, _ := ParseID(text)
	role, ok := g.Role(id)
	if !ok {
		return Role{}, notFound("Role")
	}
	return role, nil
}

// Roles needs roles:read. The query finds parts of names without regard to case.
func (s *Service) Roles(ctx context.Context, c Caller, query string, p Paging) (Page[RoleDetail], error) {
	c, err := s.AuthorizeRead(ctx, c, RolesRead)
	if err != nil {
		return Page[RoleDetail]{}, err
	}
	g := c.graph
	query = RoleQuery(query)
	var found []Role
	for _, n := range g.roles {
		if matches(n.Name.Key(), query) {
			found = append(found, n.Role)
		}
	}
	page := paginate(p, found, query != "", rolePosition)
	details := Page[RoleDetail]{Next: page.Next, Total: page.Total, Exact: page.Exact}
	for _, r := range page.Items {
		details.Items = append(details.Items, RoleDetail{Role: r, Assigned: g.Assigned(r.ID)})
	}
	return details, nil
}

// CreateRole needs roles:create, and all that the role will hold. ErrInvalid, ErrForbidden, ErrConflict for a
// name that is taken or looks like one that is, for Admin as the parent and for too many.
func (s *Service) CreateRole(ctx context.Context, c Caller, in NewRole) (RoleDetail, error) {
	var detail RoleDetail
	err := s.Change(ctx, c, RolesCreate, func(tx *Change) error {
		c, now := tx.Caller, tx.Now
		faults, kept := slices.Clone(in.Found), in.Kept.orNew(s, now)
		role := Role{
			ID: kept.ID, Name: faults.RoleName("name", in.Name),
			Description: faults.Description("description", in.Description), Owner: in.Owner,
			CreatedAt: kept.CreatedAt, UpdatedAt: kept.UpdatedAt,
		}
		if in.ParentID != nil {
			role.ParentID = faults.role(c.graph, "parent_id", *in.ParentID).ID
		}
		permissions := faults.permissions(c.graph, "permission_ids", in.PermissionIDs)
		after, err := c.placeRole(role, permissions, faults)
		if err != nil {
			return err
		}
		if err := after.CheckParent(role); err != nil {
			return err
		}
		if err := s.Skeleton.freeRoleName(c.graph, role); err != nil {
			return err
		}
		if err := s.Limits.MayMake(c.graph.Made(), Limits{Roles: 1, Assignments: distinct(permissions)}); err != nil {
			return err
		}
		if err := taken(tx.InsertRole(ctx, role), roleTaken); err != nil {
			return err
		}
		if err := tx.Assign(ctx, role.ID, permissions); err != nil {
			return err
		}
		if tx.Recording() {
			tx.Record(roleCreated(c.graph, role, permissions))
		}
		detail, err = s.detailAfter(ctx, tx, role.ID)
		return err
	})
	return detail, err
}

// UpdateRole needs roles:update, and all that a new parent newly grants. ErrInvalid, ErrNotFound,
// ErrForbidden, ErrConflict for a name that is taken or looks like one that is, a cycle, Admin as the parent and
// Admin's name.
func (s *Service) UpdateRole(ctx context.Context, c Caller, id string, in RolePatch) (RoleDetail, error) {
	var detail RoleDetail
	err := s.Change(ctx, c, RolesUpdate, func(tx *Change) error {
		c, now := tx.Caller, tx.Now
		before, missing := c.graph.find(id)
		after, changed, faults := in.apply(c.graph, before)
		if missing != nil {
			return cmp.Or(faults.Err(), missing)
		}
		graph, err := c.placeRole(after, nil, faults)
		if err != nil {
			return err
		}
		if before.System && after.Name != before.Name {
			return conflict("The role Admin can't be renamed.")
		}
		if err := graph.CheckParent(after); err != nil {
			return err
		}
		if after.Name != before.Name {
			if err := s.Skeleton.freeRoleName(c.graph, after); err != nil {
				return err
			}
		}
		if changed {
			after.UpdatedAt = now
			if err := taken(tx.UpdateRole(ctx, after), roleTaken); err != nil {
				return err
			}
			tx.Record(roleUpdated(c.graph, before, after))
		}
		detail, err = s.detailAfter(ctx, tx, after.ID)
		return err
	})
	return detail, err
}

// apply returns the role with the patch in it, whether anything differs, and what is wrong with the patch.
func (in RolePatch) apply(g *Graph, role Role) (Role, bool, Faults) {
	faults := slices.Clone(in.Found)
	changed := false
	// A name that stays is not judged anew: it may be of a time with other rules.
	if in.Name != nil && *in.Name != string(role.Name) {
		name := faults.RoleName("name", *in.Name)
		changed = changed || name != role.Name
		role.Name = name
	}
	if in.Description.Set {
		description := faults.Description("description", in.Description.To)
		changed = changed || !sameText(description, role.Description)
		role.Description = description
	}
	if in.ParentID.Set {
		parent := ID{}
		if in.ParentID.To != nil {
			parent = faults.role(g, "parent_id", *in.ParentID.To).ID
		}
		changed = changed || parent != role.ParentID
		role.ParentID = parent
	}
	if in.Owner != "" {
		changed = changed || in.Owner != role.Owner
		role.Owner = in.Owner
	}
	return role, changed, faults
}

// placeRole returns the graph as it will be with the role put in its place and the permissions added to it,
// once it is certain that faults is empty, that no chain grows too long, and that the caller may do this.
func (c Caller) placeRole(role Role, permissions []ID, faults Faults) (*Graph, error) {
	if err := faults.Err(); err != nil {
		return nil, err
	}
	after, concerned := c.graph.with(role, permissions)
	if after.cyclic(role) == nil {
		if err := after.CheckDepth(role.ID); err != nil {
			faults.Add("parent_id", err.Error())
			return nil, faults.Err()
		}
	}
	if c.graph.node(role.ID) != nil {
		if err := c.mayChangeRole(role.ID); err != nil {
			return nil, err
		}
	}
	return after, c.mayTurnInto(after, concerned)
}

// CheckParent is ErrConflict for a role of this graph that inherits from itself, however far up, or whose parent is Admin.
func (g *Graph) CheckParent(role Role) error {
	if g.admin != nil && role.ParentID == g.admin.ID {
		return conflict("No role can inherit from Admin.")
	}
	return g.cyclic(role)
}

// CheckDepth returns an error if a role of this graph that does not inherit from itself is part of a chain of more than 16
// roles. Its text is the problem of a Fault.
func (g *Graph) CheckDepth(role ID) error {
	if g.depth(role) > maxChain {
		return errChainTooLong
	}
	return nil
}

func (s *Service) detailAfter(ctx context.Context, tx Tx, id ID) (RoleDetail, error) {
	g, err := tx.Graph(ctx)
	if err != nil {
		return RoleDetail{}, err
	}
	if _, ok := g.Role(id); !ok {
		return RoleDetail{}, errors.New("a role just written is not there")
	}
	return s.detail(g, id), nil
}

func sameText(a, b *string) bool {
	return a == b || a != nil && b != nil && *a == *b
}
