package users

import "context"

// RoleTree is a role's place in the hierarchy.
type RoleTree struct {
	Branch
	InheritsFrom []Role // nearest first
}

// Branch is a role with all that inherit from it.
type Branch struct {
	Role     Role
	Assigned []Permission // to this very role, sorted by name
	Children []Branch     // in the order of their creation
}

// RoleTree needs roles:read. ErrNotFound for an id that is unknown or none.
func (s *Service) RoleTree(ctx context.Context, c Caller, id string) (RoleTree, error) {
	c, err := s.AuthorizeRead(ctx, c, RolesRead)
	if err != nil {
		return RoleTree{}, err
	}
	role, err := c.graph.find(id)
	if err != nil {
		return RoleTree{}, err
	}
	n := c.graph.node(role.ID)
	tree := RoleTree{Branch: c.graph.branch(n, maxChain)}
	for _, above := range c.graph.chain(n)[1:] {
		tree.InheritsFrom = append(tree.InheritsFrom, above.Role)
	}
	return tree, nil
}

// branch ends after so many roles: a cycle, which only hand-made SQL could leave, has no end of its own.
func (g *Graph) branch(n *node, depth int) Branch {
	b := Branch{Role: n.Role, Assigned: g.Assigned(n.ID)}
	if depth > 1 {
		for _, child := range g.children(n) {
			b.Children = append(b.Children, g.branch(child, depth-1))
		}
	}
	return b
}
