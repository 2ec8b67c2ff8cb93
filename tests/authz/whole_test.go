package authz

import (
	"fmt"
	"strings"
	"testing"
)

// The table must not shrink, or miss a relation, without anybody noticing.
func TestTableIsWhole(t *testing.T) {
	t.Parallel()
	total, seen := 0, map[string]map[string]int{}
	for _, table := range tables() {
		titles := set{}
		for _, c := range table.cells {
			title := table.world.title(c)
			if titles[title] {
				t.Errorf("%s has two cells %q", table.name, title)
			}
			titles[title] = true
			if seen[c.call.op] == nil {
				seen[c.call.op] = map[string]int{}
			}
			seen[c.call.op][table.world.standing(c)]++
			seen[c.call.op][fmt.Sprint(c.judge(table.world).status)]++
		}
		total += len(table.cells)
	}
	t.Logf("%d cells, each on %d engines", total, len(engines))
	if total < 2000 {
		t.Errorf("the table has only %d cells", total)
	}
	for _, need := range []struct{ ops, standings string }{
		{"getAccount updateAccount deleteAccount impersonateAccount", "self weaker equal stronger incomparable Admin unknown malformed 200 401 403 404"},
		{"getRole updateRole deleteRole assignPermissions removePermission", "self weaker equal stronger incomparable Admin unknown malformed 200 401 403 404"},
		{"listSessions endSession endSessions", "self weaker equal stronger incomparable Admin unknown malformed 200 401 403 404"},
		{"listAPIKeys endAPIKey endAPIKeys", "self weaker equal stronger incomparable Admin unknown malformed 200 401 403 404"},
		{"getOwnAPIKey rotateAPIKey endOwnAPIKey", "own another's unknown malformed 401 404"},
		{"createAPIKey", "201 401 403"},
		{"endOwnSession", "own another's unknown malformed 200 401 404"},
		{"refresh", "200 401"},
		{"logout", "200 409"},
		{"impersonateAccount", "409"},
		{"updateAccount updateRole", "409 422"},
		{"createAccount createRole", "201 401 403 409 422"},
		{"getPermission updatePermission deletePermission", "held lacking unknown malformed 200 401 403 404"},
		{"deleteRole updateRole removePermission updatePermission deletePermission createPermission", "409"},
	} {
		for _, op := range strings.Fields(need.ops) {
			for _, standing := range strings.Fields(need.standings) {
				if seen[op][standing] == 0 {
					t.Errorf("no cell of %s is %s", op, standing)
				}
			}
		}
	}
	for op := range routes {
		if seen[op] == nil {
			t.Errorf("no cell is about %s", op)
		}
	}
}

// title says a cell in words.
func (s state) title(c cell) string {
	title := describe(c.call) + " by " + strings.TrimPrefix(c.who.account, "a:")
	if a, ok := s.Accounts[c.who.account]; ok && a.Version != c.who.version {
		title += fmt.Sprintf(" (version %d)", c.who.version)
	}
	if c.lies {
		title += " (whose token lies)"
	}
	if c.key != "" {
		title += " (with a key for " + c.key + ")"
	}
	if c.call.target != "" {
		title += " on " + s.standing(c) + " " + c.call.target
	}
	return title
}

// standing is the relation of caller and target.
func (s state) standing(c cell) string {
	own := s.Accounts[c.who.account].Role
	target := c.call.target
	if a, ok := s.Accounts[target]; ok {
		if target != c.who.account && a.Role == own {
			return "equal"
		}
		return s.relation(own, a.Role)
	}
	if _, ok := s.Roles[target]; ok {
		return s.relation(own, target)
	}
	if _, ok := s.Permissions[target]; ok {
		if s.holds(own)[target] {
			return "held"
		}
		return "lacking"
	}
	if of := s.ofSession(target) + s.ofKey(target); of != "" {
		if of == c.who.account {
			return "own"
		}
		return "another's"
	}
	switch target {
	case "":
		return "no target"
	case unknownID:
		return "unknown"
	}
	return "malformed"
}
