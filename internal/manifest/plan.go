package manifest

import (
	"slices"

	users "github.com/svc-users/svc-users"
)

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
	KindPermission     Kind = "permission"
	KindRole           Kind = "role"
	KindAssignment     Kind = "assignment"
	KindAudience       Kind = "audience"
	KindServiceAccount Kind = "service_account"
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
	Service  users.ServiceName
	Changes  []PlannedChange
	Orphaned []Orphan // none when they are pruned: then they are among the changes
	steps    []step
	// deletions are the roles among the changes that are deleted, in the order of the changes.
	deletions []roleDeletion
}

// current is what a declaration is compared with: all roles and permissions, all audiences, and the service accounts that
// it is about.
type current struct {
	graph     *users.Graph
	audiences []users.Audience
	accounts  []users.ServiceAccount
}

// planner compares a declaration with what there is. It reads nothing else and changes nothing, so a plan that is
// shown and one that is carried out cannot differ but by what happened in between.
type planner struct {
	declared
	skeleton users.Skeleton
	current
	byKey    map[string]*users.Role // roles of the graph, by users.RoleName.Key
	byName   map[users.AccountName]users.ServiceAccount
	declares struct {
		permission map[users.PermissionName]bool
		role       map[string]bool // by users.RoleName.Key
	}
	leaves map[users.ID]int // how many service accounts lose a role, by its id
	plan   Plan
}

// makePlan compares. users.ErrInvalid for what is wrong with the declaration itself, references to nothing included;
// users.ErrConflict for what another owns, for what is the system's and for names that look alike.
func makePlan(k users.Skeleton, is current, in Declaration) (Plan, error) {
	faults := slices.Clone(in.Found)
	p := &planner{skeleton: k, current: is, declared: in.read(&faults), byKey: map[string]*users.Role{}}
	p.byName, p.leaves = map[users.AccountName]users.ServiceAccount{}, map[users.ID]int{}
	for _, a := range is.accounts {
		p.byName[a.Name] = a
	}
	for r := range p.graph.Roles() {
		p.byKey[r.Name.Key()] = &r
	}
	p.declares.permission, p.declares.role = map[users.PermissionName]bool{}, map[string]bool{}
	for _, d := range p.permissions {
		p.declares.permission[d.name] = true
	}
	for _, d := range p.roles {
		p.declares.role[d.name.Key()] = true
	}
	p.refer(&faults)
	p.referServices(&faults)
	if err := faults.Err(); err != nil {
		return Plan{}, err
	}
	if err := p.ownership(); err != nil {
		return Plan{}, err
	}
	if err := p.serviceOwnership(); err != nil {
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
	p.planServices()
	p.planServiceOrphans()
	p.planAudience()
	p.planOrphans()
	return p.plan, nil
}
