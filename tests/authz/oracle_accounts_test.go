package authz

import "strings"

func emailKey(a account) string { return strings.ToLower(a.Email) }

func (j *judgement) emailTaken(email string) {
	if taken(j.Accounts, j.target, strings.ToLower(email), emailKey) {
		j.conflict("the e-mail is taken")
	}
}

// give: "To give an account a role …" and "Only an account that has it can give it".
func (j *judgement) give(role string) {
	if lacking := j.more(role, j.own); len(lacking) > 0 {
		j.names = j.state.names(lacking)
		j.forbid("giving " + role)
	}
	if j.Roles[role].System && !j.admin() {
		j.forbid("only Admin gives Admin")
	}
}

// mayTouch: nobody changes an account whose role holds more, and only Admin one that has Admin. The contract
// leaves open whether that forbids also a patch in which nothing differs; the service forbids it, and so do we.
func (j *judgement) mayTouch(a account) {
	j.outranks(a.Role)
	if j.Roles[a.Role].System && !j.admin() {
		j.forbid("only Admin changes Admin")
	}
}

// lastAdministrator: "The last active account whose own role it is can't be deleted, disabled or moved".
func (j *judgement) lastAdministrator() {
	a := j.Accounts[j.target]
	if !a.Active || !j.Roles[a.Role].System {
		return
	}
	for id, other := range j.Accounts {
		if id != j.target && other.Active && j.Roles[other.Role].System && !other.service() {
			return
		}
	}
	j.conflict("the last active administrator")
}

func createAccount(j *judgement) {
	role := j.refersToRole("role_id")
	if len(j.faults) > 0 {
		return
	}
	j.give(role)
	email, _ := j.text("email")
	j.emailTaken(email)
	password, _ := j.text("password")
	active, sent := j.body["is_active"].(bool)
	j.next.Accounts[j.created()] = account{Email: email, Role: role, Active: active || !sent, Version: 1, Password: password}
}

func updateAccount(j *judgement) {
	role := j.refersToRole("role_id")
	if isPerson(j); j.missing != "" {
		return
	}
	before := j.Accounts[j.target]
	after := before
	if j.target == j.who && (j.has("email") || j.has("password")) {
		j.forbid("one's own e-mail and password")
	}
	j.mayTouch(before)
	if email, ok := j.text("email"); ok {
		j.emailTaken(email)
		after.Email = email
	}
	if password, ok := j.text("password"); ok {
		after.Password = password
		after.Version = j.raised(before)
	}
	if j.has("role_id") && role != before.Role {
		if len(j.faults) == 0 {
			j.give(role)
		}
		j.lastAdministrator()
		after.Role = role
	}
	if active, ok := j.body["is_active"].(bool); ok {
		if !active {
			j.lastAdministrator()
		}
		if before.Active && !active && after.Version == before.Version {
			after.Version = j.raised(before)
		}
		after.Active = active
	}
	if after.Version != before.Version {
		after.Sessions = ""
	}
	j.next.Accounts[j.target] = after
}

// raised: "the next version is one more, at least the seconds since 1970".
func (j *judgement) raised(a account) int64 { return max(a.Version+1, j.Now) }

func deleteAccount(j *judgement) {
	if isPerson(j); j.missing != "" {
		return
	}
	j.mayTouch(j.Accounts[j.target])
	j.lastAdministrator()
	j.remove(j.target)
}

// impersonateAccount: not oneself, nor what holds more, and 409 for a disabled account.
func impersonateAccount(j *judgement) {
	if isPerson(j); j.missing != "" {
		return
	}
	if j.target == j.who {
		j.forbid("oneself")
	}
	if j.mayTouch(j.Accounts[j.target]); !j.Accounts[j.target].Active {
		j.conflict("the account is disabled")
	}
}

// confirmed: "a wrong current password is 403".
func (j *judgement) confirmed() account {
	a := j.Accounts[j.who]
	if current, _ := j.text("current_password"); current != a.Password {
		j.forbid("the current password is wrong")
	}
	return a
}

func changePassword(j *judgement) {
	a := j.confirmed()
	a.Password, _ = j.text("new_password")
	a.Version = j.raised(a)
	a.Sessions = "" // the token of the request is of none
	j.next.Accounts[j.who] = a
}

func changeEmail(j *judgement) {
	a := j.confirmed()
	j.target = j.who
	a.Email, _ = j.text("email")
	j.emailTaken(a.Email)
	j.next.Accounts[j.who] = a
}

// login: "wrong, unknown or malformed e-mail, wrong password, disabled account" are all the same 401.
func login(j *judgement) {
	email, _ := j.text("email")
	password, _ := j.text("password")
	for _, a := range j.Accounts {
		if !a.service() && strings.EqualFold(a.Email, email) && a.Password == password && a.Active {
			return
		}
	}
	j.wrongCredentials = true
}
