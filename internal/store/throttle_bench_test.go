package store_test

import (
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/limit"
	"github.com/svc-users/svc-users/internal/store"
	"github.com/svc-users/svc-users/internal/throttle"
)

// BenchmarkAttempts does what the Guard does with each login that succeeds: look, take and give back, of two budgets. "none
// left" is a login that is refused.
func BenchmarkAttempts(b *testing.B) {
	onBoth(b, func(b *testing.B, s *store.Store, _ []users.Account) {
		draws := []throttle.Draw{
			{ID: users.NewID(), Kind: throttle.KindAddress, Subject: "203.0.113.7", Rate: limit.Rate{Burst: 10, Every: time.Hour}},
			{ID: users.NewID(), Kind: throttle.KindAccount, Rate: limit.Rate{Burst: 2, Every: time.Hour}},
		}
		b.Run("right", func(b *testing.B) {
			for b.Loop() {
				empty, err := s.ExhaustedBudgets(b.Context(), time.Now(), draws)
				if err == nil {
					empty, err = s.TakeAttempts(b.Context(), time.Now(), draws)
				}
				if err == nil {
					err = s.ReturnAttempts(b.Context(), time.Now(), draws)
				}
				if err != nil || len(empty) > 0 {
					b.Fatal(empty, err)
				}
			}
		})
		for range 2 {
			if _, err := s.TakeAttempts(b.Context(), time.Now(), draws); err != nil {
				b.Fatal(err)
			}
		}
		b.Run("none left", func(b *testing.B) {
			for b.Loop() {
				if empty, err := s.ExhaustedBudgets(b.Context(), time.Now(), draws); err != nil || len(empty) != 1 {
					b.Fatal(empty, err)
				}
			}
		})
	})
}
