package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/store"
)

// world makes random changes of roles, permissions and assignments, through a store and by SQL.
type world struct {
	*fixture
	draw               *rand.Rand
	roles, permissions []users.ID // that are there, or were
	made               int
}

func (w *world) role() users.ID       { return w.roles[w.draw.IntN(len(w.roles))] }
func (w *world) permission() users.ID { return w.permissions[w.draw.IntN(len(w.permissions))] }

// name returns one that no other has.
func (w *world) name() string { w.made++; return fmt.Sprint("n:", w.made) }

// throughStore makes one change in a transaction of the service. What refers to nothing, or is in use, is refused.
func (w *world) throughStore(tx users.Tx) error {
	ctx := w.t.Context()
	switch w.draw.IntN(7) {
	case 0:
		r := newRole(w.name(), users.ID{})
		if w.draw.IntN(2) == 0 {
			r.ParentID = w.role()
		}
		w.roles = append(w.roles, r.ID)
		return tx.InsertRole(ctx, r)
	case 1:
		r := newRole(w.name(), w.role())
		r.ID, r.Description = w.role(), pointer(w.name())
		return tx.UpdateRole(ctx, r)
	case 2:
		return tx.DeleteRole(ctx, w.role())
	case 3:
		p := newPermission(w.name())
		w.permissions = append(w.permissions, p.ID)
		return tx.InsertPermission(ctx, p)
	case 4:
		p := newPermission(w.name())
		p.ID, p.Description = w.permission(), pointer(w.name())
		return tx.UpdatePermission(ctx, p)
	case 5:
		return tx.DeletePermission(ctx, w.permission())
	}
	return tx.Assign(ctx, w.role(), []users.ID{w.permission(), w.permission()})
}

// statement returns a random SQL statement, as an operator with a shell might run.
func (w *world) statement() string {
	switch w.draw.IntN(10) {
	case 0:
		return fmt.Sprintf(`UPDATE roles SET parent_id = (SELECT id FROM roles WHERE id = '%s') WHERE id = '%s'`, w.role(), w.role())
	case 1:
		return fmt.Sprintf(`UPDATE roles SET description = '%s', owner = 'hand' WHERE id IN ('%s', '%s')`, w.name(), w.role(), w.role())
	case 2:
		return fmt.Sprintf(`UPDATE permissions SET name = name || 'x' WHERE id = '%s'`, w.permission())
	case 3:
		return fmt.Sprintf(`UPDATE permissions SET description = '%s'`, w.name())
	case 4:
		return fmt.Sprintf(`DELETE FROM role_permissions WHERE permission_id = '%s'`, w.permission())
	case 5:
		return fmt.Sprintf(`INSERT INTO role_permissions (role_id, permission_id) SELECT r.id, p.id FROM roles r, permissions p WHERE p.id = '%s' ON CONFLICT DO NOTHING`, w.permission())
	case 6:
		return fmt.Sprintf(`UPDATE roles SET is_system = '1' WHERE id = '%s' AND NOT EXISTS (SELECT 1 FROM roles WHERE is_system)`, w.role())
	case 7:
		return `UPDATE roles SET is_system = '0' WHERE is_system`
	case 8:
		return fmt.Sprintf(`DELETE FROM permissions WHERE id = '%s'`, w.permission())
	}
	return `DELETE FROM change_marks` // nothing can be read on from there
}

// contents is all that a graph says of what is there, or was.
func (w *world) contents(s *store.Store) map[string]string {
	w.t.Helper()
	g, err := s.Graph(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	said := map[string]string{}
	for _, id := range w.roles {
		role, exists := g.Role(id)
		said["role "+id.String()] = w.text(role, exists, g.Chain(id), g.Assigned(id), g.HeldPermissions(id), g.Effective(id))
	}
	for _, id := range w.permissions {
		permission, exists := g.Permission(id)
		said["permission "+id.String()] = w.text(permission, exists)
	}
	return said
}

// text is values as JSON, in which pointers are what they point to.
func (w *world) text(values ...any) string {
	w.t.Helper()
	text, err := json.Marshal(values)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// testGraphFollowsChanges: after any changes, by the service and by hand, the graph of two replicas, which have read what
// has changed since they looked last, says the same as one that is read from scratch.
func testGraphFollowsChanges(t *testing.T, f *fixture) {
	seed := rand.Uint64()
	w := &world{fixture: f, draw: rand.New(rand.NewPCG(seed, seed)), roles: []users.ID{f.role.ID}, permissions: []users.ID{f.addPermission("n:0").ID}}
	other := open(t, f.url)
	for round := range 25 {
		var made []string
		for range 1 + w.draw.IntN(6) {
			if w.draw.IntN(2) == 0 {
				statement := w.statement()
				made = append(made, statement)
				byHand(t, f.url, statement)
				continue
			}
			made = append(made, "through the store")
			err := f.InTx(t.Context(), func(tx users.Tx) error {
				for range 1 + w.draw.IntN(3) {
					if err := w.throughStore(tx); err != nil {
						return err
					}
					if _, err := tx.Graph(t.Context()); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil && !errors.Is(err, users.ErrNotFound) && !errors.Is(err, users.ErrInUse) && !errors.Is(err, users.ErrBadReference) {
				t.Fatal(err)
			}
		}
		if round == 20 { // more than is read one by one
			made = append(made, w.many(1100))
			byHand(t, f.url, made[len(made)-1])
		}
		want := w.contents(open(t, f.url))
		for name, s := range map[string]*store.Store{"this replica": f.Store, "the other": other} {
			if got := w.contents(s); !maps.Equal(got, want) {
				same(t, fmt.Sprintf("seed %d, round %d, %s, after %s", seed, round, name, strings.Join(made, "; ")), got, want)
				return
			}
		}
	}
}

// many is a statement that makes so many permissions.
func (w *world) many(n int) string {
	values := make([]string, n)
	for i := range values {
		id := users.NewID()
		w.permissions = append(w.permissions, id)
		values[i] = fmt.Sprintf(`('%s', '%s', %s)`, id, w.name(), w.instant())
	}
	return `INSERT INTO permissions (id, name, created_at, updated_at) VALUES ` + strings.Join(values, `, `)
}

// instant is the two times of a row, as the engine has them.
func (w *world) instant() string {
	if strings.HasPrefix(w.url, "sqlite://") {
		return "1, 1"
	}
	return "now(), now()"
}
