package authz

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// document is what a service declares.
type document struct {
	Service     string
	Permissions []struct{ Name, Description string }
	Roles       []struct {
		Name, Description, Parent string
		Permissions               []string
	}
	Prune bool
}

func (c call) document() document {
	var d document
	encoded, err := json.Marshal(c.body)
	if err == nil {
		err = json.Unmarshal(encoded, &d)
	}
	if err != nil {
		panic(err)
	}
	return d
}

// site is where a declaration is carried out on the model, by the judges of the ordinary operations.
type site struct {
	*judgement
	document
	at      state    // by now
	changes []string // as answers name them
	orphans []string
	refused []verdict // of single steps
	inUse   bool      // a role that prune deletes
}

// planDeclaration: whether the caller may make the changes is not asked. "A role in use that prune would delete is 409".
func planDeclaration(j *judgement) {
	if s := carryOut(j); s.inUse {
		j.conflict("a role that prune deletes is in use")
	}
}

// applyDeclaration: "All of it or nothing", and "for each change what the operation that makes it alone needs".
// Where several steps are refused, the contract does not say which one is told of.
func applyDeclaration(j *judgement) {
	s := carryOut(j)
	if len(j.faults) > 0 {
		return
	}
	j.next = s.at
	for _, v := range s.refused {
		j.or = append(j.or, v.status)
	}
	switch {
	case slices.Contains(j.or, 403):
		j.forbid("a step is forbidden")
	case len(j.or) > 0:
		j.conflict("a step is refused")
	}
	if len(j.conflicts) > 0 {
		j.or = append(j.or, 409)
	}
}

// carryOut notes what stands against the declaration itself, and goes through all of its steps, allowed or not.
func carryOut(j *judgement) *site {
	s := &site{judgement: j, document: j.document(), at: j.state}
	if s.refer(); len(j.faults) > 0 {
		return s
	}
	if s.ownership(); len(j.conflicts) > 0 {
		return s
	}
	order := s.parentsFirst()
	if len(j.conflicts) > 0 {
		return s
	}
	s.permissions()
	for _, i := range order {
		s.role(i)
	}
	s.extras()
	return s
}

// step makes one change by the judge of the operation, which may refuse it.
func (s *site) step(judge func(*judgement), c call) {
	sub := &judgement{state: s.at, next: s.at.clone(), who: s.who, own: s.own, call: c}
	if need := routes[c.op].needs; !slices.Contains(s.at.names(s.at.holds(s.own)), need) {
		sub.forbid("the step needs " + need)
	}
	judge(sub)
	s.inUse = s.inUse || c.op == "deleteRole" && len(sub.conflicts) > 0
	if v := sub.verdict(routes[c.op]); v.status >= 300 {
		s.refused = append(s.refused, v)
	}
	s.at = sub.next
}

func (s *site) tell(words ...string) { s.changes = append(s.changes, strings.Join(words, " ")) }

func (s *site) permissions() {
	for i, d := range s.Permissions {
		id := s.at.permissionNamed(d.Name)
		described := body{"description": nil}
		if d.Description != "" {
			described["description"] = d.Description
		}
		switch held := s.at.Permissions[id]; {
		case id == "":
			id = fmt.Sprintf("%s.p%d", s.created(), i)
			described["name"] = d.Name
			s.tell("create permission", d.Name)
			s.step(createPermission, call{op: "createPermission", as: id, body: described})
		case held.Owner == "" || held.Description != d.Description:
			if held.Owner == "" && !s.at.holds(s.own)[id] {
				s.refused = append(s.refused, verdict{status: 403}) // "the caller must hold it"
			}
			s.tell("change permission", d.Name)
			s.step(updatePermission, call{op: "updatePermission", target: id, body: described})
		}
		if p, ok := s.at.Permissions[id]; ok && p.Owner != s.Service {
			p.Owner = s.Service
			s.at = s.at.clone()
			s.at.Permissions[id] = p
		}
	}
}

func (s *site) role(i int) {
	d := s.Roles[i]
	id, parent := s.at.roleNamed(d.Name), s.at.roleNamed(d.Parent)
	b := body{"name": d.Name, "description": nil, "parent_id": nil}
	if d.Description != "" {
		b["description"] = d.Description
	}
	if parent != "" {
		b["parent_id"] = parent
	}
	var ids []string
	for _, name := range d.Permissions {
		ids = append(ids, s.at.permissionNamed(name))
	}
	switch held := s.at.Roles[id]; {
	case id == "":
		id = fmt.Sprintf("%s.r%d", s.created(), i)
		b["permission_ids"] = ids
		s.tell("create role", d.Name)
		for _, name := range d.Permissions {
			s.tell("assign assignment", d.Name, name)
		}
		s.step(createRole, call{op: "createRole", as: id, body: b})
	default:
		if held.Owner == "" || held.Name != d.Name || held.Description != d.Description || held.Parent != parent {
			s.tell("change role", d.Name)
			s.step(updateRole, call{op: "updateRole", target: id, body: b})
		}
		var missing []string
		for n, p := range ids {
			if !held.Own[p] {
				missing = append(missing, p)
				s.tell("assign assignment", d.Name, d.Permissions[n])
			}
		}
		if len(missing) > 0 {
			s.step(assignPermissions, call{op: "assignPermissions", target: id, body: body{"permission_ids": missing}})
		}
	}
	if r, ok := s.at.Roles[id]; ok && r.Owner != s.Service {
		r.Owner = s.Service
		s.at = s.at.clone()
		s.at.Roles[id] = r
	}
}

// extras are what the service owns and does not declare, and what declared roles hold beyond what is declared. With
// prune they go, heirs before their parents.
func (s *site) extras() {
	take := func(line string, judge func(*judgement), c call) {
		if !s.Prune {
			s.orphans = append(s.orphans, line)
			return
		}
		action := "delete "
		if c.op == "removePermission" {
			action = "unassign "
		}
		s.tell(action + line)
		s.step(judge, c)
	}
	for _, d := range s.Roles {
		id := s.at.roleNamed(d.Name)
		for _, p := range s.at.Roles[id].Own.sorted() {
			if name := s.at.Permissions[p].Name; !slices.Contains(d.Permissions, name) {
				take("assignment "+d.Name+" "+name, removePermission, call{op: "removePermission", target: id, second: p})
			}
		}
	}
	roles := slices.DeleteFunc(keys(s.at.Roles), func(id string) bool {
		return s.at.Roles[id].Owner != s.Service || s.declaresRole(s.at.Roles[id].Name)
	})
	slices.SortStableFunc(roles, func(a, b string) int { return len(s.at.chain(b)) - len(s.at.chain(a)) })
	for _, id := range roles {
		take("role "+s.at.Roles[id].Name, deleteRole, call{op: "deleteRole", target: id})
	}
	for _, id := range keys(s.at.Permissions) {
		if p := s.at.Permissions[id]; p.Owner == s.Service && !s.declaresPermission(p.Name) {
			take("permission "+p.Name, deletePermission, call{op: "deletePermission", target: id})
		}
	}
}
