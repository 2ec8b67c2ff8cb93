package store_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

// A list must cost the same whatever this is: compare a run with 1000 and one with 1000000.
var accounts = flag.Int("accounts", 20_000, "how many accounts benchmarks of lists have")

func BenchmarkLists(b *testing.B) {
	for name, fresh := range map[string]func(testing.TB) string{"SQLite": newSQLite, "Postgres": pgtest.URL} {
		b.Run(name, func(b *testing.B) {
			url := fresh(b)
			s, err := store.Open(b.Context(), url)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = s.Close() })
			if err := s.Migrate(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.Logf("%d accounts were made in %v", *accounts, bulk(b, url, *accounts))
			b.Run("list", func(b *testing.B) { benchmarkLists(b, s) })
			b.Run("count", func(b *testing.B) { benchmarkCounts(b, s) })
			b.Run("search", func(b *testing.B) { benchmarkSearches(b, s) })
			b.Run("insert", func(b *testing.B) { benchmarkInsert(b, s) })
		})
	}
}

// orders are all that a list can be sorted by.
var orders = []struct {
	name string
	users.Order
}{{"created", users.Order{}}, {"-created", users.Order{Descending: true}}, {"email", users.Order{ByText: true}}, {"-email", users.Order{ByText: true, Descending: true}}}

// filters are those that have an index. One role in ten has all active accounts.
func filters() []filter {
	yes, no := true, false
	return []filter{
		{"all", users.AccountFilter{}},
		{"active", users.AccountFilter{Active: &yes}},
		{"disabled", users.AccountFilter{Active: &no}},
		{"role", users.AccountFilter{RoleID: bulkRole(0)}},
		{"role,active", users.AccountFilter{RoleID: bulkRole(0), Active: &yes}},
		{"role,disabled", users.AccountFilter{RoleID: bulkRole(0), Active: &no}},
	}
}

type filter struct {
	name string
	users.AccountFilter
}

func benchmarkLists(b *testing.B, s *store.Store) {
	for _, by := range orders {
		for _, of := range filters() {
			for _, depth := range []int{0, 50, 95} {
				list := users.List{Order: by.Order, Limit: 21, After: bulkPosition(*accounts, depth, by.Descending)}
				b.Run(fmt.Sprintf("%s/%s/depth=%d%%", by.name, of.name, depth), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if _, err := s.Accounts(b.Context(), of.AccountFilter, list); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

func benchmarkCounts(b *testing.B, s *store.Store) {
	for _, of := range filters() {
		b.Run(of.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.CountAccounts(b.Context(), of.AccountFilter, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// benchmarkSearches does what a page with its total takes.
func benchmarkSearches(b *testing.B, s *store.Store) {
	for _, part := range []string{
		bulkEmail(*accounts / 2)[:12], // few have it
		"team42.",                     // one in a hundred
		"m42.example.com",             // the same, most of it common to all
		"@team4",                      // one in ten
		"example.com",                 // all
		"none has it",                 // none, as any of its trigrams shows
		"42@team43",                   // none, though some have each of its parts
		"p", "pe",                     // all begin so
		"person9",
	} {
		for _, by := range orders {
			for _, of := range filters() {
				filter := of.AccountFilter
				filter.Query = part
				b.Run(fmt.Sprintf("%s/%s/%s", part, by.name, of.name), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if _, err := s.Accounts(b.Context(), filter, users.List{Order: by.Order, Limit: 21}); err != nil {
							b.Fatal(err)
						}
						if _, err := s.CountAccounts(b.Context(), filter, 10_001); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

func benchmarkInsert(b *testing.B, s *store.Store) {
	b.ReportAllocs()
	for b.Loop() {
		id := users.NewID()
		email, err := users.ParseEmail("new." + id.String() + "@other.example.net")
		if err != nil {
			b.Fatal(err)
		}
		now := time.Now()
		a := users.Account{ID: id, Email: email, Role: users.Role{ID: bulkRole(1)}, Active: true, TokenVersion: 1, CreatedAt: now, UpdatedAt: now}
		if err := s.InTx(b.Context(), func(tx users.Tx) error { return tx.InsertAccount(b.Context(), a, "hash") }); err != nil {
			b.Fatal(err)
		}
	}
}
