package password

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	users "github.com/svc-users/svc-users"
)

// TestPoolTellsWhetherItIsBusy: once when work begins, before any of it is done, and once when there has been
// none for a while; short gaps are not worth telling.
func TestPoolTellsWhetherItIsBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []int
		p := newPool(2, time.Minute, pace{mean: time.Second}, func() {}, func(workers int) { told = append(told, workers) })
		defer p.close()
		hash := func() {
			t.Helper()
			err := p.do(context.Background(), users.PurposeLogin, func() {
				if len(told)%2 == 0 {
					t.Error("a hash began before it was told")
				}
				time.Sleep(time.Second)
			})
			if err != nil {
				t.Error(err)
			}
		}
		check := func(want ...int) {
			t.Helper()
			synctest.Wait()
			p.mu.Lock()
			defer p.mu.Unlock()
			if !slices.Equal(told, want) {
				t.Errorf("told %v, want %v", told, want)
			}
		}
		check()
		hash()
		time.Sleep(calm / 2)
		hash()
		hash()
		check(2)
		time.Sleep(calm - time.Millisecond)
		check(2)
		time.Sleep(2 * time.Millisecond)
		check(2, 0)
		time.Sleep(time.Hour)
		hash()
		check(2, 0, 2)
		time.Sleep(time.Hour)
		check(2, 0, 2, 0)
	})
}
