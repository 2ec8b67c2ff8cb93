package httpapi_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

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
			svc.Post(t, applyPath, nothing).Want(t, 409, "The role Reader: The role can't be deleted: 1 role inherits from it.")
			want(svc.Post(t, planPath, document), plannedWell, "")
			want(svc.Post(t, applyPath, `{"service":"billing","prune":true}`), applied, "delete role Biller\ndelete permission billing:read")
			person := svc.NewAccount(t, reader)
			svc.Post(t, applyPath, nothing).Want(t, 409, "The role Reader: The role can't be deleted: 1 account holds it.")
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

// Two apply at once: the one that comes later finds what the other has made, all of it.
func TestTwoDeclarationsAtOnce(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			svc := apitest.Start(t, apitest.Options{Engine: engine})
			for round := range 5 {
				document := func(service string) string {
					return fmt.Sprintf(`{"service":"%s%d","permissions":[{"name":"%s%d:a"},{"name":"shared%d"}],"roles":[{"name":"%s%d","permissions":["shared%d"]}]}`,
						service, round, service, round, round, service, round, round)
				}
				answers := make([]*apitest.Answer, 4)
				var wait sync.WaitGroup
				for i, service := range []string{"one", "one", "two", "two"} {
					wait.Go(func() { answers[i] = svc.Post(t, applyPath, document(service)) })
				}
				wait.Wait()
				won := 0
				for _, same := range [][]*apitest.Answer{answers[:2], answers[2:]} {
					switch {
					case same[0].Status == 200 && same[1].Status == 200:
						won++
						if a, b := lines(t, same[0]), lines(t, same[1]); (a == "") == (b == "") {
							t.Errorf("one of the two has made it all, the other nothing: %q, %q", a, b)
						}
					case same[0].Status != 409 || same[1].Status != 409:
						t.Errorf("%d and %d", same[0].Status, same[1].Status)
					}
				}
				if won != 1 {
					t.Errorf("%d services own the same permission", won)
				}
				// Nothing of the loser is there.
				g := graphOf(t, svc)
				_, one := g.PermissionByName(users.PermissionName(fmt.Sprintf("one%d:a", round)))
				_, two := g.RoleByName(users.RoleName(fmt.Sprintf("two%d", round)))
				if one == two {
					t.Error("half of a declaration is there")
				}
			}
		})
	}
}

