package users_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	users "github.com/svc-users/svc-users"
)

var update = flag.Bool("update", false, "write "+closuresPath+" anew")

// closuresPath is where the module for services behind us reads what roles may do by the rules here, so that what it
// works out from what is told cannot come to differ.
const closuresPath = "authn/testdata/closures.json"

// closure is what is told of roles and permissions, and what each role may do then.
type closure struct {
	Permissions map[users.ID]string
	Roles       map[users.ID]closureRole
	Effective   map[users.ID][]users.PermissionName
}

type closureRole struct {
	Parent      users.ID // zero: none
	All         bool
	Permissions []users.ID
}

// madeClosures are drawn at random, the same each time. Nothing keeps parents from making cycles, nor what is named
// from being there.
func madeClosures() []closure {
	r := rand.New(rand.NewPCG(1, 2))
	id := func(kind, n int) users.ID { return users.ID{1, 0x99, 6: 0x70, 8: 0x80, 14: byte(kind), 15: byte(n)} }
	var made []closure
	for range 80 {
		c := closure{map[users.ID]string{}, map[users.ID]closureRole{}, map[users.ID][]users.PermissionName{}}
		var roles []users.Role
		var permissions []users.Permission
		var assigned []users.Assignment
		for n := range r.IntN(9) {
			name := fmt.Sprintf("p:%d", r.IntN(1000)*10+n)
			c.Permissions[id(1, n)] = name
			permissions = append(permissions, users.Permission{ID: id(1, n), Name: users.PermissionName(name)})
		}
		for n := range 1 + r.IntN(7) {
			role := closureRole{All: r.IntN(12) == 0}
			if r.IntN(4) > 0 {
				role.Parent = id(2, r.IntN(8)) // itself, and one that is not there, too
			}
			for p := range 10 {
				if r.IntN(4) == 0 {
					role.Permissions = append(role.Permissions, id(1, p))
					assigned = append(assigned, users.Assignment{RoleID: id(2, n), PermissionID: id(1, p)})
				}
			}
			c.Roles[id(2, n)] = role
			roles = append(roles, users.Role{ID: id(2, n), Name: users.RoleName(fmt.Sprint(n)), ParentID: role.Parent, System: role.All})
		}
		graph := users.NewGraph(roles, permissions, assigned)
		for role := range c.Roles {
			c.Effective[role] = graph.Effective(role)
		}
		made = append(made, c)
	}
	return made
}

// TestClosures: the file says what roles may do as it is worked out here.
func TestClosures(t *testing.T) {
	t.Parallel()
	type texts struct {
		Permissions map[string]string                 `json:"permissions"`
		Roles       map[string]map[string]any         `json:"roles"`
		Effective   map[string][]users.PermissionName `json:"effective"`
	}
	var written []texts
	for _, c := range madeClosures() {
		w := texts{map[string]string{}, map[string]map[string]any{}, map[string][]users.PermissionName{}}
		for id, name := range c.Permissions {
			w.Permissions[id.String()] = name
		}
		for id, role := range c.Roles {
			told := map[string]any{"parent": nil, "all": role.All, "permissions": ids(role.Permissions)}
			if !role.Parent.IsZero() {
				told["parent"] = role.Parent.String()
			}
			w.Roles[id.String()], w.Effective[id.String()] = told, c.Effective[id]
		}
		written = append(written, w)
	}
	want, err := json.MarshalIndent(written, "", " ")
	must(t, err)
	want = append(want, '\n')
	if *update {
		must(t, os.WriteFile(closuresPath, want, 0o644))
	}
	got, err := os.ReadFile(closuresPath)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the file is not what is worked out here (%v): go test . -run TestClosures -update", err)
	}
}

func ids(list []users.ID) []string {
	texts := []string{}
	for _, id := range list {
		texts = append(texts, id.String())
	}
	return texts
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
