package authz

import (
	"slices"
	"testing"

	users "github.com/svc-users/svc-users"
)

// install makes s the whole state of the service. Accounts, roles and permissions that are not in it go; the
// role Admin, the system permissions and the account root, which every service has, must be in it. Times of
// what is written lie in the past, so that a later change shows.
func (h *house) install(t testing.TB, s state) {
	t.Helper()
	h.wipe(t)
	h.ids, h.names = map[string]string{}, map[string]string{}
	h.tokens = map[string]string{}
	h.base = s.clone()
	h.base.Now = h.now().Unix()
	h.know(admin, h.AdminRole)
	h.know(root, h.AdminID)
	graph, err := h.Store.Graph(t.Context())
	must(t, err)
	for id, p := range s.Permissions {
		if system(p.Name) {
			existing, ok := graph.PermissionByName(users.PermissionName(p.Name))
			if !ok {
				t.Fatalf("the service has no permission %s", p.Name)
			}
			h.know(id, existing.ID.String())
		}
	}
	for _, list := range [][]string{keys(s.Permissions), keys(s.Roles), keys(s.Accounts)} {
		for _, name := range list {
			if h.ids[name] == "" {
				h.know(name, madeUpID(h.salt+name))
			}
		}
	}
	h.restore(t)
	h.reader = h.token(t, h.base, h.live(reader))
	h.known = map[string]string{}
	for name, a := range s.Accounts {
		if a.service() {
			continue
		}
		h.known[name] = h.token(t, h.base, h.live(name))
	}
	h.known["a:past"] = h.token(t, h.base, caller{"a:mgr", 2})
	h.known["a:gone"] = h.token(t, h.base, caller{"a:gone", 3})
	h.before = h.look(t)
	if problem := h.before.differs(h.base); problem != "" {
		t.Fatalf("the world is not as it was installed: %s", problem)
	}
}

// wipe removes what the last world, and the calls since, have left.
func (h *house) wipe(t testing.TB) {
	t.Helper()
	must(t, h.Store.InTx(t.Context(), func(tx users.Tx) error {
		ctx := t.Context()
		accounts, err := tx.Accounts(ctx, users.AccountFilter{}, users.List{Limit: 10_000})
		if err != nil {
			return err
		}
		for _, a := range accounts {
			if err := tx.DeleteAccount(ctx, a.ID); err != nil {
				return err
			}
		}
		services, err := tx.ServiceAccounts(ctx, users.ServiceAccountFilter{}, users.List{Limit: 10_000})
		if err != nil {
			return err
		}
		for _, a := range services {
			if err := tx.DeleteAccount(ctx, a.ID); err != nil {
				return err
			}
		}
		graph, err := tx.Graph(ctx)
		if err != nil {
			return err
		}
		var roles []users.Role
		for _, text := range h.ids {
			id, _ := users.ParseID(text)
			if r, exists := graph.Role(id); exists {
				roles = append(roles, r)
			}
			if p, exists := graph.Permission(id); exists && !system(string(p.Name)) {
				if err := tx.DeletePermission(ctx, id); err != nil {
					return err
				}
			}
		}
		// Heirs go first; Admin stays, and inherits from nothing.
		slices.SortFunc(roles, func(a, b users.Role) int { return len(graph.Chain(b.ID)) - len(graph.Chain(a.ID)) })
		for _, r := range roles {
			if r.System {
				r.ParentID = users.ID{}
				err = tx.UpdateRole(ctx, r)
			} else {
				err = tx.DeleteRole(ctx, r.ID)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
}
