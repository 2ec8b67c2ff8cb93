package authz

import (
	"slices"
	"strings"
)

// takesKeys are the operations that an API key may be sent to: those that read, check and take away.
var takesKeys = strings.Fields(`getMe checkPermissions evaluateAccess evaluateAccesses forwardAuth introspectToken getChanges listAccounts getAccount deleteAccount
	getAccountPermissions explainPermission listRoles getRole deleteRole getRoleTree removePermission listPermissions getPermission
	deletePermission listThrottles listServiceAccounts getServiceAccount deleteServiceAccount planDeclaration`)

// scoped stands, while a call with an API key is judged, for a role that holds what the key may do.
const scoped = "r:scoped"

// judge says what the contract answers to a cell.
func (c cell) judge(s state) verdict {
	if c.key == "" || routes[c.call.op].public {
		return judge(s, c.who, c.call)
	}
	owner, own := s.Accounts[c.who.account], set{}
	for p := range s.holds(owner.Role) {
		own[p] = slices.Contains(strings.Fields(c.key), s.Permissions[p].Name)
	}
	own = own.minus(setOf(slices.DeleteFunc(own.sorted(), func(p string) bool { return own[p] })...))
	bounded := s.clone()
	bounded.Roles[scoped] = role{Name: "Role of a key", Own: own}
	verdict := judgeAs(bounded, c.who, scoped, c.call)
	if !slices.Contains(takesKeys, c.call.op) {
		verdict.status, verdict.or, verdict.names, verdict.fields = 403, nil, nil, nil
		verdict.message, verdict.next = "An API key is not accepted here; use an access token from a login.", s
	}
	delete(verdict.next.Roles, scoped)
	return verdict
}

// mayBy lists what the caller of a cell may do.
func (c cell) mayBy(s state) []string {
	held := s.names(s.holds(s.Accounts[c.who.account].Role))
	if c.key == "" {
		return held
	}
	return slices.DeleteFunc(held, func(name string) bool { return !slices.Contains(strings.Fields(c.key), name) })
}

// getOwnAPIKey and the like: a key of another account is not found.
func getOwnAPIKey(j *judgement) { j.isKeyOf(j.who, j.target) }

func (j *judgement) isKeyOf(account, key string) bool {
	if j.ofKey(key) != account {
		j.missing = "API key"
	}
	return j.missing == ""
}

// createAPIKey: "permissions exist, and the account holds them".
func createAPIKey(j *judgement) {
	held := j.state.names(j.holds(j.own))
	for _, name := range j.list("permissions") {
		if !slices.Contains(held, name) {
			j.names = []string{name}
			j.forbid("the account does not hold " + name)
		}
	}
	j.next.Accounts[j.who] = j.Accounts[j.who].withKey(j.created())
}

// rotateAPIKey: the old one lives on for the overlap.
func rotateAPIKey(j *judgement) {
	if j.isKeyOf(j.who, j.target) {
		j.next.Accounts[j.who] = j.Accounts[j.who].withKey(j.created())
	}
}

func endOwnAPIKey(j *judgement) {
	if j.isKeyOf(j.who, j.target) {
		j.next.Accounts[j.who] = j.Accounts[j.who].withoutKey(j.target)
	}
}

// endAPIKey: as with sessions, whether the account has that key is looked up last.
func endAPIKey(j *judgement) {
	if isAccount(j); j.missing != "" {
		return
	}
	if j.mayTouch(j.Accounts[j.target]); len(j.forbidden) == 0 && j.isKeyOf(j.target, j.second) {
		j.next.Accounts[j.target] = j.Accounts[j.target].withoutKey(j.second)
	}
}

func endAPIKeys(j *judgement) {
	if isAccount(j); j.missing != "" {
		return
	}
	j.mayTouch(j.Accounts[j.target])
	a := j.next.Accounts[j.target]
	a.Keys = ""
	j.next.Accounts[j.target] = a
}
