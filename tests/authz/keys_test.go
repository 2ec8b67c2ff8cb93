package authz

import (
	"slices"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
)

// apiKeys lists the names of the account's API keys.
func (a account) apiKeys() []string { return strings.Fields(a.Keys) }

// withoutKey is the account after one of its API keys has ended, withKey after one was made.
func (a account) withoutKey(key string) account {
	a.Keys = strings.Join(slices.DeleteFunc(a.apiKeys(), func(k string) bool { return k == key }), " ")
	return a
}

func (a account) withKey(key string) account {
	list := append(a.apiKeys(), key)
	slices.Sort(list)
	a.Keys = strings.Join(list, " ")
	return a
}

// ofKey finds the account of an API key; empty if there is no such key.
func (s state) ofKey(key string) string {
	for id, a := range s.Accounts {
		if key != "" && slices.Contains(a.apiKeys(), key) {
			return id
		}
	}
	return ""
}

// visiting begins the names of the API keys that cells are sent with. They are no part of the world.
const visiting = "visitor "

// visitor is an API key that cells are sent with.
type visitor struct{ id, text string }

// visitorKey returns an API key of an account that lists these names, one for each account and list.
func (h *house) visitorKey(t testing.TB, c cell) string {
	t.Helper()
	name := visiting + c.who.account + " " + c.key
	if made, ok := h.visitors[name]; ok {
		return made.text
	}
	owner, err := h.Users.Authenticate(t.Context(), h.token(t, h.base, c.who))
	must(t, err)
	made, err := h.Users.CreateAPIKey(t.Context(), owner, users.NewAPIKey{Name: name[:min(len(name), 100)], Permissions: strings.Fields(c.key)})
	must(t, err)
	h.visitors[name] = visitor{made.ID.String(), made.Text}
	return made.Text
}

// restoreAPIKeys gives each account its API keys again, after a call has ended, made or rotated some.
func (h *house) restoreAPIKeys(t testing.TB) {
	t.Helper()
	there, gone := set{}, []string{}
	for _, row := range h.raw.rows(t, `SELECT id, name, successor_id FROM api_keys`) {
		if name := h.names[row[0]]; strings.HasPrefix(row[1], visiting) || row[2] == "" && h.base.ofKey(name) != "" {
			there[row[0]] = true
			continue
		}
		gone = append(gone, row[0])
	}
	for _, id := range gone {
		_, err := h.raw.db.ExecContext(t.Context(), `DELETE FROM api_keys WHERE id = '`+id+`'`)
		must(t, err)
	}
	for name, v := range h.visitors {
		if !there[v.id] {
			delete(h.visitors, name)
		}
	}
	must(t, h.Store.InTx(t.Context(), func(tx users.Tx) error {
		for _, owner := range keys(h.base.Accounts) {
			for _, name := range h.base.Accounts[owner].apiKeys() {
				h.know(name, madeUpID(h.salt+name))
				if there[h.id(name)] {
					continue
				}
				key := users.APIKey{ID: h.parsed(name), Account: h.parsed(owner), Name: name, LastFour: "last", CreatedAt: h.now(), ExpiresAt: h.now().AddDate(1, 0, 0)}
				var secret users.APIKeySecret
				h.Users.Random(secret[:])
				if err := tx.InsertAPIKey(t.Context(), key, secret); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// apiKeys reads which API keys each account has, from the database.
func (h *house) apiKeys(t testing.TB) map[string]string {
	t.Helper()
	of := map[string]account{}
	for _, row := range h.raw.rows(t, `SELECT id, account_id, name FROM api_keys`) {
		if owner := h.name(row[1]); !strings.HasPrefix(row[2], visiting) {
			of[owner] = of[owner].withKey(h.name(row[0]))
		}
	}
	joined := map[string]string{}
	for name, a := range of {
		joined[name] = a.Keys
	}
	return joined
}
