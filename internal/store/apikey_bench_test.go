package store_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/store"
)

// BenchmarkAPIKeys looks API keys up among few and among many: what a key costs must not depend on how many there are. A
// key that does not exist takes a query each time.
func BenchmarkAPIKeys(b *testing.B) {
	for _, count := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("keys=%d", count), func(b *testing.B) {
			onBoth(b, func(b *testing.B, s *store.Store, all []users.Account) {
				secrets := fillAPIKeys(b, s, all, count)
				b.Run("unknown", func(b *testing.B) {
					var secret users.APIKeySecret
					for b.Loop() {
						_, _ = rand.Read(secret[:])
						if _, err := s.FindAPIKey(b.Context(), secret); !errors.Is(err, users.ErrNotFound) {
							b.Fatal(err)
						}
					}
				})
				b.Run("one", func(b *testing.B) {
					for b.Loop() {
						if _, err := s.FindAPIKey(b.Context(), secrets[0]); err != nil {
							b.Fatal(err)
						}
					}
				})
				if err := s.Listen("", func(bool, string) {}); err != nil {
					b.Fatal(err)
				}
				b.Run("cached", func(b *testing.B) {
					found, tries := 0, 0
					for b.Loop() {
						tries++
						if _, ok := s.CachedAPIKey(secrets[0]); ok {
							found++
						} else if _, err := s.FindAPIKey(b.Context(), secrets[0]); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(100*float64(found)/float64(tries), "%cached")
				})
			})
		})
	}
}

// fillAPIKeys makes keys, the same number for each account, and returns their secrets.
func fillAPIKeys(b *testing.B, s *store.Store, all []users.Account, count int) []users.APIKeySecret {
	b.Helper()
	secrets := make([]users.APIKeySecret, count)
	now := time.Now()
	err := s.InTx(b.Context(), func(tx users.Tx) error {
		for i := range secrets {
			_, _ = rand.Read(secrets[i][:])
			key := users.APIKey{
				ID: users.NewID(), Account: all[i%len(all)].ID, Name: fmt.Sprint("Key ", i), LastFour: "last", Scope: users.NewScope("docs:read"),
				CreatedAt: now, ExpiresAt: now.Add(time.Hour),
			}
			if err := tx.InsertAPIKey(b.Context(), key, secrets[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return secrets
}
