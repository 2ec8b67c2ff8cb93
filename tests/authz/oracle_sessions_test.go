package authz

import (
	"slices"
	"strings"
)

// sessions lists the names of the account's sessions.
func (a account) sessions() []string { return strings.Fields(a.Sessions) }

// without is the account after one of its sessions has ended.
func (a account) without(session string) account {
	list := slices.DeleteFunc(a.sessions(), func(s string) bool { return s == session })
	a.Sessions = strings.Join(list, " ")
	return a
}

// ofSession finds the account of a session; empty if there is no such session.
func (s state) ofSession(session string) string {
	for id, a := range s.Accounts {
		if session != "" && slices.Contains(a.sessions(), session) {
			return id
		}
	}
	return ""
}

// ends is the end of a session of an account. A session of another account is not found.
func (j *judgement) ends(account, session string) {
	if j.ofSession(session) != account {
		j.missing = "Session"
		return
	}
	j.next.Accounts[account] = j.Accounts[account].without(session)
}

func (j *judgement) endsAll(account string) {
	a := j.next.Accounts[account]
	a.Sessions = ""
	j.next.Accounts[account] = a
}

func endOwnSession(j *judgement) { j.ends(j.who, j.target) }

// endOtherSessions: the tokens of the table are of no session, so none is kept.
func endOtherSessions(j *judgement) { j.endsAll(j.who) }

// endSession: "Whether the account has that session is looked up last".
func endSession(j *judgement) {
	if isPerson(j); j.missing != "" {
		return
	}
	if j.mayTouch(j.Accounts[j.target]); len(j.forbidden) == 0 {
		j.ends(j.target, j.second)
	}
}

func endSessions(j *judgement) {
	if isPerson(j); j.missing != "" {
		return
	}
	j.mayTouch(j.Accounts[j.target])
	j.endsAll(j.target)
}

// refresh: only a token of a session that goes on counts. Its session stays what it is.
func refresh(j *judgement) {
	if token, _ := j.text("refreshToken"); j.ofSession(token) == "" {
		j.invalidRefresh = true
	}
}

// logout ends the session of the refresh token. An access token that is ours beside it is of no session here, which is
// a conflict; one that is not ours is passed over.
func logout(j *judgement) {
	if j.who != "" && j.who != garbage {
		j.conflict("the access token has no session")
	}
	j.revoke("refreshToken")
}

// revokeToken: an unknown token is no error.
func revokeToken(j *judgement) { j.revoke("token") }

func (j *judgement) revoke(field string) {
	token, _ := j.text(field)
	if account := j.ofSession(token); account != "" {
		j.ends(account, token)
	}
}
