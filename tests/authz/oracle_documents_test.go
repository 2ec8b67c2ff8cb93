package authz

import (
	"fmt"
	"slices"
	"strings"
)

func (s state) permissionNamed(name string) string {
	for id, p := range s.Permissions {
		if p.Name == name {
			return id
		}
	}
	return ""
}

func (s state) roleNamed(name string) string {
	for id, r := range s.Roles {
		if strings.EqualFold(r.Name, name) {
			return id
		}
	}
	return ""
}

func (d document) declaresPermission(name string) bool {
	for _, p := range d.Permissions {
		if p.Name == name {
			return true
		}
	}
	return false
}

func (d document) declaresRole(name string) bool {
	for _, r := range d.Roles {
		if strings.EqualFold(r.Name, name) {
			return true
		}
	}
	return false
}

// refer: names that come twice, and references to nothing or to what prune would take away, are faults.
func (s *site) refer() {
	seen := set{}
	once := func(key, field string) {
		if seen[key] {
			s.fault(field)
		}
		seen[key] = true
	}
	for i, p := range s.Permissions {
		once("p:"+p.Name, fmt.Sprintf("permissions.%d.name", i))
	}
	for i, r := range s.Roles {
		once("r:"+strings.ToLower(r.Name), fmt.Sprintf("roles.%d.name", i))
		if r.Parent != "" && !s.declaresRole(r.Parent) {
			if id := s.at.roleNamed(r.Parent); id == "" || s.Prune && s.at.Roles[id].Owner == s.Service {
				s.fault(fmt.Sprintf("roles.%d.parent", i))
			}
		}
		held := set{}
		for k, name := range r.Permissions {
			id := s.at.permissionNamed(name)
			missing := !s.declaresPermission(name) && (id == "" || s.Prune && s.at.Permissions[id].Owner == s.Service)
			if missing || held[name] {
				s.fault(fmt.Sprintf("roles.%d.permissions.%d", i, k))
			}
			held[name] = true
		}
	}
}

// ownership: what another service owns, system permissions and the role Admin are conflicts.
func (s *site) ownership() {
	for _, p := range s.Permissions {
		owner := s.at.Permissions[s.at.permissionNamed(p.Name)].Owner
		if system(p.Name) || owner != "" && owner != s.Service {
			s.conflict("the permission " + p.Name)
		}
	}
	for _, r := range s.Roles {
		held := s.at.Roles[s.at.roleNamed(r.Name)]
		if held.System || held.Owner != "" && held.Owner != s.Service {
			s.conflict("the role " + r.Name)
		}
	}
}

// parentsFirst orders the declared roles so that parents come before their heirs. A circle is a conflict, and so is
// to inherit from Admin. Circles go through declared roles alone, unless there is one already.
func (s *site) parentsFirst() []int {
	parent := map[string]string{} // by names in lower case
	for _, r := range s.at.Roles {
		if s.Prune && r.Owner == s.Service && !s.declaresRole(r.Name) {
			continue
		}
		parent[strings.ToLower(r.Name)] = strings.ToLower(s.at.Roles[r.Parent].Name)
	}
	for _, r := range s.Roles {
		parent[strings.ToLower(r.Name)] = strings.ToLower(r.Parent)
	}
	depth := func(name string) int {
		n := 0
		for name = strings.ToLower(name); name != "" && n <= len(parent); name = parent[name] {
			n++
		}
		return n
	}
	order := make([]int, len(s.Roles))
	for i, r := range s.Roles {
		order[i] = i
		if depth(r.Name) > len(parent) {
			s.conflict(r.Name + " would inherit from itself")
		}
		if strings.EqualFold(r.Parent, "admin") {
			s.conflict(r.Name + " would inherit from Admin")
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return depth(s.Roles[a].Name) - depth(s.Roles[b].Name) })
	return order
}
