package authz

import "testing"

// The last active account whose own role is Admin can't be deleted, disabled or moved, in any form.
func TestLastAdministrator(t *testing.T) {
	small := func(second func(s state)) state {
		s := build(things, []rank{
			{name: "none"},
			{name: "reader", own: []string{"accounts:read", "service-accounts:read", "roles:read", "permissions:read"}},
			{name: "all", own: append(systemNames(), things...)},
		})
		second(s)
		return s
	}
	remove := call{op: "deleteAccount", target: root}
	set := func(target string, b body) call { return call{op: "updateAccount", target: target, body: b} }
	disable, move := set(root, body{"is_active": false}), set(root, body{"role_id": "r:none"})
	for _, world := range []struct {
		name string
		s    state
		rows []row
	}{
		{"alone", small(func(state) {}), []row{
			{"root", remove, 409},
			{"root", disable, 409},
			{"root", move, 409},
			{"root", set(root, body{"is_active": false, "role_id": "r:none"}), 409},
			{"root", set(root, body{"is_active": true, "role_id": "r:all"}), 409},
			{"root", set(root, body{"is_active": true, "role_id": admin}), 200},
			{"all", remove, 403},
			{"all", disable, 403},
			{"all", move, 403},
			{"root", call{op: "updateRole", target: admin, body: body{"parent_id": "r:none"}}, 200},
			{"root", set("a:none", body{"role_id": admin}), 200},
		}},
		{"beside a disabled one", small(func(s state) { s.add("second", admin, false) }), []row{
			{"root", remove, 409},
			{"root", disable, 409},
			{"root", move, 409},
			{"second", call{op: "getMe"}, 401},
			{"root", call{op: "deleteAccount", target: "a:second"}, 200},
			{"root", set("a:second", body{"role_id": "r:none"}), 200},
			{"root", set("a:second", body{"is_active": false}), 200},
			{"root", set("a:second", body{"is_active": true}), 200},
			{"all", set("a:second", body{"is_active": true}), 403},
		}},
		{"beside an active one", small(func(s state) { s.add("second", admin, true) }), []row{
			{"root", remove, 200},
			{"root", disable, 200},
			{"root", move, 200},
			{"second", remove, 200},
			{"second", disable, 200},
			{"second", move, 200},
			{"all", remove, 403},
			{"all", disable, 403},
		}},
		{"beside one who holds everything", small(func(s state) { s.add("deputy", "r:all", true) }), []row{
			{"root", remove, 409},
			{"root", disable, 409},
			{"deputy", remove, 403},
		}},
	} {
		t.Run(world.name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, h *house) {
				h.install(t, world.s)
				for _, r := range world.rows {
					c := cell{who: h.live("a:" + r.who), call: r.call}
					t.Run(world.s.title(c), func(t *testing.T) {
						ran.Add(1)
						if says := judge(h.base, c.who, c.call).status; says != r.status {
							t.Fatalf("the oracle says %d, the contract %d", says, r.status)
						}
						h.run(t, c)
					})
				}
			})
		})
	}
}

// After the second of two has gone the first is the last.
func TestAdministratorsOneAfterTheOther(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		s := build(nil, []rank{{name: "none"}, {name: "reader", own: []string{"accounts:read", "service-accounts:read", "roles:read", "permissions:read"}}})
		for _, name := range []string{"b", "c", "d"} {
			s.add(name, admin, true)
		}
		h.install(t, s)
		token := h.token(t, s, h.live(root))
		h.send(t, token, call{op: "updateAccount", target: "a:b", body: body{"is_active": false}}).Want(t, 200, "")
		h.send(t, token, call{op: "updateAccount", target: "a:c", body: body{"role_id": "r:none"}}).Want(t, 200, "")
		h.send(t, token, call{op: "deleteAccount", target: "a:d"}).Want(t, 200, "")
		for range 2 {
			h.send(t, token, call{op: "deleteAccount", target: root}).Want(t, 409, "")
			h.send(t, token, call{op: "updateAccount", target: root, body: body{"is_active": false}}).Want(t, 409, "")
			h.send(t, token, call{op: "updateAccount", target: root, body: body{"role_id": "r:none"}}).Want(t, 409, "")
		}
		h.send(t, token, call{op: "updateAccount", target: "a:b", body: body{"is_active": true}}).Want(t, 200, "")
		h.send(t, token, call{op: "deleteAccount", target: root}).Want(t, 200, "Account deleted successfully")
		h.send(t, token, call{op: "getMe"}).Want(t, 401, "")
	})
}
