package token

import (
	"errors"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

// changesType is the header member typ of statements of changes. It keeps a statement from being accepted as a token,
// and a token as a statement (RFC 8725 §3.11).
const changesType = "changes+jwt"

// changes is the payload of a statement, in the order in which it is written.
type changes struct {
	Issuer      string             `json:"iss"`
	Audience    audience           `json:"aud"`
	IssuedAt    int64              `json:"iat"`
	Cursor      string             `json:"cursor"`
	After       string             `json:"after"`
	Reset       bool               `json:"reset"`
	Permissions []permissionRights `json:"permissions"`
	Roles       []roleRights       `json:"roles"`
	Accounts    []accountRights    `json:"accounts"`
	Sessions    []endedSession     `json:"sessions"`
	Keys        []string           `json:"keys"`
	More        bool               `json:"more"`
}

type permissionRights struct {
	ID   string  `json:"id"`
	Name *string `json:"name"` // null: there is none of that id
}

type roleRights struct {
	ID          string   `json:"id"`
	Name        *string  `json:"name"`   // null: there is none of that id
	Parent      *string  `json:"parent"` // null: none
	All         bool     `json:"all"`
	Continued   bool     `json:"continued"`
	Permissions []string `json:"permissions"`
}

type accountRights struct {
	ID      string  `json:"id"`
	Version *int64  `json:"ver"`  // null: no token is valid
	Role    *string `json:"role"` // null: none
}

type endedSession struct {
	ID    string `json:"sid"`
	Until int64  `json:"until"` // Unix seconds
}

// SignChanges signs a statement of the change feed with the signing key, and returns a compact JWS. Its length is not
// bounded by MaxBytes, since it is no token and never sent in a header field. feed.ErrSignerUnlisted if the signing key is
// not in c.Keys: followers would refuse it.
func (s *KeySet) SignChanges(c feed.Statement) (string, error) {
	switch {
	case s.signing == nil:
		return "", errNoSigner()
	case !slices.Contains(c.Keys, s.signing.id):
		return "", feed.ErrSignerUnlisted
	}
	p := changes{
		Issuer: s.options.Issuer, Audience: s.options.Audiences, IssuedAt: c.IssuedAt.Unix(),
		Cursor: c.Cursor, After: c.After, Reset: c.Reset, More: c.More,
		Permissions: make([]permissionRights, len(c.Permissions)),
		Roles:       make([]roleRights, len(c.Roles)),
		Accounts:    make([]accountRights, len(c.Accounts)),
		Sessions:    make([]endedSession, len(c.Sessions)),
		Keys:        c.Keys,
	}
	for i, one := range c.Permissions {
		p.Permissions[i].ID = one.ID.String()
		if one.Name != "" {
			p.Permissions[i].Name = &one.Name
		}
	}
	for i, r := range c.Roles {
		told := roleRights{ID: r.ID.String(), Parent: optionalID(r.Parent), All: r.All, Continued: r.Continued}
		if !r.Gone {
			told.Name = &r.Name
		}
		told.Permissions = make([]string, len(r.Permissions))
		for j, id := range r.Permissions {
			told.Permissions[j] = id.String()
		}
		p.Roles[i] = told
	}
	for i, a := range c.Accounts {
		told := accountRights{ID: a.ID.String(), Role: optionalID(a.Role)}
		if a.Version > 0 {
			told.Version = &a.Version
		}
		p.Accounts[i] = told
	}
	for i, e := range c.Sessions {
		p.Sessions[i] = endedSession{ID: e.ID.String(), Until: e.Until.Unix()}
	}
	body, err := json.Marshal(p)
	if err != nil {
		return "", errors.New("sign changes: a value is not valid UTF-8")
	}
	return s.sign(s.changes, body)
}

func optionalID(id users.ID) *string {
	if id.IsZero() {
		return nil
	}
	text := id.String()
	return &text
}
