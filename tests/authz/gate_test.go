package authz

// valid is one call of each operation that would succeed for an administrator; but where a key of the environment signs,
// as it does here, keys cannot be rotated, and there is none to revoke.
func valid() map[string]call {
	return map[string]call{
		"getHealth":             {},
		"getJWKS":               {},
		"login":                 {body: body{"email": "x@world.example", "password": password}},
		"refresh":               {body: body{"refreshToken": "s:x-1"}},
		"logout":                {body: body{"refreshToken": "s:x-1"}},
		"revokeToken":           {body: body{"token": "s:x-1"}},
		"listOwnSessions":       {},
		"endOtherSessions":      {},
		"endOwnSession":         {target: "s:admin"},
		"listSessions":          {target: "a:x"},
		"endSessions":           {target: "a:x"},
		"endSession":            {target: "a:x", second: "s:x-1"},
		"listOwnAPIKeys":        {},
		"createAPIKey":          {body: body{"name": "Fresh", "permissions": []string{"docs:x"}}},
		"getOwnAPIKey":          {target: "k:admin"},
		"rotateAPIKey":          {target: "k:admin", body: body{}},
		"endOwnAPIKey":          {target: "k:admin"},
		"listAPIKeys":           {target: "a:x"},
		"endAPIKeys":            {target: "a:x"},
		"endAPIKey":             {target: "a:x", second: "k:x-1"},
		"getMe":                 {},
		"changePassword":        {body: body{"current_password": password, "new_password": "another-secret"}},
		"changeEmail":           {body: body{"current_password": password, "email": "fresh@world.example"}},
		"checkPermissions":      {body: body{"permissions": []string{"docs:x", "accounts:read", "docs:none"}}},
		"evaluateAccess":        {body: body{"subject": "a:x", "permissions": []string{"docs:x"}}},
		"evaluateAccesses":      {body: body{"subject": "a:x", "permissions": []string{"docs:x", "docs:none"}}},
		"forwardAuth":           {},
		"introspectToken":       {body: body{"token": "a:x"}},
		"getChanges":            {},
		"listAccounts":          {},
		"createAccount":         {body: body{"email": "fresh@world.example", "password": "another-secret", "role_id": "r:none"}},
		"getAccount":            {target: "a:none"},
		"getAccountPermissions": {target: "a:x"},
		"explainPermission":     {target: "a:x", query: explained},
		"getRoleTree":           {target: "r:branch"},
		"updateAccount":         {target: "a:none", body: body{"is_active": false}},
		"deleteAccount":         {target: "a:none"},
		"impersonateAccount":    {target: "a:none", body: body{}},
		"listServiceAccounts":   {},
		"createServiceAccount":  {body: body{"name": "fresh", "role_id": "r:none"}},
		"getServiceAccount":     {target: "v:x"},
		"updateServiceAccount":  {target: "v:x", body: body{"is_active": false}},
		"deleteServiceAccount":  {target: "v:x"},
		"listClientSecrets":     {target: "v:x"},
		"createClientSecret":    {target: "v:x", body: body{}},
		"deleteClientSecret":    {target: "v:x", second: unknownID},
		"listClientKeys":        {target: "v:x"},
		"createClientKey":       {target: "v:x", body: body{"jwks_url": "https://keys.example/jwks"}},
		"deleteClientKey":       {target: "v:x", second: unknownID},
		"listClientTrusts":      {target: "v:x"},
		"createClientTrust":     {target: "v:x", body: body{"issuer": "https://ci.example", "subject": "a:b:c"}},
		"deleteClientTrust":     {target: "v:x", second: unknownID},
		"listRoles":             {},
		"createRole":            {body: body{"name": "Fresh"}},
		"getRole":               {target: "r:freeNone"},
		"updateRole":            {target: "r:freeNone", body: body{"name": "Fresh"}},
		"deleteRole":            {target: "r:freeNone"},
		"assignPermissions":     {target: "r:none", body: body{"permission_ids": []string{"p:docs:x"}}},
		"removePermission":      {target: "r:freeX", second: "p:docs:x"},
		"listPermissions":       {},
		"createPermission":      {body: body{"name": "docs:fresh"}},
		"getPermission":         {target: "p:docs:z"},
		"updatePermission":      {target: "p:docs:z", body: body{"description": "fresh"}},
		"deletePermission":      {target: "p:docs:z"},
		"listKeys":              {},
		"rotateKeys":            {body: body{}},
		"revokeKey":             {target: "none"},
		"rewrapKeys":            {},
		"importKey":             {},
		"listThrottles":         {},
		"clearThrottles":        {},
		"clearThrottle":         {target: unknownID},
		"planDeclaration":       {body: declaration},
		"applyDeclaration":      {body: declaration},
	}
}

