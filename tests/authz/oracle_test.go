package authz

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// caller is whoever sends a request: the account of the token and the version it was issued for. The zero
// caller sends no token.
type caller struct {
	account string
	version int64
}

// verdict is what the contract says about a call.
type verdict struct {
	status  int
	or      []int    // other statuses that are as right, where several things are refused at once
	message string   // exact, where the contract has the words; else empty
	names   []string // permissions that a 403 must name
	fields  []string // of a 422, all of them
	next    state    // the state afterwards
}

// judge says what the contract answers to a call: the section "Who may do what", in the order of checks that
// "Envelope" gives. The calls it is asked about are well-formed but for the things they refer to.
func judge(s state, who caller, c call) verdict {
	return judgeAs(s, who, s.Accounts[who.account].Role, c)
}

// judgeAs is judge for a caller that may do what a role holds.
func judgeAs(s state, who caller, own string, c call) verdict {
	r := routes[c.op]
	if !r.public {
		a, exists := s.Accounts[who.account]
		if !exists || !a.Active || a.Version != who.version {
			return verdict{status: 401, next: s}
		}
		for _, needed := range []string{r.needs, r.also} {
			if needed != "" && !slices.Contains(s.names(s.holds(own)), needed) {
				return verdict{status: 403, message: "Missing required permission: " + needed, next: s}
			}
		}
	}
	j := &judgement{state: s, next: s.clone(), who: who.account, own: own, call: c}
	judges[c.op](j)
	return j.verdict(r)
}

// judges are the rules of each operation beyond token and permission.
var judges = map[string]func(*judgement){
	"getHealth": nothing, "getJWKS": nothing, "login": login, "getMe": nothing,
	"refresh": refresh, "logout": logout, "revokeToken": revokeToken,
	"listOwnSessions": nothing, "endOwnSession": endOwnSession, "endOtherSessions": endOtherSessions,
	"listSessions": isPerson, "endSession": endSession, "endSessions": endSessions,
	"listOwnAPIKeys": nothing, "createAPIKey": createAPIKey, "getOwnAPIKey": getOwnAPIKey, "rotateAPIKey": rotateAPIKey, "endOwnAPIKey": endOwnAPIKey,
	"listAPIKeys": isAccount, "endAPIKey": endAPIKey, "endAPIKeys": endAPIKeys,
	"listAccounts": nothing, "listRoles": nothing, "listPermissions": nothing,
	"evaluateAccess": evaluateAccess, "evaluateAccesses": evaluateAccess,
	"checkPermissions": checkPermissions, "forwardAuth": forwardAuth, "introspectToken": nothing, "getChanges": nothing,
	"changePassword": changePassword, "changeEmail": changeEmail,
	"getAccount": isPerson, "createAccount": createAccount, "updateAccount": updateAccount, "deleteAccount": deleteAccount, "impersonateAccount": impersonateAccount,
	"getAccountPermissions": isAccount, "explainPermission": isAccount, "getRoleTree": isRole,
	"getRole": isRole, "createRole": createRole, "updateRole": updateRole, "deleteRole": deleteRole,
	"assignPermissions": assignPermissions, "removePermission": removePermission,
	"getPermission": isPermission, "createPermission": createPermission,
	"updatePermission": updatePermission, "deletePermission": deletePermission,
	"listServiceAccounts": nothing, "getServiceAccount": isService, "createServiceAccount": createServiceAccount,
	"listClientSecrets": isService, "createClientSecret": createClientSecret, "deleteClientSecret": deleteClientSecret,
	"listClientKeys": isService, "createClientKey": createClientSecret, "deleteClientKey": deleteClientKey,
	"listClientTrusts": isService, "createClientTrust": createClientSecret, "deleteClientTrust": deleteClientTrust,
	"updateServiceAccount": updateServiceAccount, "deleteServiceAccount": deleteServiceAccount,
	"listKeys": nothing, "rotateKeys": rotateKeys, "revokeKey": revokeKey, "rewrapKeys": nothing, "importKey": nothing,
	"listThrottles": nothing, "clearThrottles": nothing, "clearThrottle": clearThrottle,
	"planDeclaration": planDeclaration, "applyDeclaration": applyDeclaration,
}

func nothing(*judgement) {}

