package authz

import (
	"net/url"
	"slices"
)

// checkPermissions: "To ask about an account by its id needs accounts:read", before anything is known of it.
func checkPermissions(j *judgement) {
	id, named := j.text("account_id")
	if !named {
		return
	}
	if !slices.Contains(j.state.names(j.holds(j.own)), "accounts:read") {
		j.names = []string{"accounts:read"}
		j.forbid("asking about an account")
		return
	}
	if _, exists := j.Accounts[id]; !exists {
		j.fault("account_id")
	}
}

// evaluateAccess: "to ask about another account than one's own needs accounts:read", before anything is known of it.
func evaluateAccess(j *judgement) {
	if subject, _ := j.text("subject"); subject == j.who {
		return
	}
	if !slices.Contains(j.state.names(j.holds(j.own)), "accounts:read") {
		j.names = []string{"accounts:read"}
		j.forbid("asking about an account")
	}
}

// forwardAuth: all that is required must be held. Where several are missing the first is named.
func forwardAuth(j *judgement) {
	held := j.state.names(j.holds(j.own))
	for _, name := range j.required() {
		if !slices.Contains(held, name) {
			j.names = []string{name}
			j.forbid("it takes " + name)
			return
		}
	}
}

func (c call) required() []string {
	values, _ := url.ParseQuery(c.query)
	return values["require"]
}

// may says whether an account has a permission: a disabled one has none.
func (s state) may(account, permission string) bool {
	a := s.Accounts[account]
	return a.Active && slices.Contains(s.names(s.holds(a.Role)), permission)
}
