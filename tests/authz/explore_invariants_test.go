package authz

import (
	"fmt"
	"maps"
	"slices"
)

// The invariants are looked for in what the database holds before and after a request. They say less than the oracle,
// but they say it without its rules: what both the service and the oracle got wrong would show here.

// coalition is the accounts that work together: those whose passwords are known to its members.
type coalition struct {
	// granted are the names of all permissions that members held at the beginning, and of those that administrators
	// have given them since.
	granted set
}

// ours reports whether the coalition knows an account's password. Members tell each other theirs; other accounts come
// to it when a member chooses their password.
func knowsPassword(a account) bool { return slices.Contains(coalitionPasswords, a.Password) }

// jointRights are the names of all that the coalition's accounts may do, but for the accounts in except.
func jointRights(s state, except func(id string) bool) set {
	names := set{}
	for id, a := range s.Accounts {
		if knowsPassword(a) && !except(id) {
			maps.Copy(names, setOf(s.mayDo(a)...))
		}
	}
	return names
}

// none is for all accounts of the coalition.
func none(string) bool { return false }

// administers reports whether an account is an active administrator.
func (s state) administers(id string) bool {
	a := s.Accounts[id]
	return a.Active && s.Roles[a.Role].System
}

// breaks names an invariant that does not hold after a request of the account who; empty is none.
func (c *coalition) breaks(before, after state, who string) string {
	if problem := keepsAdmin(before, after); problem != "" {
		return problem
	}
	if before.administers(who) {
		maps.Copy(c.granted, jointRights(after, none))
		return ""
	}
	// An administrator may have made a member one too. That account holds each permission that exists, new ones included.
	if gained := jointRights(after, before.administers).minus(c.granted); len(gained) > 0 {
		return fmt.Sprintf("the coalition has come to hold %q", gained.sorted())
	}
	own := before.Accounts[who].Role
	if problem := ranksHigher(before, after, who, own); problem != "" {
		return problem
	}
	return givesMore(before, after, own)
}

// keepsAdmin: there is the role Admin, as it was, and an active account that has it.
func keepsAdmin(before, after state) string {
	was, is := before.Roles[admin], after.Roles[admin]
	if is.Name != "Admin" || !is.System || !maps.Equal(was.Own, is.Own) {
		return fmt.Sprintf("the role Admin is %+v", is)
	}
	for id, r := range after.Roles {
		if id != admin && (r.System || r.Parent == admin) {
			return fmt.Sprintf("%s is %+v", id, r)
		}
	}
	for id := range after.Accounts {
		if after.administers(id) {
			return ""
		}
	}
	return "there is no active administrator"
}

// ranksHigher: a caller changes no account and no role that holds more than it does, and no account of an administrator.
func ranksHigher(before, after state, who, own string) string {
	for id, a := range before.Accounts {
		if id != who && a != after.Accounts[id] && (len(before.more(a.Role, own)) > 0 || before.Roles[a.Role].System) {
			return fmt.Sprintf("%s, who holds less, has changed %s", who, id)
		}
	}
	for id, r := range before.Roles {
		now, stays := after.Roles[id]
		same := stays && now.Name == r.Name && now.Description == r.Description && now.Parent == r.Parent && now.Owner == r.Owner && maps.Equal(now.Own, r.Own)
		if !same && len(before.more(id, own)) > 0 {
			return fmt.Sprintf("%s, who holds less, has changed %s", who, id)
		}
	}
	for id := range before.Permissions {
		if _, stays := after.Permissions[id]; !stays && !before.holds(own)[id] {
			return fmt.Sprintf("%s has deleted %s, which it does not hold", who, id)
		}
	}
	return ""
}

// givesMore: no role but Admin, and no account, gains what the caller does not hold. Permissions are compared by name,
// because services ask for names.
func givesMore(before, after state, own string) string {
	held := setOf(before.names(before.holds(own))...)
	for id, r := range after.Roles {
		gained := setOf(after.names(after.holds(id))...).minus(setOf(before.names(before.holds(id))...)).minus(held)
		if !r.System && len(gained) > 0 {
			return fmt.Sprintf("%s has come to hold %q", id, gained.sorted())
		}
	}
	for id, a := range after.Accounts {
		was := before.Accounts[id]
		gained := setOf(after.mayDo(a)...).minus(setOf(before.mayDo(was)...)).minus(held)
		if !after.Roles[a.Role].System && len(gained) > 0 || after.Roles[a.Role].System && (a.Role != was.Role || a.Active && !was.Active) {
			return fmt.Sprintf("%s has come to hold %q", id, gained.sorted())
		}
	}
	return ""
}
