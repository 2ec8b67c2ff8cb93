package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users"
)

func newService(name string, role users.Role) users.ServiceAccount {
	at := now()
	return users.ServiceAccount{Account: users.Account{
		ID: users.NewID(), Kind: users.SubjectService, Name: users.AccountName(name), Role: role, Active: true, TokenVersion: 1, CreatedAt: at, UpdatedAt: at,
	}}
}

func (f *fixture) addService(name string, role users.Role) users.ServiceAccount {
	f.t.Helper()
	a := newService(name, role)
	f.do(func(tx users.Tx) error { return tx.InsertServiceAccount(f.t.Context(), a) })
	return a
}

func testServiceAccounts(t *testing.T, f *fixture) {
	ctx := t.Context()
	ada := f.addAccount("ada@example.com", f.role)
	other := f.addRole("Other", users.ID{})
	a := newService("orders-worker", f.role)
	a.Description, a.Owner.Account = pointer("Sends confirmations"), ada.ID
	f.do(func(tx users.Tx) error { return tx.InsertServiceAccount(ctx, a) })

	check := func(what string, want users.ServiceAccount) {
		t.Helper()
		got, err := f.ServiceAccount(ctx, want.ID)
		wantError(t, what, err, nil)
		same(t, what, got, want)
		account, err := f.Account(ctx, want.ID)
		wantError(t, what, err, nil)
		same(t, what+" as an account", account, want.Account)
		access, err := f.Access(ctx, want.ID)
		wantError(t, what, err, nil)
		same(t, what+" by its access", access.Account, want.Account)
	}
	check("a service account", a)
	hash, err := f.PasswordHash(ctx, a.ID)
	wantError(t, "PasswordHash", err, nil)
	same(t, "what stands for no password", string(hash), "!")

	a.Name, a.Description, a.Owner, a.Role = "shipping", nil, users.Owner{Service: "orders"}, other
	a.Active, a.TokenVersion, a.UpdatedAt = false, 7, now()
	f.do(func(tx users.Tx) error { return tx.UpdateServiceAccount(ctx, a) })
	check("after an update", a)

	b := f.addService("billing", f.role)
	again := newService("billing", f.role)
	f.try("insert of a taken name", users.ErrTaken, func(tx users.Tx) error { return tx.InsertServiceAccount(ctx, again) })
	dangling := newService("new", newRole("none", users.ID{}))
	f.try("insert with an unknown role", users.ErrBadReference, func(tx users.Tx) error { return tx.InsertServiceAccount(ctx, dangling) })
	dangling = newService("new", f.role)
	dangling.Owner.Account = users.NewID()
	f.try("insert with an unknown owner", users.ErrBadReference, func(tx users.Tx) error { return tx.InsertServiceAccount(ctx, dangling) })
	taken := b
	taken.Name = "shipping"
	f.try("update to a taken name", users.ErrTaken, func(tx users.Tx) error { return tx.UpdateServiceAccount(ctx, taken) })
	f.try("update of nothing", users.ErrNotFound, func(tx users.Tx) error { return tx.UpdateServiceAccount(ctx, newService("none", f.role)) })
	person := newService("ada", f.role)
	person.ID = ada.ID
	f.try("update of a person", users.ErrNotFound, func(tx users.Tx) error { return tx.UpdateServiceAccount(ctx, person) })
	_, err = f.ServiceAccount(ctx, ada.ID)
	wantError(t, "a person as a service account", err, users.ErrNotFound)

	b.Owner.Account = ada.ID
	f.do(func(tx users.Tx) error { return tx.UpdateServiceAccount(ctx, b) })
	f.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, ada.ID) })
	b.Owner = users.Owner{}
	check("after its owner was deleted", b)
	f.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, b.ID) })
	_, err = f.ServiceAccount(ctx, b.ID)
	wantError(t, "a deleted service account", err, users.ErrNotFound)
}

// The kind of an account never changes, by SQL neither.
func testKindStays(t *testing.T, f *fixture) {
	a, b := f.addAccount("ada@example.com", f.role), f.addService("worker", f.role)
	db := shell(t, f.url)
	defer db.Close()
	for id, kind := range map[users.ID]string{a.ID: "service", b.ID: "person"} {
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf(`UPDATE accounts SET kind = '%s' WHERE id = '%s'`, kind, id)); err == nil {
			t.Errorf("an account became a %s", kind)
		}
	}
	byHand(t, f.url, `UPDATE accounts SET kind = kind`)
}

