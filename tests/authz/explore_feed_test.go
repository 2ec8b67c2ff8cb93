package authz

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/svc-users/svc-users/internal/apitest"
)

// follower is a service that verifies tokens itself, and follows the changes of rights to know which still count. It
// is written from the contract; that signatures are verified is tested elsewhere.
type follower struct {
	cursor      string
	permissions map[string]string       // names by id
	roles       map[string]followedRole // by id
	accounts    map[string]followedAccount
}

type followedPermission struct {
	ID   string
	Name *string
}

type followedRole struct {
	ID             string
	Name, Parent   *string
	All, Continued bool
	Permissions    []string // ids of its own
}

type followedAccount struct {
	ID   string
	Ver  *int64
	Role *string
}

func (r *running) newFollower() *follower { return &follower{} }

// follow catches up with the changes, and then asks of every token that was ever issued whether it counts, and for
// what.
func (r *running) follow() {
	f := r.follower
	for more := true; more; {
		a := r.Send(r, apitest.Request{Method: "GET", Path: "/api/v1/auth/changes?after=" + f.cursor, Token: r.feedToken()})
		if a.Status == http.StatusNotModified {
			break
		}
		var data struct {
			Statement, Cursor string
			More              bool
		}
		a.Want(r, 200, "").Into(r, &data)
		f.take(r, data.Statement)
		f.cursor, more = data.Cursor, data.More
	}
	for who := range r.issued {
		count, held := f.judges(r, r.tokenOf(who))
		a := r.s.Accounts[who.account]
		counts := a.Active && a.Version == who.version
		if count != counts || counts && !slices.Equal(held, r.s.mayDo(a)) {
			r.Errorf("a follower takes the token of %v: %t, for %q; it counts: %t, for %q", who, count, held, counts, r.s.mayDo(a))
		}
	}
}

// feedToken is that of an account that may follow: there is always an administrator.
func (r *running) feedToken() string {
	for _, id := range keys(r.s.Accounts) {
		if r.s.administers(id) {
			return r.tokenOf(caller{id, r.s.Accounts[id].Version})
		}
	}
	return ""
}

func payload(r *running, jws string, into any) {
	parts := strings.Split(jws, ".")
	if len(parts) != 3 {
		r.Fatalf("%q is no JWS", jws)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(r, err)
	must(r, json.Unmarshal(raw, into))
}

func (f *follower) take(r *running, jws string) {
	var s struct {
		Reset       bool
		Permissions []followedPermission
		Roles       []followedRole
		Accounts    []followedAccount
	}
	payload(r, jws, &s)
	if s.Reset {
		*f = follower{permissions: map[string]string{}, roles: map[string]followedRole{}, accounts: map[string]followedAccount{}}
	}
	for _, p := range s.Permissions {
		if p.Name == nil {
			delete(f.permissions, p.ID)
		} else {
			f.permissions[p.ID] = *p.Name
		}
	}
	for _, role := range s.Roles {
		switch {
		case role.Name == nil:
			delete(f.roles, role.ID)
			continue
		case role.Continued:
			role.Permissions = slices.Concat(f.roles[role.ID].Permissions, role.Permissions)
		}
		f.roles[role.ID] = role
	}
	for _, a := range s.Accounts {
		f.accounts[a.ID] = a
	}
}

// judges is "the rule for whoever verifies".
func (f *follower) judges(r *running, jwt string) (counts bool, held []string) {
	var token struct {
		Sub    string
		Ver    int64
		RoleID string `json:"role_id"`
	}
	payload(r, jwt, &token)
	role := token.RoleID
	if a, told := f.accounts[token.Sub]; told {
		if a.Ver == nil || a.Role == nil || token.Ver != *a.Ver {
			return false, nil
		}
		role = *a.Role
	}
	return true, f.holds(role)
}

// holds are the names of the effective permissions of a role, sorted.
func (f *follower) holds(id string) []string {
	held, met := map[string]bool{}, map[string]bool{}
	for role, known := f.roles[id]; known && !met[role.ID]; role, known = f.roles[id] {
		met[role.ID] = true
		own := role.Permissions
		if role.All {
			own = slices.Collect(maps.Keys(f.permissions))
		}
		for _, p := range own {
			if name, known := f.permissions[p]; known {
				held[name] = true
			}
		}
		if role.Parent == nil {
			break
		}
		id = *role.Parent
	}
	return slices.Sorted(maps.Keys(held))
}
