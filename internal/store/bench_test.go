package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

// benchmarkAccounts is enough that a list which reads more than its piece shows.
const benchmarkAccounts = 5000

func BenchmarkAccess(b *testing.B) {
	onBoth(b, func(b *testing.B, s *store.Store, all []users.Account) {
		// A request's context can always be cancelled, and an engine may have to watch it.
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		for i := 0; b.Loop(); i++ {
			if _, err := s.Access(ctx, all[i%len(all)].ID); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAccounts(b *testing.B) {
	onBoth(b, func(b *testing.B, s *store.Store, all []users.Account) {
		for _, depth := range []int{0, benchmarkAccounts - 100} {
			b.Run(fmt.Sprintf("depth=%d", depth), func(b *testing.B) {
				at := all[depth]
				list := users.List{Limit: 20, After: &users.Position{Time: at.CreatedAt, ID: at.ID}}
				for b.Loop() {
					if got, err := s.Accounts(b.Context(), users.AccountFilter{}, list); err != nil || len(got) != 20 {
						b.Fatal(len(got), err)
					}
				}
			})
		}
	})
}

// onBoth runs a benchmark on each engine, with accounts in the order of their creation.
func onBoth(b *testing.B, run func(*testing.B, *store.Store, []users.Account)) {
	for name, fresh := range map[string]func(testing.TB) string{"SQLite": newSQLite, "Postgres": pgtest.URL} {
		b.Run(name, func(b *testing.B) {
			ctx := b.Context()
			s, err := store.Open(ctx, fresh(b))
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = s.Close() })
			s.SetLimits(time.Hour, time.Hour, time.Hour)
			if err := s.Migrate(ctx); err != nil {
				b.Fatal(err)
			}
			all := fill(b, s)
			run(b, s, all)
		})
	}
}

func fill(b *testing.B, s *store.Store) []users.Account {
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	role := users.Role{ID: users.NewID(), Name: "Role", CreatedAt: at, UpdatedAt: at}
	var all []users.Account
	err := s.InTx(b.Context(), func(tx users.Tx) error {
		all = nil
		if err := tx.InsertRole(b.Context(), role); err != nil {
			return err
		}
		for i := range benchmarkAccounts {
			email, err := users.ParseEmail(fmt.Sprintf("account-%d@example.com", i))
			if err != nil {
				return err
			}
			at = at.Add(time.Second)
			a := users.Account{ID: users.NewID(), Email: email, Role: role, Active: true, TokenVersion: 1, CreatedAt: at, UpdatedAt: at}
			if err := tx.InsertAccount(b.Context(), a, "$2b$10$"); err != nil {
				return err
			}
			all = append(all, a)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return all
}
