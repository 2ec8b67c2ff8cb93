package api_test

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
	"github.com/svc-users/svc-users/internal/manifest"
)

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
// nothing, and nothing of the other, without an owner or of the system was touched.
func TestDeclarationsConverge(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	ports := svc.Users.Ports
	ports.Operator = true
	operator := manifest.New(users.New(ports))
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
			_, err := operator.Apply(ctx, users.AsOperator(), manifest.Declaration{Service: service, Prune: true})
			if err != nil && !errors.Is(err, users.ErrConflict) {
				r.Fatal(err)
			}
		}
		for range rapid.IntRange(1, 6).Draw(r, "documents") {
			d := manifest.Declaration{Service: rapid.SampledFrom([]string{"a", "b"}).Draw(r, "service"), Prune: rapid.Bool().Draw(r, "prune")}
			held := rapid.SliceOfDistinct(rapid.SampledFrom(append(names("p:"), "accounts:read", "p:free")), func(s string) string { return s })
			text := rapid.Ptr(rapid.SampledFrom([]string{"", "x", "y"}), true)
			for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom(names("p:")), func(s string) string { return s }).Draw(r, "permissions") {
				d.Permissions = append(d.Permissions, manifest.DeclaredPermission{Name: name, Description: text.Draw(r, "description")})
			}
			for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom(append(names("r"), names("R")...)), strings.ToLower).Draw(r, "roles") {
				d.Roles = append(d.Roles, manifest.DeclaredRole{
					Name: name, Description: text.Draw(r, "description"), Permissions: held.Draw(r, "held"),
					Parent: rapid.Ptr(rapid.SampledFrom(append(names("R")[:name[1]-'0'], "free")), true).Draw(r, "parent"),
				})
			}
			before := graphOf(t, svc)
			plan, err := operator.Plan(ctx, users.AsOperator(), d)
			done, failed := operator.Apply(ctx, users.AsOperator(), d)
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
			again, err := operator.Plan(ctx, users.AsOperator(), d)
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
func pruned(p manifest.Plan) bool {
	return slices.ContainsFunc(p.Changes, func(c manifest.PlannedChange) bool {
		return c.Action == manifest.ActionDelete && c.Kind == manifest.KindPermission
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
