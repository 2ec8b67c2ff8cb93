package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
)

func testGraph(t *testing.T, f *fixture) {
	ctx := t.Context()
	child := f.addRole("Child", f.role.ID)
	f.addPermission("x:base", f.role)
	f.addPermission("x:child", child)
	f.addPermission("x:unused")
	a := f.addAccount("ada@example.com", child)

	check := func(what string, access users.Access, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		same(t, what+": account", access.Account, a)
		same(t, what+": permissions", fmt.Sprint(access.Graph.Effective(a.Role.ID)), "[x:base x:child]")
		same(t, what+": chain", fmt.Sprint(access.Graph.Chain(a.Role.ID)), "[Child Base]")
	}
	first, err := f.Access(ctx, a.ID)
	check("first", first, err)
	second, err := f.Access(ctx, a.ID)
	check("second", second, err)
	if first.Graph != second.Graph {
		t.Error("the graph was loaded again though nothing had changed")
	}
	// A change of an account is no change of the graph.
	a.UpdatedAt = now()
	f.do(func(tx users.Tx) error {
		access, err := tx.Access(ctx, a.ID)
		if access.Graph != first.Graph {
			t.Error("a transaction loaded the graph though nothing had changed")
		}
		return errors.Join(err, tx.UpdateAccount(ctx, a))
	})
	third, err := f.Access(ctx, a.ID)
	check("third", third, err)
	if third.Graph != first.Graph {
		t.Error("the graph was loaded again though only an account had changed")
	}
}

func testChangesByHand(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	other := f.addRole("Other", users.ID{})
	p := f.addPermission("x:y")
	effective := func() string {
		t.Helper()
		access, err := f.Access(ctx, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		graph, err := f.Graph(ctx)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "Graph and Access", fmt.Sprint(graph.Effective(access.Account.Role.ID)), fmt.Sprint(access.Graph.Effective(access.Account.Role.ID)))
		return fmt.Sprint(access.Graph.Chain(access.Account.Role.ID), access.Graph.Effective(access.Account.Role.ID))
	}
	same(t, "at first", effective(), "[Base] []")
	for _, step := range []struct{ statement, want string }{
		{fmt.Sprintf(`INSERT INTO role_permissions VALUES ('%s', '%s')`, other.ID, p.ID), "[Base] []"},
		{fmt.Sprintf(`UPDATE roles SET parent_id = '%s' WHERE id = '%s'`, other.ID, f.role.ID), "[Base Other] [x:y]"},
		{`UPDATE permissions SET name = 'x:z'`, "[Base Other] [x:z]"},
		{fmt.Sprintf(`UPDATE role_permissions SET role_id = '%s'`, f.role.ID), "[Base Other] [x:z]"},
		{fmt.Sprintf(`UPDATE roles SET parent_id = NULL WHERE id = '%s'`, f.role.ID), "[Base] [x:z]"},
		{`DELETE FROM role_permissions`, "[Base] []"},
		{fmt.Sprintf(`INSERT INTO role_permissions VALUES ('%s', '%s')`, f.role.ID, p.ID), "[Base] [x:z]"},
		{`DELETE FROM permissions`, "[Base] []"},
		{`DELETE FROM roles WHERE name = 'Other'`, "[Base] []"},
		{fmt.Sprintf(`UPDATE roles SET name = 'Bass' WHERE id = '%s'`, f.role.ID), "[Bass] []"},
	} {
		byHand(t, f.url, step.statement)
		same(t, step.statement, effective(), step.want)
	}
}

func testChangesOfOthers(t *testing.T, f *fixture) {
	ctx := t.Context()
	other := &fixture{Store: open(t, f.url), t: t, url: f.url}
	a := f.addAccount("ada@example.com", f.role)
	for i := range 5 {
		p := f.addPermission(fmt.Sprintf("x:%d", i), f.role)
		for _, s := range []*fixture{f, other} {
			access, err := s.Access(ctx, a.ID)
			if err != nil {
				t.Fatal(err)
			}
			if !access.Graph.May(a.Role.ID, p.Name) {
				t.Errorf("a permission that was just assigned is not seen")
			}
		}
	}
	a.Active = false
	other.do(func(tx users.Tx) error { return tx.UpdateAccount(ctx, a) })
	access, err := f.Access(ctx, a.ID)
	if err != nil || access.Account.Active {
		t.Errorf("an account that was just disabled is seen as active (%v)", err)
	}
	other.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, a.ID) })
	_, err = f.Access(ctx, a.ID)
	wantError(t, "Access to an account that was just deleted", err, users.ErrNotFound)
}

// testAccessIsOfOneRevision moves an account between two roles and a permission the other way, each time in one
// transaction. At no moment does the account hold it.
func testAccessIsOfOneRevision(t *testing.T, f *fixture) {
	ctx := t.Context()
	roles := []users.Role{f.role, f.addRole("Other", users.ID{})}
	p := f.addPermission("x:y", roles[1])
	a := f.addAccount("ada@example.com", roles[0])
	writer := open(t, f.url)
	var wait sync.WaitGroup
	until := time.Now().Add(300 * time.Millisecond)
	wait.Go(func() {
		for i := 0; time.Now().Before(until); i++ {
			mine, free := roles[(i+1)%2], roles[i%2]
			err := writer.InTx(ctx, func(tx users.Tx) error {
				a.Role = mine
				return errors.Join(tx.UpdateAccount(ctx, a), tx.Unassign(ctx, mine.ID, p.ID), tx.Assign(ctx, free.ID, []users.ID{p.ID}))
			})
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	id := a.ID
	for range 4 {
		wait.Go(func() {
			for time.Now().Before(until) {
				access, err := f.Access(ctx, id)
				if err != nil {
					t.Error(err)
					return
				}
				if _, ok := access.Graph.Role(access.Account.Role.ID); !ok {
					t.Error("the graph lacks the account's role")
				}
				if access.Graph.May(access.Account.Role.ID, p.Name) {
					t.Error("the account was seen with a permission that it had at no time")
					return
				}
			}
		})
	}
	wait.Wait()
}

func testGraphInTransaction(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	p := newPermission("x:y")
	sees := func(r users.Reader) bool {
		t.Helper()
		access, err := r.Access(ctx, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		return access.Graph.May(f.role.ID, p.Name)
	}
	change := errors.New("changed my mind")
	err := f.InTx(ctx, func(tx users.Tx) error {
		if sees(tx) {
			t.Error("the permission is there before it is made")
		}
		if err := errors.Join(tx.InsertPermission(ctx, p), tx.Assign(ctx, f.role.ID, []users.ID{p.ID})); err != nil {
			return err
		}
		if !sees(tx) {
			t.Error("a transaction does not see its own change")
		}
		if sees(f) {
			t.Error("others see what is not committed")
		}
		if err := tx.Unassign(ctx, f.role.ID, p.ID); err != nil {
			return err
		}
		if sees(tx) {
			t.Error("a transaction does not see its second change")
		}
		return errors.Join(change, tx.Assign(ctx, f.role.ID, []users.ID{p.ID}))
	})
	if !errors.Is(err, change) {
		t.Fatal(err)
	}
	if sees(f) {
		t.Error("what was rolled back is seen")
	}
}
