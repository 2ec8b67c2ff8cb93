package authz

import (
	"context"
	"fmt"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/manifest"
)

// TestOperatorRecordsEvents makes what the process and its commands change, on a database that has nothing yet.
func TestOperatorRecordsEvents(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			l := &ledger{}
			svc := apitest.Start(t, apitest.Options{Engine: engine, Recorders: []users.Recorder{l}})
			raw, ctx := openRaw(t, svc.Database), t.Context()
			for _, table := range []string{"accounts", "roles", "permissions"} {
				_, err := raw.db.ExecContext(ctx, "DELETE FROM "+table)
				must(t, err)
			}
			ports := svc.Users.Ports
			ports.Operator = true
			rules := users.New(ports)
			permissions := strings.Repeat("permission.created ", len(users.SystemPermissions()))
			declaration := manifest.Declaration{
				Service:     "shop",
				Permissions: []manifest.DeclaredPermission{{Name: "shop:buy"}},
				Roles:       []manifest.DeclaredRole{{Name: "Buyer", Permissions: []string{"shop:buy"}}},
			}
			for _, c := range []struct {
				what  string
				kinds string
				do    func(context.Context) error
			}{
				{"bootstrap", "role.created " + permissions + "system.bootstrapped", rules.Bootstrap},
				{"bootstrap again", "", rules.Bootstrap},
				{"an administrator", "account.created", func(ctx context.Context) error {
					_, err := rules.CreateAdministrator(ctx, "second@example.com", "a-fresh-secret")
					return err
				}},
				{"seed", "role.created role.created role.updated account.created account.created demo.seeded", func(ctx context.Context) error {
					_, err := rules.Seed(ctx)
					return err
				}},
				{"seed again", "", func(ctx context.Context) error { _, err := rules.Seed(ctx); return err }},
				{"apply", "permission.created role.created declaration.applied", func(ctx context.Context) error {
					_, err := manifest.New(rules).Apply(ctx, users.AsOperator(), declaration)
					return err
				}},
				{"apply without effect", "", func(ctx context.Context) error {
					_, err := rules.DryRun(ctx, func(s *users.Service) error {
						declaration.Prune, declaration.Roles = true, nil
						_, err := manifest.New(s).Apply(ctx, users.AsOperator(), declaration)
						return err
					})
					return err
				}},
			} {
				events := watch(t, raw, l, users.Subject{Kind: users.SubjectOperator}, func() { must(t, c.do(ctx)) })
				if got := kinds(events); got != c.kinds {
					t.Errorf("%s has recorded %q, want %q", c.what, got, c.kinds)
				}
			}
		})
	}
}

// A login that hashes the same password anew records that, once.
func TestHashUpgradeRecordsAnEvent(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			l := &ledger{}
			svc := apitest.Start(t, apitest.Options{Engine: engine, Recorders: []users.Recorder{l}})
			raw := openRaw(t, svc.Database)
			ada := svc.NewAccount(t, svc.NewRole(t, ""))
			id, _ := users.ParseID(ada.ID)
			hash, err := svc.Store.PasswordHash(t.Context(), id)
			must(t, err)
			// The same hash under the prefix of older libraries, which means the same.
			older := strings.Replace(string(hash), "$2b$", "$2a$", 1)
			_, err = raw.db.ExecContext(t.Context(), fmt.Sprintf(`UPDATE accounts SET password_hash = '%s' WHERE id = '%s'`, older, ada.ID))
			must(t, err)
			// Where the event can't be kept the hash stays as it is, and the login succeeds all the same.
			ports := svc.Users.Ports
			ports.Recorders = []users.Recorder{failing{}}
			_, err = users.New(ports).Login(t.Context(), users.LoginRequest{Email: ada.Email, Password: ada.Password})
			must(t, err)
			if now, err := svc.Store.PasswordHash(t.Context(), id); err != nil || string(now) != older {
				t.Errorf("the hash was replaced, and no event kept (%v)", err)
			}
			actor := users.Subject{Kind: users.SubjectPerson, ID: id, Name: ada.Email}
			for _, want := range []string{"account.hash_upgraded", ""} {
				events := watch(t, raw, l, actor, func() { svc.Login(t, ada.Email, ada.Password) })
				if got := kinds(events); got != want {
					t.Errorf("a login has recorded %q, want %q", got, want)
				}
			}
		})
	}
}
