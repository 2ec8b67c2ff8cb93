package gateway_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

// town is a service whose accounts, roles and permissions change at random, without hashing anything.
type town struct {
	t        *testing.T
	svc      *apitest.Service
	r        *rand.Rand
	accounts []users.ID
	roles    []users.ID
	rights   []users.ID
	tokens   []issued // all that were ever issued
	n        int
}

func newTown(t *testing.T, seed uint64) *town {
	w := &town{t: t, svc: apitest.Start(t, apitest.Options{}), r: rand.New(rand.NewPCG(seed, 4))}
	for range 6 {
		w.addRight()
		w.addRole()
	}
	for range 12 {
		w.addAccount()
	}
	return w
}

func (w *town) tx(fn func(ctx context.Context, tx users.Tx) error) {
	w.t.Helper()
	if err := w.svc.Store.InTx(w.t.Context(), func(tx users.Tx) error { return fn(w.t.Context(), tx) }); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) name(kind string) string {
	w.n++
	return fmt.Sprintf("%s %d", kind, w.n)
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func (w *town) addRight() {
	p := users.Permission{ID: users.NewID(), Name: users.PermissionName(strings.ReplaceAll(w.name("right"), " ", ":")), CreatedAt: time.Now(), UpdatedAt: time.Now()}
	w.tx(func(ctx context.Context, tx users.Tx) error { return tx.InsertPermission(ctx, p) })
	w.rights = append(w.rights, p.ID)
}

func (w *town) addRole() {
	role := users.Role{ID: users.NewID(), Name: users.RoleName(w.name("Role")), CreatedAt: time.Now(), UpdatedAt: time.Now()}
	if len(w.roles) > 0 && w.r.IntN(2) == 0 {
		role.ParentID = pick(w.r, w.roles)
	}
	w.tx(func(ctx context.Context, tx users.Tx) error { return tx.InsertRole(ctx, role) })
	w.roles = append(w.roles, role.ID)
}

func (w *town) addAccount() {
	email, err := users.ParseEmail(strings.ReplaceAll(w.name("person"), " ", "") + "@example.com")
	if err != nil {
		w.t.Fatal(err)
	}
	a := users.Account{ID: users.NewID(), Email: email, Role: users.Role{ID: pick(w.r, w.roles)}, Active: true, TokenVersion: 1, CreatedAt: time.Now(), UpdatedAt: time.Now()}
	w.tx(func(ctx context.Context, tx users.Tx) error { return tx.InsertAccount(ctx, a, "$2b$10$none") })
	w.accounts = append(w.accounts, a.ID)
	w.issue(a.ID)
}

// issue gives an account a token of today, if it gets one.
func (w *town) issue(id users.ID) {
	access, err := w.svc.Store.Access(w.t.Context(), id)
	if err == nil && access.Account.Active {
		token := issued{account: id, version: access.Account.TokenVersion, role: access.Account.Role.ID.String()}
		w.tokens = append(w.tokens, token)
	}
}

func (w *town) update(change func(*users.Account)) {
	id := pick(w.r, w.accounts)
	w.tx(func(ctx context.Context, tx users.Tx) error {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return nil // it has been deleted
		}
		change(&a)
		return tx.UpdateAccount(ctx, a)
	})
}

// happen does one thing, and says what.
func (w *town) happen() string {
	things := []struct {
		what string
		do   func()
	}{
		{"an account more", w.addAccount},
		{"a login", func() { w.issue(pick(w.r, w.accounts)) }},
		{"another login", func() { w.issue(pick(w.r, w.accounts)) }},
		{"another role for an account", func() { w.update(func(a *users.Account) { a.Role.ID = pick(w.r, w.roles) }) }},
		{"an account disabled", func() { w.update(func(a *users.Account) { a.Active, a.TokenVersion = false, a.TokenVersion+1 }) }},
		{"an account enabled", func() { w.update(func(a *users.Account) { a.Active = true }) }},
		{"a changed password", func() { w.update(func(a *users.Account) { a.TokenVersion++ }) }},
		{"nothing of a change", func() { w.update(func(a *users.Account) { a.UpdatedAt = time.Now() }) }},
		{"an account deleted", func() { w.svc.Exec(w.t, fmt.Sprintf(`DELETE FROM accounts WHERE id = '%s'`, pick(w.r, w.accounts))) }},
		{"many passwords changed by hand", func() {
			w.svc.Exec(w.t, `UPDATE accounts SET token_version = token_version + 1 WHERE token_version < 3 AND email LIKE 'person%'`)
		}},
		{"many accounts disabled by hand", func() {
			w.svc.Exec(w.t, `UPDATE accounts SET is_active = '0' WHERE token_version = 2 AND email LIKE 'person%'`)
		}},
		{"a role renamed", func() {
			w.svc.Exec(w.t, fmt.Sprintf(`UPDATE roles SET name = '%[2]s', name_key = lower('%[2]s') WHERE id = '%[1]s'`, pick(w.r, w.roles), w.name("Role")))
		}},
		{"two roles change names", func() { w.swapNames(pick(w.r, w.roles), pick(w.r, w.roles)) }},
		{"another parent", func() {
			child, parent := w.r.IntN(len(w.roles)), w.r.IntN(len(w.roles))
			if parent < child { // so that there is no cycle
				w.svc.Exec(w.t, fmt.Sprintf(`UPDATE roles SET parent_id = '%s' WHERE id = '%s'`, w.roles[parent], w.roles[child]))
			}
		}},
		{"a right given", func() {
			w.tx(func(ctx context.Context, tx users.Tx) error {
				return tx.Assign(ctx, pick(w.r, w.roles), []users.ID{pick(w.r, w.rights)})
			})
		}},
		{"a right given again", func() {
			w.tx(func(ctx context.Context, tx users.Tx) error {
				return tx.Assign(ctx, pick(w.r, w.roles), []users.ID{pick(w.r, w.rights)})
			})
		}},
		{"rights taken", func() {
			w.svc.Exec(w.t, fmt.Sprintf(`DELETE FROM role_permissions WHERE role_id = '%s'`, pick(w.r, w.roles)))
		}},
		{"a right more", w.addRight},
		{"a role more", w.addRole},
	}
	thing := pick(w.r, things)
	thing.do()
	return thing.what
}