// rotateKeys: "409 where JWT_PRIVATE_KEY signs".
func rotateKeys(j *judgement) { j.conflict("a key of the environment signs") }

// revokeKey is of a key that there is not.
func revokeKey(j *judgement) { j.missing = "Signing key" }

// clearThrottle is of a throttle that there is not: nothing is counted here.
func clearThrottle(j *judgement) { j.missing = "Throttle" }

// judgement collects all that stands against a call, and makes its change.
type judgement struct {
	call
	state     // as it is
	next      state
	who       string // the caller's account
	own       string // the caller's role
	faults    []string
	missing   string   // what the target is, when there is none
	forbidden []string // why, for failures of the test
	names     []string // what a refusal must name
	conflicts []string
	or        []int // see verdict

	wrongCredentials bool // of a login
	invalidRefresh   bool
}

func (j *judgement) fault(field string)  { j.faults = append(j.faults, field) }
func (j *judgement) forbid(why string)   { j.forbidden = append(j.forbidden, why) }
func (j *judgement) conflict(why string) { j.conflicts = append(j.conflicts, why) }

// admin reports whether the caller's own role is Admin: holding all permissions is not the same.
func (j *judgement) admin() bool { return j.Roles[j.own].System }

func (j *judgement) verdict(r route) verdict {
	switch {
	case j.wrongCredentials:
		return verdict{status: 401, message: "Invalid credentials.", next: j.state}
	case j.invalidRefresh:
		return verdict{status: 401, message: "The refresh token is not valid.", next: j.state}
	case len(j.faults) > 0:
		return verdict{status: 422, message: "Validation error", fields: j.faults, next: j.state}
	case j.missing != "":
		return verdict{status: 404, message: j.missing + " not found", next: j.state}
	case len(j.forbidden) > 0:
		v := verdict{status: 403, or: j.or, next: j.state}
		// Where several rules forbid it, either may be the one that is worded.
		if len(j.forbidden) == 1 {
			v.names = j.names
		}
		return v
	case len(j.conflicts) > 0:
		return verdict{status: 409, or: j.or, next: j.state}
	}
	return verdict{status: r.status, message: r.message, next: j.next}
}

func isAccount(j *judgement) {
	if _, ok := j.Accounts[j.target]; !ok {
		j.missing = "Account"
	}
}

// isPerson: "A service account is not found" at what is for people alone.
func isPerson(j *judgement) {
	if a, ok := j.Accounts[j.target]; !ok || a.service() {
		j.missing = "Account"
	}
}

func isRole(j *judgement) {
	if _, ok := j.Roles[j.target]; !ok {
		j.missing = "Role"
	}
}

func isPermission(j *judgement) {
	if _, ok := j.Permissions[j.target]; !ok {
		j.missing = "Permission"
	}
}

// refersToRole: "a referenced id does not exist" is a fault.
func (j *judgement) refersToRole(field string) string {
	id, ok := j.text(field)
	if _, exists := j.Roles[id]; ok && !exists {
		j.fault(field)
	}
	return id
}

// refersToPermissions names each element that does not exist.
func (j *judgement) refersToPermissions() []string {
	list := j.list("permission_ids")
	for i, id := range list {
		if _, exists := j.Permissions[id]; !exists {
			j.fault(fmt.Sprintf("permission_ids.%d", i))
		}
	}
	return list
}

// grants is the subset rule: "the caller's own effective permissions must contain everything the change newly
// grants". It compares each role before and after.
func (j *judgement) grants(after state) {
	granted := set{}
	for id := range after.Roles {
		maps.Copy(granted, after.holds(id).minus(j.holds(id)))
	}
	if lacking := granted.minus(j.holds(j.own)); len(lacking) > 0 {
		j.names = j.state.names(lacking)
		j.forbid("it grants " + strings.Join(j.names, ", "))
	}
}

// outranks: nor can anyone change such a role, one that holds more than they do.
func (j *judgement) outranks(role string) {
	if len(j.more(role, j.own)) > 0 {
		j.forbid(role + " holds more")
	}
}

// taken reports whether a name is one of others, by the form in which names are compared.
func taken[T any](things map[string]T, but string, name string, nameOf func(T) string) bool {
	for id, thing := range things {
		if id != but && nameOf(thing) == name {
			return true
		}
	}
	return false
}