// Lists, searches and totals of people have no service accounts in them, and those of service accounts no people.
func testKindsApart(t *testing.T, f *fixture) {
	ctx := t.Context()
	other := f.addRole("Other", users.ID{})
	var people []users.Account
	var programs []users.ServiceAccount
	for i := range 30 {
		role := []users.Role{f.role, other}[i%2]
		people = append(people, f.addAccount(fmt.Sprintf("worker.%02d@example.com", i), role))
		a := newService(fmt.Sprintf("worker-%02d", i), role)
		a.Active = i%3 > 0
		if i%5 == 0 {
			a.Owner.Account = people[0].ID
		}
		f.do(func(tx users.Tx) error { return tx.InsertServiceAccount(ctx, a) })
		programs = append(programs, a)
	}
	active := true
	for _, filter := range []users.AccountFilter{
		{}, {Active: &active}, {RoleID: other.ID}, {RoleID: other.ID, Active: &active}, {Query: "worker"}, {Query: "wo"}, {Query: "worker", RoleID: other.ID},
	} {
		want := 30
		if !filter.RoleID.IsZero() {
			want = 15
		}
		for _, order := range []users.Order{{}, {ByText: true}, {Descending: true}, {ByText: true, Descending: true}} {
			got, err := f.Accounts(ctx, filter, users.List{Limit: 100, Order: order})
			if err != nil || len(got) != want || slices.ContainsFunc(got, func(a users.Account) bool { return a.Kind != users.SubjectPerson }) {
				t.Errorf("%+v by %+v lists %d people (%v), want %d", filter, order, len(got), err, want)
			}
		}
		for _, limit := range []int{0, 1000} {
			if n, err := f.CountAccounts(ctx, filter, limit); err != nil || n != want {
				t.Errorf("%+v counts %d people (%v), want %d", filter, n, err, want)
			}
		}
	}
	holders, err := f.CountRoleHolders(ctx, other.ID, false)
	wantError(t, "CountRoleHolders", err, nil)
	same(t, "holders of a role", holders, 30)
	holders, err = f.CountRoleHolders(ctx, other.ID, true)
	wantError(t, "CountRoleHolders", err, nil)
	same(t, "active holders of a role", holders, 25)
	f.checkServiceLists(programs, people[0].ID, other.ID)
}

// checkServiceLists holds lists of service accounts against a model, page by page.
func (f *fixture) checkServiceLists(all []users.ServiceAccount, owner, role users.ID) {
	t, ctx := f.t, f.t.Context()
	t.Helper()
	no := false
	for _, filter := range []users.ServiceAccountFilter{
		{}, {Query: "worker-1"}, {Query: "wo"}, {Query: "or"}, {Name: "worker-07"}, {RoleID: role}, {OwnerID: owner}, {Active: &no}, {RoleID: role, Active: &no, Query: "worker"},
	} {
		for _, order := range []users.Order{{}, {ByText: true}, {Descending: true}, {ByText: true, Descending: true}} {
			var want []string
			for _, a := range all {
				name := string(a.Name)
				if (filter.Query == "" || strings.Contains(name, filter.Query) && (len(filter.Query) > 2 || strings.HasPrefix(name, filter.Query))) &&
					(filter.Name == "" || filter.Name == a.Name) && (filter.RoleID.IsZero() || filter.RoleID == a.Role.ID) &&
					(filter.OwnerID.IsZero() || filter.OwnerID == a.Owner.Account) && (filter.Active == nil || *filter.Active == a.Active) {
					want = append(want, name)
				}
			}
			if order.Descending {
				slices.Reverse(want) // names are in the order of creation
			}
			var got []string
			list := users.List{Limit: 4, Order: order}
			for {
				piece, err := f.ServiceAccounts(ctx, filter, list)
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range piece {
					got = append(got, string(a.Name))
					list.After = &users.Position{Time: a.CreatedAt, Text: string(a.Name), ID: a.ID}
				}
				if len(piece) == 0 {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%+v by %+v lists %q, want %q", filter, order, got, want)
			}
			n, err := f.CountServiceAccounts(ctx, filter, 0)
			if err != nil || n != len(want) {
				t.Errorf("%+v counts %d (%v), want %d", filter, n, err, len(want))
			}
			if n, err = f.CountServiceAccounts(ctx, filter, 3); err != nil || n != min(3, len(want)) {
				t.Errorf("%+v counts %d up to 3 (%v), of %d", filter, n, err, len(want))
			}
		}
	}
	offset, err := f.ServiceAccounts(ctx, users.ServiceAccountFilter{}, users.List{Limit: 2, Offset: 5, Order: users.Order{ByText: true}})
	if err != nil || len(offset) != 2 || offset[0].Name != "worker-05" {
		t.Errorf("past an offset: %v, %v", offset, err)
	}
}
