package authz

import (
	"maps"
	"slices"
)

// The model is the state of the service as the contract speaks of it. Things go by names of the test's own
// ("a:mgr", "r:mgr", "p:x"), which the house translates to ids, so that cells are data and the same on every
// database.

type set map[string]bool

func setOf(list ...string) set {
	s := set{}
	for _, x := range list {
		s[x] = true
	}
	return s
}

// minus is what s has and other has not.
func (s set) minus(other set) set {
	rest := set{}
	for x := range s {
		if !other[x] {
			rest[x] = true
		}
	}
	return rest
}

func (s set) sorted() []string { return slices.Sorted(maps.Keys(s)) }

func keys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// The fields are written as JSON where a scenario is kept; what is empty is left out.

type account struct {
	Email    string `json:",omitempty"` // empty of a service account
	Name     string `json:",omitempty"` // of a service account
	About    string `json:",omitempty"` // the description of a service account; empty is null
	Owner    string `json:",omitempty"` // the account that owns a service account; empty is null
	Role     string `json:",omitempty"`
	Active   bool   `json:",omitempty"`
	Version  int64  `json:",omitempty"`
	Password string `json:",omitempty"`
	Sessions string `json:",omitempty"` // their names, sorted, with a space between
	Keys     string `json:",omitempty"` // the same of its API keys
}

type role struct {
	Name        string `json:",omitempty"`
	Description string `json:",omitempty"` // empty is null
	Parent      string `json:",omitempty"` // empty is null
	Own         set    `json:",omitempty"` // permissions assigned to this very role; not kept for Admin
	System      bool   `json:",omitempty"`
	Owner       string `json:",omitempty"` // the service that declares it; empty is none
}

type permission struct {
	Name        string `json:",omitempty"`
	Description string `json:",omitempty"` // empty is null
	Owner       string `json:",omitempty"` // as of a role
}

type state struct {
	Accounts    map[string]account
	Roles       map[string]role
	Permissions map[string]permission
	Now         int64 `json:"-"` // the time, in seconds since 1970
}

func (s state) clone() state {
	c := state{maps.Clone(s.Accounts), maps.Clone(s.Roles), maps.Clone(s.Permissions), s.Now}
	for id, r := range c.Roles {
		r.Own = maps.Clone(r.Own)
		c.Roles[id] = r
	}
	return c
}

// equal compares; cmp.Diff, which tells what differs, takes a hundred times as long.
func (s state) equal(other state) bool {
	return maps.Equal(s.Accounts, other.Accounts) && maps.Equal(s.Permissions, other.Permissions) &&
		maps.EqualFunc(s.Roles, other.Roles, func(a, b role) bool {
			return maps.Equal(a.Own, b.Own) && a.Name == b.Name && a.Description == b.Description && a.Parent == b.Parent && a.System == b.System && a.Owner == b.Owner
		})
}

// chain is the role and those it inherits from, nearest first; it ends where it would close in a circle.
func (s state) chain(id string) []string {
	var chain []string
	for id != "" && !slices.Contains(chain, id) {
		chain = append(chain, id)
		id = s.Roles[id].Parent
	}
	return chain
}

// assigned are the permissions of this very role: for Admin, all that exist.
func (s state) assigned(id string) set {
	if s.Roles[id].System {
		return setOf(slices.Collect(maps.Keys(s.Permissions))...)
	}
	return s.Roles[id].Own
}

// holds is all that a role holds.
func (s state) holds(id string) set {
	held := set{}
	for _, r := range s.chain(id) {
		maps.Copy(held, s.assigned(r))
	}
	return held
}

// more is what role a holds and role b does not: a holds more than b when it is not empty.
func (s state) more(a, b string) set { return s.holds(a).minus(s.holds(b)) }

// names turns permissions into their names, sorted.
func (s state) names(permissions set) []string {
	var list []string
	for p := range permissions {
		list = append(list, s.Permissions[p].Name)
	}
	slices.Sort(list)
	return list
}

// heirs counts the roles whose parent is id, holders the accounts whose role it is.
func (s state) heirs(id string) (n int) {
	for _, r := range s.Roles {
		if r.Parent == id {
			n++
		}
	}
	return n
}

func (s state) holders(id string) (n int) {
	for _, a := range s.Accounts {
		if a.Role == id {
			n++
		}
	}
	return n
}

// relation says how role target stands to role own, in the words of the table.
func (s state) relation(own, target string) string {
	switch more, less := len(s.more(target, own)) > 0, len(s.more(own, target)) > 0; {
	case s.Roles[target].System && own != target:
		return "Admin"
	case own == target:
		return "self"
	case more && less:
		return "incomparable"
	case more:
		return "stronger"
	case less:
		return "weaker"
	}
	return "equal"
}

// system reports whether a permission guards the API.
func system(name string) bool { return slices.Contains(systemNames(), name) }

// systemNames are all of them, as the contract has them: by resource and action, and ten of their own.
func systemNames() []string {
	list := []string{
		"tokens:introspect", "changes:read", "sessions:read", "sessions:delete", "keys:read", "keys:manage",
		"api-keys:read", "api-keys:delete", "accounts:impersonate", "throttles:read", "throttles:delete",
	}
	for _, resource := range []string{"accounts", "roles", "permissions", "service-accounts"} {
		for _, action := range []string{"create", "read", "update", "delete"} {
			list = append(list, resource+":"+action)
		}
	}
	return list
}
