package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

// forgeries are sequences of notifications. R0 and A0 are the revision before a change, R1 and A1 those after it, x the
// account that lost something and y another. The first is one by which an account was once kept alive without end.
var forgeries = [][]string{
	{"a A0 x", "a A1 y", "a A0 y"},
	{"a A0 x"},
	{"a A1 y"},
	{"a A0 x", "a A1 y"},
	{"a A0 y", "a A0 y", "a A1 y"},
	{"r R0", "a A0 x", "a A1 y", "r R1"},
	{"a A0 x", "a A1 y", "a A0 y", "a A1 x"},
	{"?", "a A0 y", "r R0", "a A1 y"},
}

// TestPostgresForgedNotifications: a user of the database without a right to any table sends notifications after each
// kind of loss. Within a second neither the Store that made the change nor another says yes from memory, then or after
// the next real change, and what they read is right.
func TestPostgresForgedNotifications(t *testing.T) {
	t.Parallel()
	type change func(t *testing.T, tx users.Tx, a users.Account, p users.Permission, other users.Role) error
	for name, take := range map[string]change{
		"disabled": func(t *testing.T, tx users.Tx, a users.Account, _ users.Permission, _ users.Role) error {
			a.Active = false
			return tx.UpdateAccount(t.Context(), a)
		},
		"deleted": func(t *testing.T, tx users.Tx, a users.Account, _ users.Permission, _ users.Role) error {
			return tx.DeleteAccount(t.Context(), a.ID)
		},
		"password reset": func(t *testing.T, tx users.Tx, a users.Account, _ users.Permission, _ users.Role) error {
			a.TokenVersion++
			if err := tx.SetPasswordHash(t.Context(), a.ID, "$2b$10$other"); err != nil {
				return err
			}
			return tx.UpdateAccount(t.Context(), a)
		},
		"demoted": func(t *testing.T, tx users.Tx, a users.Account, _ users.Permission, other users.Role) error {
			a.Role = other
			return tx.UpdateAccount(t.Context(), a)
		},
		"right taken from the role": func(t *testing.T, tx users.Tx, a users.Account, p users.Permission, _ users.Role) error {
			return tx.Unassign(t.Context(), a.Role.ID, p.ID)
		},
	} {
		for mode, send := range map[string]func(t *testing.T, c *pgx.Conn, channel string, sequence []string){
			"at once": func(t *testing.T, c *pgx.Conn, channel string, sequence []string) {
				do(t, c, `BEGIN`)
				for _, payload := range sequence {
					do(t, c, `NOTIFY "`+channel+`", '`+payload+`'`)
				}
				do(t, c, `COMMIT`)
			},
			"one by one": func(t *testing.T, c *pgx.Conn, channel string, sequence []string) {
				for _, payload := range sequence {
					do(t, c, `NOTIFY "`+channel+`", '`+payload+`'`)
					time.Sleep(20 * time.Millisecond) // in which a heartbeat comes back
				}
			},
		} {
			t.Run(name+" "+mode, func(t *testing.T) {
				t.Parallel()
				url := pgtest.URL(t)
				here, y := withAccount(t, url)
				elsewhere, err := store.Open(t.Context(), url)
				if err != nil {
					t.Fatal(err)
				}
				defer elsewhere.Close()
				forger, _ := stranger(t, url)
				listening(t, here, "")
				listening(t, elsewhere, "")
				channels := []string{
					value(t, url, `SELECT change_channel(channel, tableoid, '') FROM authorization_stamp`), // as if it were known
					"svc_users_" + value(t, url, `SELECT CAST(tableoid AS text) FROM authorization_stamp`), // what it once was
				}
				for i, sequence := range forgeries {
					x, p, other := addVictim(t, here, i)
					may := func(s *store.Store) bool {
						access, ok := s.CachedAccess(x.ID)
						a := access.Account
						return ok && a.Active && a.TokenVersion == x.TokenVersion && access.Graph.May(a.Role.ID, p.Name)
					}
					for _, s := range []*store.Store{here, elsewhere} {
						warm(t, s, y.ID)
						soon(t, "let in from memory", func() bool { warm(t, s, x.ID); return may(s) })
					}
					before, _ := here.Access(t.Context(), x.ID)
					if err := here.InTx(t.Context(), func(tx users.Tx) error { return take(t, tx, x, p, other) }); err != nil {
						t.Fatal(err)
					}
					changed := time.Now()
					after, err := here.Access(t.Context(), y.ID)
					if err != nil {
						t.Fatal(err)
					}
					words := strings.NewReplacer("R0", before.Revision.Roles, "R1", after.Revision.Roles, "A0", before.Revision.Accounts,
						"A1", after.Revision.Accounts, " x", " "+x.ID.String(), " y", " "+y.ID.String())
					real := make([]string, len(sequence))
					for i, payload := range sequence {
						real[i] = words.Replace(payload)
					}
					for _, channel := range channels {
						send(t, forger, channel, real)
					}
					watch := func(what string, until time.Duration) {
						for ; time.Since(changed) < until; time.Sleep(2 * time.Millisecond) {
							if may(here) {
								t.Fatalf("%q, %s: it is let in by who changed it after %v", sequence, what, time.Since(changed))
							}
							asked := time.Since(changed)
							if may(elsewhere) && asked > time.Second {
								t.Fatalf("%q, %s: it is let in by another after %v", sequence, what, asked)
							}
						}
					}
					watch("at first", 1200*time.Millisecond)
					if err := here.InTx(t.Context(), func(tx users.Tx) error { y.TokenVersion++; return tx.UpdateAccount(t.Context(), y) }); err != nil {
						t.Fatal(err)
					}
					watch("after another change", 1500*time.Millisecond)
					for _, s := range []*store.Store{here, elsewhere} {
						access, err := s.Access(t.Context(), x.ID)
						a := access.Account
						if name == "deleted" && !errors.Is(err, users.ErrNotFound) || name != "deleted" && (err != nil ||
							a.Active && a.TokenVersion == x.TokenVersion && access.Graph.May(a.Role.ID, p.Name)) {
							t.Errorf("%q: it is read as %+v (%v)", sequence, a, err)
						}
					}
				}
			})
		}
	}
}

// addVictim makes an account whose role has a permission, and a role that has none.
func addVictim(t *testing.T, s *store.Store, n int) (users.Account, users.Permission, users.Role) {
	t.Helper()
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	email, err := users.ParseEmail(fmt.Sprintf("victim%d@example.com", n))
	if err != nil {
		t.Fatal(err)
	}
	named := func(what string) users.Role {
		return users.Role{ID: users.NewID(), Name: users.RoleName(fmt.Sprint(what, n)), CreatedAt: at, UpdatedAt: at}
	}
	role, other := named("Victim"), named("Other")
	p := users.Permission{ID: users.NewID(), Name: users.PermissionName(fmt.Sprintf("victim:%d", n)), CreatedAt: at, UpdatedAt: at}
	a := users.Account{ID: users.NewID(), Email: email, Role: role, Active: true, TokenVersion: 1, CreatedAt: at, UpdatedAt: at}
	ctx := t.Context()
	err = s.InTx(ctx, func(tx users.Tx) error {
		for _, err := range []error{
			tx.InsertRole(ctx, role), tx.InsertRole(ctx, other), tx.InsertPermission(ctx, p),
			tx.Assign(ctx, role.ID, []users.ID{p.ID}), tx.InsertAccount(ctx, a, "h"),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return a, p, other
}