// explained is the query of explanations.
const explained = "permission=docs:x"

// declaration takes a permission that nobody owns, and describes it.
var declaration = body{"service": "docs", "permissions": []body{{"name": "docs:z", "description": "fresh"}}}

// gate is every operation with every kind of token there is, and with each single permission of the API.
func gate() table {
	g := table{name: "gate", world: world("")}
	type visitor struct {
		who  caller
		lies bool
	}
	visitors := []visitor{
		{who: caller{}},            // no token
		{who: caller{garbage, 1}},  // a token that is none
		{who: caller{"a:gone", 3}}, // of a deleted account
		{who: caller{"a:off", 3}},  // of a disabled account, of its version of today
		{who: caller{"a:offAdmin", 3}},
		{who: caller{"a:mgr", 2}}, // past
		{who: caller{"a:mgr", 4}}, // never issued
		{who: caller{"a:admin", 2}},
		{who: caller{"a:none", 3}},
		{who: caller{"a:x", 3}},
		{who: caller{"a:x", 3}, lies: true}, // it claims all permissions
		{who: caller{"a:mgr", 3}},
		{who: caller{"a:mgrkid", 3}}, // by inheritance alone
		{who: caller{"a:all", 3}},    // all permissions, and not Admin
		{who: caller{"a:admin", 3}},
		{who: caller{"a:admin", 3}, lies: true}, // it claims no permission
	}
	for _, q := range systemNames() {
		visitors = append(visitors, visitor{who: caller{"a:only " + q, 3}}, visitor{who: caller{"a:but " + q, 3}})
	}
	calls := valid()
	for _, op := range keys(calls) {
		c := calls[op]
		c.op = op
		for _, v := range visitors {
			g.cells = append(g.cells, cell{who: v.who, call: c, lies: v.lies})
		}
	}
	return g
}

// callers of the big tables, as names of their accounts. The single permission is that of the operation.
func callers(op string) []caller {
	need := routes[op].needs
	var list []caller
	for _, name := range []string{"admin", "all", "mgr", "mgrkid", "mgrXY", "only " + need, "but " + need} {
		list = append(list, caller{"a:" + name, 3})
	}
	return list
}

// cross adds a cell for each caller of each call.
func (t *table) cross(calls ...call) {
	for _, c := range calls {
		for _, who := range callers(c.op) {
			t.cells = append(t.cells, cell{who: who, call: c})
		}
	}
}

// self stands, in lists of targets, for the caller's own.
const self = "self"

// crossSelf is cross for calls that callers make about themselves: own(caller) is put in the place of self.
func (t *table) crossSelf(own func(caller) string, calls ...call) {
	for _, c := range calls {
		for _, who := range callers(c.op) {
			mine := c
			if mine.target == self {
				mine.target = own(who)
			}
			if parent, _ := mine.text("parent_id"); parent == self {
				mine.body = body{"parent_id": own(who)}
			}
			if !t.has(who, mine) {
				t.cells = append(t.cells, cell{who: who, call: mine})
			}
		}
	}
}

// has reports whether there is such a cell already: one's own may be among the targets under its name too.
func (t *table) has(who caller, c call) bool {
	for _, other := range t.cells {
		if other.who == who && other.call.target == c.target && describe(other.call) == describe(c) {
			return true
		}
	}
	return false
}
