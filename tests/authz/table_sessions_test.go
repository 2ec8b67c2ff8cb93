package authz

// sessionTable is who may see and end whose sessions.
func sessionTable() table {
	t := table{name: "sessions", world: world("sessions")}
	targets := []string{
		self, root, "a:all", "a:mgr", "a:mgrkid", "a:mgrY", "a:mgrXY", "a:x", "a:y", "a:none", "a:off", "a:offAdmin", unknownID, "NOT-AN-ID",
	}
	for _, target := range targets {
		t.crossSelf(ownAccount, call{op: "listSessions", target: target}, call{op: "endSessions", target: target})
		for _, session := range []string{"s:admin", "s:mgr", "s:mgrXY", "s:x-1", unknownID, "NOT-AN-ID"} {
			t.crossSelf(ownAccount, call{op: "endSession", target: target, second: session})
		}
	}
	t.cross(call{op: "listOwnSessions"}, call{op: "endOtherSessions"})
	for _, session := range []string{"s:admin", "s:mgr", "s:mgrXY", "s:x-2", unknownID, "NOT-AN-ID"} {
		t.cross(call{op: "endOwnSession", target: session})
	}
	for _, token := range []string{"s:x-1", "s:x-2", "s:mgr", "s:admin", "svcr_of-no-session", ""} {
		for _, who := range []caller{{}, {garbage, 1}, {"a:x", 3}, {"a:mgr", 2}} {
			t.cells = append(t.cells,
				cell{who: who, call: call{op: "refresh", body: body{"refreshToken": token}}},
				cell{who: who, call: call{op: "logout", body: body{"refreshToken": token}}})
			if token != "" {
				t.cells = append(t.cells, cell{who: who, call: call{op: "revokeToken", body: body{"token": token}}})
			}
		}
	}
	return t
}