func (w *town) swapNames(a, b users.ID) {
	if a == b {
		return
	}
	graph, err := w.svc.Store.Graph(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	first, _ := graph.Role(a)
	second, _ := graph.Role(b)
	between := first
	between.Name = users.RoleName(w.name("Between"))
	first.Name, second.Name = second.Name, first.Name
	w.tx(func(ctx context.Context, tx users.Tx) error {
		for _, r := range []users.Role{between, second, first} {
			if err := tx.UpdateRole(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// Whatever changes, and however: who follows comes to the same as the service itself about every token that was
// ever issued, whether they ask after each change, now and then, or for the first time.
func TestFollowersKnowTheTruth(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	w := newTown(t, seed)
	close, lazy := newFollower(w.svc), newFollower(w.svc)
	for i := range 150 {
		what := fmt.Sprintf("seed %d: %d: %s", seed, i, w.happen())
		close.catchUp(t)
		close.agrees(t, what, w.tokens)
		if w.r.IntN(15) == 0 {
			lazy.catchUp(t)
			lazy.agrees(t, what+", seen late", w.tokens)
		}
		if w.r.IntN(15) == 0 {
			fresh := newFollower(w.svc)
			fresh.catchUp(t)
			fresh.agrees(t, what+", seen first", w.tokens)
		}
	}
	if close.resets != 1 || lazy.resets > 1 {
		t.Errorf("the followers had to begin anew %d and %d times", close.resets, lazy.resets)
	}
}

// addMany adds accounts with numbers, and a token of every hundredth.
func (w *town) addMany(from, until int) {
	w.tx(func(ctx context.Context, tx users.Tx) error {
		for i := from; i < until; i++ {
			email, err := users.ParseEmail(fmt.Sprintf("many%d@example.com", i))
			if err != nil {
				return err
			}
			a := users.Account{ID: users.NewID(), Email: email, Role: users.Role{ID: w.roles[0]}, Active: true, TokenVersion: 1, CreatedAt: time.Now(), UpdatedAt: time.Now()}
			if err := tx.InsertAccount(ctx, a, "$2b$10$none"); err != nil {
				return err
			}
			if i%100 == 0 {
				w.tokens = append(w.tokens, issued{account: a.ID, version: 1, role: w.roles[0].String()})
			}
		}
		return nil
	})
}

// More than one statement holds comes in pieces, from the beginning as well as later, and what changes meanwhile is
// not lost.
func TestFollowingManyAccounts(t *testing.T) {
	t.Parallel()
	w := newTown(t, 1)
	early := newFollower(w.svc)
	early.catchUp(t)
	const many = 2500
	for from := 0; from < many; from += 50 { // a busy machine has ten seconds for each transaction
		w.addMany(from, from+50)
	}
	if told := early.catchUp(t); told != 0 {
		t.Errorf("%d accounts that have just been made are told of", told)
	}
	w.svc.Exec(t, `UPDATE accounts SET token_version = 2 WHERE email LIKE 'many%'`)
	if told := early.catchUp(t); told != many {
		t.Errorf("%d accounts were told of, want %d", told, many)
	}
	early.agrees(t, "told in pieces", w.tokens)

	late := newFollower(w.svc)
	for piece := 0; ; piece++ {
		_, s := late.next(t, 0)
		if s.Reset != (piece == 0) || (len(s.Roles) > 0) != (piece == 0) || s.More != (piece < 2) {
			t.Errorf("piece %d: reset %t, %d roles, %d accounts, more %t", piece, s.Reset, len(s.Roles), len(s.Accounts), s.More)
		}
		if piece == 0 {
			w.svc.Exec(t, `UPDATE accounts SET is_active = '0' WHERE email LIKE 'many%0@example.com'`)
		}
		if !s.More {
			break
		}
	}
	late.agrees(t, "told in pieces from the beginning", w.tokens)
	early.catchUp(t)
	early.agrees(t, "told once more", w.tokens)
}