// Whatever two services declare one after the other: what was applied is as declared, a second time changes
// nothing, and nothing of the other, of nobody or of the system was touched.
func TestDeclarationsConverge(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	ports := svc.Users.Ports
	ports.Operator = true
	operator := users.New(ports)
	svc.Post(t, "/api/v1/permissions", `{"name":"p:free"}`).Want(t, 201, "")
	svc.Post(t, "/api/v1/roles", `{"name":"Free"}`).Want(t, 201, "")
	names := func(of string) []string {
		var list []string
		for i := range 5 {
			list = append(list, fmt.Sprintf("%s%d", of, i))
		}
		return list
	}
	applied, beside := 0, 0 // documents, those beside things of the other service
	rapid.Check(t, func(r *rapid.T) {
		ctx := t.Context()
		for _, service := range []string{"a", "b", "a"} {
			// The things that it refers to without declaring them may be pruned under the other's roles.
			_, err := operator.ApplyDeclaration(ctx, users.AsOperator(), users.Declaration{Service: service, Prune: true})
			if err != nil && !errors.Is(err, users.ErrConflict) {
				r.Fatal(err)
			}
		}
		for range rapid.IntRange(1, 6).Draw(r, "documents") {
			d := users.Declaration{Service: rapid.SampledFrom([]string{"a", "b"}).Draw(r, "service"), Prune: rapid.Bool().Draw(r, "prune")}
			held := rapid.SliceOfDistinct(rapid.SampledFrom(append(names("p:"), "accounts:read", "p:free")), func(s string) string { return s })
			text := rapid.Ptr(rapid.SampledFrom([]string{"", "x", "y"}), true)
			for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom(names("p:")), func(s string) string { return s }).Draw(r, "permissions") {
				d.Permissions = append(d.Permissions, users.DeclaredPermission{Name: name, Description: text.Draw(r, "description")})
			}
			for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom(append(names("r"), names("R")...)), strings.ToLower).Draw(r, "roles") {
				d.Roles = append(d.Roles, users.DeclaredRole{
					Name: name, Description: text.Draw(r, "description"), Permissions: held.Draw(r, "held"),
					Parent: rapid.Ptr(rapid.SampledFrom(append(names("R")[:name[1]-'0'], "free")), true).Draw(r, "parent"),
				})
			}
			before := graphOf(t, svc)
			plan, err := operator.PlanDeclaration(ctx, users.AsOperator(), d)
			done, failed := operator.ApplyDeclaration(ctx, users.AsOperator(), d)
			if err != nil || failed != nil {
				// A role that the other's roles inherit from is found out only in earnest.
				if failed == nil || !errors.Is(failed, users.ErrConflict) && !errors.Is(failed, users.ErrInvalid) {
					r.Fatalf("plan: %v, apply: %v", err, failed)
				}
				if shown(graphOf(t, svc), "") != shown(before, "") {
					r.Fatal("a refused declaration has changed something")
				}
				continue
			}
			applied++
			if fmt.Sprint(plan.Changes, plan.Orphaned) != fmt.Sprint(done.Changes, done.Orphaned) {
				r.Fatalf("planned %v, done %v", plan, done)
			}
			after := graphOf(t, svc)
			again, err := operator.PlanDeclaration(ctx, users.AsOperator(), d)
			if err != nil || len(again.Changes) > 0 || len(again.Orphaned) != len(plan.Orphaned) || d.Prune && len(again.Orphaned) > 0 {
				r.Fatalf("after it was applied, the plan is %v, %v", again, err)
			}
			for _, declared := range d.Roles {
				role, _ := after.RoleByName(users.RoleName(declared.Name))
				for _, name := range declared.Permissions {
					if !after.May(role.ID, users.PermissionName(name)) {
						r.Fatalf("%s lacks %s", declared.Name, name)
					}
				}
			}
			if shown(after, "a") != shown(after, "b") {
				beside++
			}
			if got, want := shown(after, users.ServiceName(d.Service)), shown(before, users.ServiceName(d.Service)); !pruned(done) && got != want {
				r.Fatalf("of others there is\n%s\nwhere there was\n%s", got, want)
			}
		}
	})
	if applied < 50 || beside < 20 {
		t.Errorf("only %d documents were applied, %d of them beside others", applied, beside)
	}
}

// pruned reports whether a permission was deleted, which takes it from everybody's roles.
func pruned(p users.Plan) bool {
	return slices.ContainsFunc(p.Changes, func(c users.PlannedChange) bool {
		return c.Action == users.ActionDelete && c.Kind == users.KindPermission
	})
}

// shown is all that is in a graph, but for what a service owns.
func shown(g *users.Graph, but users.ServiceName) string {
	var list []string
	for _, p := range g.Assigned(admin(g).ID) {
		if p.Owner == "" || p.Owner != but {
			list = append(list, fmt.Sprint(p.ID, p.Name, p.Owner, p.UpdatedAt))
		}
	}
	for _, name := range []users.RoleName{"Free", "r0", "r1", "r2", "r3", "r4"} {
		role, exists := g.RoleByName(name)
		if exists && (role.Owner == "" || role.Owner != but) {
			list = append(list, fmt.Sprint(role.ID, role.Name, role.Owner, role.ParentID, role.UpdatedAt))
			for _, p := range g.Assigned(role.ID) {
				list = append(list, string(p.Name))
			}
		}
	}
	return strings.Join(list, "\n")
}

func admin(g *users.Graph) users.Role {
	role, _ := g.RoleByName(users.AdminRole)
	return role
}
