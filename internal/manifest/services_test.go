package manifest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	users "github.com/svc-users/svc-users"
)

// serviceWorld is what the plans below begin from, beside planWorld.
func serviceWorld() []users.ServiceAccount {
	account := func(n byte, name users.AccountName, role users.ID, roleName users.RoleName, owner users.Owner) users.ServiceAccount {
		return users.ServiceAccount{
			Account: users.Account{ID: users.ID{4, n}, Kind: users.SubjectService, Name: name, Role: users.Role{ID: role, Name: roleName}, Active: true},
			Owner:   owner,
		}
	}
	return []users.ServiceAccount{
		account(1, "orders-worker", users.ID{2, 2}, "Clerk", users.Owner{Service: "orders"}),
		account(2, "by-hand", users.ID{2, 5}, "Free", users.Owner{Account: users.ID{9}}),
		account(3, "of-billing", users.ID{2, 4}, "Guest", users.Owner{Service: "billing"}),
	}
}

func TestPlansOfServiceAccounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		declared []DeclaredServiceAccount
		change   func(d *Declaration)
		changes  []string
		orphaned []string
		refused  string
	}{
		"as it is":    {declared: []DeclaredServiceAccount{{Name: "orders-worker", Role: "CLERK"}}},
		"a new one":   {declared: []DeclaredServiceAccount{{Name: "orders-worker", Role: "Clerk"}, {Name: "new", Role: "Lead", Description: new("New")}}, changes: []string{`create service_account new role Lead; "New"`}},
		"a new role":  {declared: []DeclaredServiceAccount{{Name: "orders-worker", Role: "Fresh"}}, change: func(d *Declaration) { d.Roles = append(d.Roles, DeclaredRole{Name: "Fresh"}) }, changes: []string{"create role Fresh ", "change service_account orders-worker role Clerk → Fresh"}},
		"taken over":  {declared: []DeclaredServiceAccount{{Name: "orders-worker", Role: "Clerk"}, {Name: "by-hand", Role: "Free"}}, changes: []string{"change service_account by-hand takes ownership"}},
		"no longer":   {orphaned: []string{"service_account orders-worker "}},
		"pruned":      {change: func(d *Declaration) { d.Prune = true }, changes: []string{"delete service_account orders-worker "}},
		"another's":   {declared: []DeclaredServiceAccount{{Name: "of-billing", Role: "Clerk"}}, refused: "The service_account of-billing belongs to the service billing; the service orders can't declare it."},
		"of no role":  {declared: []DeclaredServiceAccount{{Name: "x", Role: "Missing"}}, refused: "service_accounts.0.role is not the name of a role that exists or is declared here"},
		"malformed":   {declared: []DeclaredServiceAccount{{Name: "X Y", Role: ""}}, refused: "service_accounts.0.name must have 1 to 100 characters of a-z, 0-9, -, . and _, and begin and end with a letter or a digit"},
		"twice":       {declared: []DeclaredServiceAccount{{Name: "x", Role: "Clerk"}, {Name: "x", Role: "Lead"}}, refused: "service_accounts.1.name is a duplicate"},
		"pruned role": {declared: []DeclaredServiceAccount{{Name: "x", Role: "Lead"}}, change: func(d *Declaration) { d.Prune, d.Roles = true, d.Roles[1:] }, refused: "service_accounts.0.role is the name of a role of this service that is not declared here, which prune would delete"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := asIs()
			d.ServiceAccounts = c.declared
			if c.change != nil {
				c.change(&d)
			}
			got, err := makePlan(sight, current{graph: planWorld(), accounts: serviceWorld()}, d)
			var refused *users.Error
			if errors.As(err, &refused) {
				message := refused.Message
				if len(refused.Faults) > 0 {
					message = refused.Faults[0].Field + " " + refused.Faults[0].Problem
				}
				if message != c.refused {
					t.Errorf("refused with %q, want %q", message, c.refused)
				}
				return
			}
			if err != nil || c.refused != "" {
				t.Fatalf("the error is %v, want %q", err, c.refused)
			}
			var changes, orphaned []string
			for _, x := range got.Changes {
				changes = append(changes, fmt.Sprintf("%s %s %s %s", x.Action, x.Kind, x.Name, x.Details))
			}
			for _, x := range got.Orphaned {
				orphaned = append(orphaned, fmt.Sprintf("%s %s %s", x.Kind, x.Name, x.Details))
			}
			if diff := cmp.Diff([][]string{c.changes, c.orphaned}, [][]string{changes, orphaned}); diff != "" {
				t.Errorf("changes and orphans (-want +got):\n%s", diff)
			}
		})
	}
}
