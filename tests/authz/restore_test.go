package authz

import (
	"context"
	"slices"
	"testing"

	users "github.com/svc-users/svc-users"
)

// restore puts the state back to what was installed after one call has changed it, writing only what differs.
func (h *house) restore(t testing.TB) {
	t.Helper()
	must(t, h.Store.InTx(t.Context(), func(tx users.Tx) error {
		ctx := t.Context()
		graph, err := tx.Graph(ctx)
		if err != nil {
			return err
		}
		accounts, err := tx.Accounts(ctx, users.AccountFilter{}, users.List{Limit: 10_000})
		if err != nil {
			return err
		}
		services, err := tx.ServiceAccounts(ctx, users.ServiceAccountFilter{}, users.List{Limit: 10_000})
		if err != nil {
			return err
		}
		for _, s := range services {
			accounts = append(accounts, s.Account)
		}
		r := restoring{house: h, services: services, t: t, ctx: ctx, tx: tx, graph: graph, accounts: accounts}
		r.permissions()
		r.roles()
		r.people()
		r.programs()
		r.leftovers()
		return r.err
	}))
	h.restoreSessions(t)
	h.restoreAPIKeys(t)
	for name := range h.ids {
		if !h.installed(name) {
			h.forget(name)
		}
	}
}

// installed reports whether a name of the model is one of the world that was installed.
func (h *house) installed(name string) bool {
	_, account := h.base.Accounts[name]
	_, role := h.base.Roles[name]
	_, permission := h.base.Permissions[name]
	return account || role || permission || h.base.ofSession(name)+h.base.ofKey(name) != ""
}

// restoring is one run of restore.
type restoring struct {
	*house
	t        testing.TB
	ctx      context.Context
	tx       users.Tx
	graph    *users.Graph
	accounts []users.Account // of both kinds
	services []users.ServiceAccount
	err      error // the first
}

func (r *restoring) do(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *restoring) permissions() {
	for i, name := range keys(r.base.Permissions) {
		p := r.base.Permissions[name]
		want := users.Permission{
			ID: r.parsed(name), Name: users.PermissionName(p.Name), Description: pointer(p.Description),
			Owner: users.ServiceName(p.Owner), CreatedAt: at(i), UpdatedAt: at(i),
		}
		switch got, exists := r.graph.Permission(want.ID); {
		case !exists:
			r.do(r.tx.InsertPermission(r.ctx, want))
		case got.Name != want.Name || !same(got.Description, want.Description) || got.Owner != want.Owner || !got.UpdatedAt.Equal(want.UpdatedAt):
			r.do(r.tx.UpdatePermission(r.ctx, want))
		}
	}
}

func (r *restoring) roles() {
	for i, name := range inOrder(r.base) {
		role := r.base.Roles[name]
		want := users.Role{
			ID: r.parsed(name), Name: users.RoleName(role.Name), Description: pointer(role.Description),
			ParentID: r.parsed(role.Parent), System: role.System, Owner: users.ServiceName(role.Owner), CreatedAt: at(i), UpdatedAt: at(i),
		}
		got, exists := r.graph.Role(want.ID)
		switch {
		case !exists:
			r.do(r.tx.InsertRole(r.ctx, want))
		case got.Name != want.Name || !same(got.Description, want.Description) || got.ParentID != want.ParentID || got.Owner != want.Owner || !got.UpdatedAt.Equal(want.UpdatedAt):
			r.do(r.tx.UpdateRole(r.ctx, want))
		}
		if !role.System {
			r.assignments(want.ID, role.Own)
		}
	}
}

func (r *restoring) assignments(role users.ID, own set) {
	has := set{}
	for _, p := range r.graph.Assigned(role) {
		name := r.names[p.ID.String()]
		if has[name] = true; !own[name] {
			r.do(r.tx.Unassign(r.ctx, role, p.ID))
		}
	}
	var add []users.ID
	for _, name := range own.minus(has).sorted() {
		add = append(add, r.parsed(name))
	}
	if len(add) > 0 {
		r.do(r.tx.Assign(r.ctx, role, add))
	}
}

func (r *restoring) people() {
	for i, name := range keys(r.base.Accounts) {
		a := r.base.Accounts[name]
		if a.service() {
			continue
		}
		want := users.Account{
			ID: r.parsed(name), Kind: users.SubjectPerson, Email: email(r.t, a.Email), Role: users.Role{ID: r.parsed(a.Role)}, Active: a.Active,
			TokenVersion: a.Version, CreatedAt: at(i), UpdatedAt: at(i),
		}
		j := slices.IndexFunc(r.accounts, func(got users.Account) bool { return got.ID == want.ID })
		if j < 0 {
			r.do(r.tx.InsertAccount(r.ctx, want, r.hash(r.t, a.Password)))
			continue
		}
		got := r.accounts[j]
		if got.Email.String() != want.Email.String() || got.Role.ID != want.Role.ID || got.Active != want.Active ||
			got.TokenVersion != want.TokenVersion || !got.UpdatedAt.Equal(want.UpdatedAt) {
			if got.Active && !want.Active { // the database raises a version that a disabling leaves as it is, and no other
				disabled := want
				disabled.TokenVersion = got.TokenVersion + 1
				r.do(r.tx.UpdateAccount(r.ctx, disabled))
			}
			r.do(r.tx.UpdateAccount(r.ctx, want))
			r.do(r.tx.SetPasswordHash(r.ctx, want.ID, r.hash(r.t, a.Password)))
		}
	}
}

// leftovers removes what a call has created.
func (r *restoring) leftovers() {
	for _, a := range r.accounts {
		if !r.installed(r.names[a.ID.String()]) {
			r.do(r.tx.DeleteAccount(r.ctx, a.ID))
		}
	}
	for name, text := range r.ids {
		if r.installed(name) {
			continue
		}
		id, _ := users.ParseID(text)
		if _, exists := r.graph.Role(id); exists {
			r.do(r.tx.DeleteRole(r.ctx, id))
		}
		if _, exists := r.graph.Permission(id); exists {
			r.do(r.tx.DeletePermission(r.ctx, id))
		}
	}
}

func same(a, b *string) bool {
	return a == b || a != nil && b != nil && *a == *b
}
