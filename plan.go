package users

import "slices"

// Action is what a declaration would do to a thing.
type Action string

// The actions, in the words of the API.
const (
	ActionCreate   Action = "create"
	ActionChange   Action = "change"
	ActionAssign   Action = "assign"
	ActionUnassign Action = "unassign"
	ActionDelete   Action = "delete"
)

// Kind is what sort of thing a declaration is about.
type Kind string

// The kinds, in the words of the API. An assignment goes by the name of its role; its details are the name of
// the permission.
const (
	KindPermission Kind = "permission"
	KindRole       Kind = "role"
	KindAssignment Kind = "assignment"
)

// PlannedChange is one thing that a declaration changes.
type PlannedChange struct {
	Action  Action
	Kind    Kind
	Name    string
	Details string // may be empty
}

// Orphan is a thing that its owner no longer declares, and that prune would take away.
type Orphan struct {
	Kind    Kind
	Name    string
	Details string // may be empty
}

// Plan is the way from what there is to what a declaration says.
type Plan struct {
	Service  ServiceName
	Changes  []PlannedChange
	Orphaned []Orphan // none when they are pruned: then they are among the changes
	steps    []step
	// deletions are the roles among the changes that are deleted, in the order of the changes.
	deletions []roleDeletion
}

// planner compares a declaration with the graph. It reads nothing else and changes nothing, so a plan that is
// shown and one that is carried out cannot differ but by what happened in between.
type planner struct {
	declared
	skeleton Skeleton
	graph    *Graph
	byKey    map[string]*node // roles of the graph, by RoleName.Key
	declares struct {
		permission map[PermissionName]bool
		role       map[string]bool // by RoleName.Key
	}
	plan Plan
}

// plan compares. ErrInvalid for what is wrong with the declaration itself, references to nothing included;
// ErrConflict for what another owns, for what is the system's and for names that look alike.
func (k Skeleton) plan(g *Graph, in Declaration) (Plan, error) {
	faults := slices.Clone(in.Found)
	p := &planner{skeleton: k, graph: g, declared: in.read(&faults), byKey: make(map[string]*node, len(g.roles))}
	for _, n := range g.roles {
		p.byKey[n.Name.Key()] = n
	}
	p.declares.permission, p.declares.role = map[PermissionName]bool{}, map[string]bool{}
	for _, d := range p.permissions {
		p.declares.permission[d.name] = true
	}
	for _, d := range p.roles {
		p.declares.role[d.name.Key()] = true
	}
	p.refer(&faults)
	if err := faults.Err(); err != nil {
		return Plan{}, err
	}
	if err := p.ownership(); err != nil {
		return Plan{}, err
	}
	if err := p.lookalikes(); err != nil {
		return Plan{}, err
	}
	if err := p.hierarchy(); err != nil {
		return Plan{}, err
	}
	p.plan.Service = p.owner
	p.planPermissions()
	p.planRoles()
	p.planOrphans()
	return p.plan, nil
}
