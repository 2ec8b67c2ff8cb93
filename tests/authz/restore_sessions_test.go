package authz

import (
	"slices"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
)

// restoreSessions gives each account its sessions again, after a call has ended or refreshed some. An id that was ended
// counts no more, and a token that was replaced neither: so the session of a name gets another of both.
func (h *house) restoreSessions(t testing.TB) {
	t.Helper()
	fresh := set{}
	for _, row := range h.raw.rows(t, `SELECT id, previous_digest FROM account_sessions`) {
		if name := h.names[row[0]]; row[1] == "" && h.base.ofSession(name) != "" {
			fresh[name] = true
			continue
		}
		_, err := h.raw.db.ExecContext(t.Context(), `DELETE FROM account_sessions WHERE id = '`+row[0]+`'`)
		must(t, err)
	}
	for _, name := range keys(h.base.Accounts) {
		a := h.base.Accounts[name]
		for _, session := range a.sessions() {
			if fresh[session] {
				continue
			}
			begun, err := h.Users.LoginSession(t.Context(), users.LoginRequest{Email: a.Email, Password: a.Password})
			must(t, err)
			h.forget(session)
			h.know(session, begun.Session.ID.String())
			h.refresh[session] = begun.RefreshToken
		}
	}
}

// sessions reads which sessions each account has, from the database: no answer shows those of all.
func (h *house) sessions(t testing.TB) map[string]string {
	t.Helper()
	of := map[string][]string{}
	for _, row := range h.raw.rows(t, `SELECT id, account_id FROM account_sessions`) {
		name := h.name(row[1])
		of[name] = append(of[name], h.name(row[0]))
	}
	joined := map[string]string{}
	for name, list := range of {
		slices.Sort(list)
		joined[name] = strings.Join(list, " ")
	}
	return joined
}
