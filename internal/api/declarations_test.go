package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

const (
	planPath  = "/api/v1/declarations/plan"
	applyPath = "/api/v1/declarations/apply"
)

// ordersDocument is a declaration with a bit of everything.
const ordersDocument = `{"service":"orders",
	"permissions":[{"name":"orders:read","description":"Read orders"},{"name":"orders:write","description":null}],
	"roles":[{"name":"Clerk","parent":"Reader","permissions":["orders:write"]},{"name":"Reader","permissions":["orders:read","accounts:read"]}]%s}`

type planned struct {
	Service  string
	Changes  []struct{ Action, Kind, Name, Details string }
	Orphaned []struct{ Kind, Name, Details string }
}

// lines are the changes, and what is orphaned after a question mark.
func lines(t *testing.T, a *apitest.Answer) string {
	t.Helper()
	var p planned
	a.Into(t, &p)
	var list []string
	for _, c := range p.Changes {
		list = append(list, strings.TrimSpace(c.Action+" "+c.Kind+" "+c.Name+" "+c.Details))
	}
	for _, o := range p.Orphaned {
		list = append(list, strings.TrimSpace("? "+o.Kind+" "+o.Name+" "+o.Details))
	}
	return strings.Join(list, "\n")
}

func TestDeclarations(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			svc := apitest.Start(t, apitest.Options{Engine: engine})
			want := func(a *apitest.Answer, message, changes string) {
				t.Helper()
				if got := lines(t, a.Want(t, 200, message)); got != changes {
					t.Errorf("got\n%s\nwant\n%s", got, changes)
				}
			}
			const plannedWell, applied = "Declaration planned successfully", "Declaration applied successfully"
			document := fmt.Sprintf(ordersDocument, "")
			all := "create permission orders:read \"Read orders\"\ncreate permission orders:write\ncreate role Reader\nassign assignment Reader orders:read\n" +
				"assign assignment Reader accounts:read\ncreate role Clerk parent Reader\nassign assignment Clerk orders:write"
			want(svc.Post(t, planPath, document), plannedWell, all)
			want(svc.Post(t, planPath, document), plannedWell, all) // nothing was written
			want(svc.Post(t, applyPath, document), applied, all)
			before := svc.Get(t, "/api/v1/roles").Want(t, 200, "").Data
			want(svc.Post(t, applyPath, document), applied, "")
			want(svc.Post(t, planPath, document), plannedWell, "")
			if after := svc.Get(t, "/api/v1/roles").Want(t, 200, "").Data; string(after) != string(before) {
				t.Errorf("applying again changed\n%s\nto\n%s", before, after)
			}
			if strings.Contains(string(before), "owner") {
				t.Errorf("a role shows its owner: %s", before)
			}

			// By hand, things drift; applying brings them back.
			var reader, write string
			graph, err := svc.Store.Graph(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []users.RoleName{"Reader"} {
				r, _ := graph.RoleByName(name)
				reader = r.ID.String()
			}
			p, _ := graph.PermissionByName("orders:write")
			write = p.ID.String()
			svc.Post(t, "/api/v1/roles/"+reader+"/permissions", map[string]any{"permission_ids": []string{write}}).Want(t, 200, "")
			svc.Patch(t, "/api/v1/roles/"+reader, `{"description":"by hand"}`).Want(t, 200, "")
			want(svc.Post(t, planPath, document), plannedWell, "change role Reader description \"by hand\" → none\n? assignment Reader orders:write")
			want(svc.Post(t, applyPath, fmt.Sprintf(ordersDocument, `,"prune":true`)), applied, "change role Reader description \"by hand\" → none\nunassign assignment Reader orders:write")
			want(svc.Post(t, applyPath, document), applied, "")

			// Another service sees none of it, may refer to it, and can't have it.
			billing := `{"service":"billing","permissions":[{"name":"billing:read"}],"roles":[{"name":"Biller","parent":"reader","permissions":["billing:read","orders:read"]}],"prune":true}`
			svc.Post(t, applyPath, billing).Want(t, 200, applied)
			svc.Post(t, applyPath, `{"service":"billing","permissions":[{"name":"orders:read"}],"prune":true}`).
				Want(t, 409, "The permission orders:read belongs to the service orders; the service billing can't declare it.")
			svc.Post(t, planPath, `{"service":"billing","roles":[{"name":"CLERK"}]}`).
				Want(t, 409, "The role CLERK belongs to the service orders; the service billing can't declare it.")
			want(svc.Post(t, planPath, document), plannedWell, "")

			// A role that somebody holds or that roles inherit from is not pruned, and nothing else is then.
			nothing := `{"service":"orders","prune":true}`
			for _, path := range []string{planPath, applyPath} {
				svc.Post(t, path, nothing).Want(t, 409, "The role Reader: The role can't be deleted: 1 role inherits from it.")
			}
			want(svc.Post(t, planPath, document), plannedWell, "")
			want(svc.Post(t, applyPath, `{"service":"billing","prune":true}`), applied, "delete role Biller\ndelete permission billing:read")
			person := svc.NewAccount(t, reader)
			for _, path := range []string{planPath, applyPath} {
				svc.Post(t, path, nothing).Want(t, 409, "The role Reader: The role can't be deleted: 1 account holds it.")
			}
			svc.Delete(t, "/api/v1/accounts/"+person.ID).Want(t, 200, "")
			want(svc.Post(t, applyPath, nothing), applied, "delete role Clerk\ndelete role Reader\ndelete permission orders:read\ndelete permission orders:write")
			want(svc.Post(t, applyPath, nothing), applied, "")
		})
	}
}

