package authz

import "strings"

// rank is a row of the world: a role, and the one account that has it unless the row says otherwise.
type rank struct {
	name   string
	parent string
	own    []string // names of permissions
	alone  bool     // no account has it
}

// things are permissions that guard nothing of the API.
var things = []string{"docs:x", "docs:y", "docs:z"}

// ranks are the roles around "mgr", the caller in the middle: he is allowed every operation and holds docs:x.
// What is weaker, equal, stronger or incomparable follows from the sets, by loops of the model.
func ranks(family string) []rank {
	every := append(systemNames(), things...)
	manager := append(systemNames(), "docs:x")
	list := []rank{
		{name: "all", own: every}, // everything there is, and yet not Admin
		{name: "allkid", parent: "all"},
		{name: "mgr", own: manager},
		{name: "mgrkid", parent: "mgr"},
		{name: "mgrXY", parent: "mgr", own: []string{"docs:y"}},
		{name: "mgrY", own: append(systemNames(), "docs:y")},
		{name: "x", own: []string{"docs:x"}},
		{name: "y", own: []string{"docs:y"}},
		{name: "none"},
		{name: "freeNone", alone: true},
		{name: "freeX", own: []string{"docs:x"}, alone: true},
		{name: "freeY", own: []string{"docs:y"}, alone: true},
		{name: "freeMgr", own: manager, alone: true},
		{name: "freeAll", own: every, alone: true},
		{name: "branch", own: []string{"docs:x"}, alone: true},
		{name: "twig", parent: "branch", own: []string{"accounts:read"}, alone: true},
		{name: "leaf", parent: "twig", own: []string{"docs:z"}, alone: true},
	}
	for _, q := range systemNames() {
		if !strings.HasPrefix(q, family) {
			continue
		}
		but := []string{"docs:x"}
		for _, p := range systemNames() {
			if p != q {
				but = append(but, p)
			}
		}
		list = append(list, rank{name: "only " + q, own: []string{q}}, rank{name: "but " + q, own: but})
	}
	return list
}

// password is everybody's in these worlds.
const password = "every-body-s-secret"

// build makes a state of rows. Tokens are of version 3, so that there are older ones.
func build(permissions []string, rows []rank) state {
	s := state{map[string]account{}, map[string]role{}, map[string]permission{}, 0}
	for _, name := range append(systemNames(), permissions...) {
		s.Permissions["p:"+name] = permission{Name: name}
	}
	s.Roles[admin] = role{Name: "Admin", System: true}
	s.Accounts[root] = account{Email: rootEmail, Role: admin, Active: true, Version: 3, Password: password}
	for _, row := range rows {
		own := set{}
		for _, p := range row.own {
			own["p:"+p] = true
		}
		r := role{Name: "Role " + row.name, Description: "as it was", Own: own}
		if row.parent != "" {
			r.Parent = "r:" + row.parent
		}
		s.Roles["r:"+row.name] = r
		if !row.alone {
			s.add(row.name, "r:"+row.name, true)
		}
	}
	return s
}

// add adds the account "a:<name>".
func (s state) add(name, role string, active bool) {
	local := strings.NewReplacer(" ", ".", ":", "-").Replace(name)
	s.Accounts["a:"+name] = account{Email: local + "@world.example", Role: role, Active: active, Version: 3, Password: password}
}

// employ adds the service account "v:<name>".
func (s state) employ(name, role, owner string, active bool) {
	s.Accounts["v:"+name] = account{Name: "svc-" + strings.ToLower(name), About: "as it was", Owner: owner, Role: role, Active: active, Version: 3}
}

// begin gives the account "a:<name>" these sessions.
func (s state) begin(name, sessions string) {
	a := s.Accounts["a:"+name]
	a.Sessions = sessions
	s.Accounts["a:"+name] = a
}

// world is the one of the big tables. Of the operations' permissions, those of one family have callers with
// that one alone and with all others.
func world(family string) state {
	s := build(things, ranks(family))
	r := s.Roles[admin]
	r.Parent = "r:x" // Admin may inherit, and does so here
	s.Roles[admin] = r
	s.add("admin", admin, true)
	s.add("reader", admin, true)
	s.add("off", "r:x", false)
	s.add("offAdmin", admin, false)
	s.add("offMgr", "r:mgr", false)
	for _, name := range []string{"all", "mgr", "mgrXY", "x", "y"} {
		s.employ(name, "r:"+name, "a:mgr", true)
	}
	s.employ("admin", admin, root, true)
	s.employ("off", "r:x", "", false)
	for _, name := range []string{"admin", "mgr", "mgrXY"} {
		s.begin(name, "s:"+name)
		s.Accounts["a:"+name] = s.Accounts["a:"+name].withKey("k:" + name)
	}
	s.begin("x", "s:x-1 s:x-2")
	s.Accounts["a:x"] = s.Accounts["a:x"].withKey("k:x-1").withKey("k:x-2")
	return s
}
