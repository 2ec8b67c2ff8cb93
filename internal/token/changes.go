package token

import (
	"errors"

	"github.com/go-json-experiment/json"

	"github.com/svc-users/svc-users"
)

// changesType is the header member typ of statements of changes. It is what keeps one from passing for a token,
// and a token from passing for one (RFC 8725 §3.11).
const changesType = "changes+jwt"

// changes is the payload of a statement, in the order in which it is written.
type changes struct {
	Issuer   string          `json:"iss"`
	Audience string          `json:"aud"`
	IssuedAt int64           `json:"iat"`
	Cursor   string          `json:"cursor"`
	After    string          `json:"after"`
	Reset    bool            `json:"reset"`
	Roles    []roleRights    `json:"roles,omitzero"` // left out where they are unchanged
	Accounts []accountRights `json:"accounts"`
	More     bool            `json:"more"`
}

type roleRights struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Permissions []string `json:"permissions"`
}

type accountRights struct {
	ID      string  `json:"id"`
	Version *int64  `json:"ver"`  // null: no token counts
	Role    *string `json:"role"` // null: none
}

// SignChanges signs a statement with the signing key. It is as long as it takes: it is no token, and never stands
// in a header field.
func (s *KeySet) SignChanges(c users.ChangeStatement) (string, error) {
	p := changes{
		Issuer: s.options.Issuer, Audience: s.options.Audience, IssuedAt: c.IssuedAt.Unix(),
		Cursor: c.Cursor, After: c.After, Reset: c.Reset, More: c.More,
		Accounts: make([]accountRights, len(c.Accounts)),
	}
	if c.Roles != nil {
		p.Roles = make([]roleRights, len(c.Roles))
	}
	for i, r := range c.Roles {
		p.Roles[i] = roleRights{r.ID.String(), string(r.Name), make([]string, len(r.Permissions))}
		for j, name := range r.Permissions {
			p.Roles[i].Permissions[j] = string(name)
		}
	}
	for i, a := range c.Accounts {
		told := accountRights{ID: a.ID.String()}
		if a.Version > 0 {
			told.Version = &a.Version
		}
		if !a.Role.IsZero() {
			role := a.Role.String()
			told.Role = &role
		}
		p.Accounts[i] = told
	}
	body, err := json.Marshal(p)
	if err != nil {
		return "", errors.New("sign changes: a value is not valid UTF-8")
	}
	return s.sign(s.changes, body)
}