func TestDeclarationFaults(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for _, path := range []string{planPath, applyPath} {
		for body, fields := range map[string][]string{
			`{}`: {"service"},
			`{"service":"a b","permissions":[{},{"name":"x","name2":1}],"roles":[{"name":1,"permissions":["x",2]},{"name":"a","parent":7}]}`: {
				"service", "permissions.0.name", "permissions.1.name2", "roles.0.name", "roles.0.permissions.1", "roles.1.parent",
			},
			`{"service":"a","roles":[{"name":"R","parent":"None","permissions":["accounts:read","accounts:read","x:y"]}]}`: {
				"roles.0.parent", "roles.0.permissions.1", "roles.0.permissions.2",
			},
			`{"service":"a\u0000","roles":[{"name":"\u0000","description":"\u0000"}]}`: {"service", "roles.0.name", "roles.0.description"},
			`{"service":"a","roles":"x","permissions":null,"prune":"yes"}`:             {"roles", "permissions", "prune"},
		} {
			svc.Post(t, path, body).WantFaults(t, fields...)
		}
		svc.Post(t, path, `{"service":"a","permissions":[{"name":"x","name":"y"}]}`).Want(t, 400, "")
		svc.Post(t, path, `{"service":"a","roles":[{"name":"ADMIN"}]}`).Want(t, 409, "The role Admin is the system role; no service can declare it.")
		svc.Post(t, path, `{"service":"a","roles":[{"name":"A","parent":"B"},{"name":"B","parent":"A"}]}`).
			Want(t, 409, "The role A: A role can't inherit from itself, however far up.")
	}
	if got := lines(t, svc.Post(t, planPath, `{"service":"a","prune":true}`).Want(t, 200, "")); got != "" {
		t.Errorf("a refused declaration left %s", got)
	}
}

// Each step is decided as if it were made alone: by its own permission and by what the caller holds.
func TestDeclarationsUnderTheRules(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	reading := []string{"roles:read", "permissions:read"}
	as := func(permissions ...string) func(path, body string) *apitest.Answer {
		token := svc.NewAccount(t, svc.NewRole(t, "", permissions...)).Token
		return func(path, body string) *apitest.Answer {
			return svc.Send(t, apitest.Request{Method: "POST", Path: path, Token: token, Body: body})
		}
	}
	const permission = `{"service":"s","permissions":[{"name":"s:read"}]}`
	const role = `{"service":"s","permissions":[{"name":"s:read"}],"roles":[{"name":"S","permissions":["accounts:delete"]}]}`
	as("roles:read")(applyPath, permission).Want(t, 403, "Missing required permission: permissions:read")
	as("permissions:read", "permissions:create")(planPath, permission).Want(t, 403, "Missing required permission: roles:read")
	as(reading...)(planPath, permission).Want(t, 200, "")
	as(reading...)(applyPath, permission).Want(t, 403, "Missing required permission: permissions:create")
	creator := append(slices.Clone(reading), "permissions:create", "roles:create", "roles:update")
	// What is refused at the last step undoes the first.
	as(append(slices.Clone(reading), "permissions:create")...)(applyPath, role).Want(t, 403, "Missing required permission: roles:create")
	as(creator...)(applyPath, role).Want(t, 403, "You can't grant what you do not hold: accounts:delete")
	if _, exists := graphOf(t, svc).PermissionByName("s:read"); exists {
		t.Fatal("half of a refused declaration was made")
	}
	// A permission just made is held by nobody but Admin, so a caller can't put it into a role.
	as(creator...)(applyPath, `{"service":"s","permissions":[{"name":"s:read"}],"roles":[{"name":"S","permissions":["s:read"]}]}`).
		Want(t, 403, "You can't grant what you do not hold: s:read")
	as(append(creator, "accounts:delete")...)(applyPath, role).Want(t, 200, "")
	as(creator...)(applyPath, `{"service":"s","roles":[{"name":"S","description":"x","permissions":["accounts:delete"]}]}`).
		Want(t, 403, "That role holds more than you do: accounts:delete")
	as(append(creator, "accounts:delete")...)(applyPath, `{"service":"s","prune":true}`).Want(t, 403, "Missing required permission: roles:delete")
	as(append(creator, "accounts:delete", "roles:delete", "permissions:delete")...)(applyPath, `{"service":"s","prune":true}`).
		Want(t, 403, "You can't delete a permission that you do not hold.")
	svc.Post(t, applyPath, role).Want(t, 200, "")
	as(reading...)(applyPath, role).Want(t, 200, "") // nothing to do needs no more
}

func graphOf(t testing.TB, svc *apitest.Service) *users.Graph {
	t.Helper()
	g, err := svc.Store.Graph(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return g
}
