package workpool

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestOnBusy: once when work begins, before any of it is done, and once when there has been
// none for a while; short gaps are not worth telling.
func TestOnBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []int
		p := New(Options{
			Workers: 2, MaxWait: time.Minute, ServiceTime: time.Second, Classes: testClasses[:],
			Start: func() {}, OnBusy: func(workers int) { told = append(told, workers) },
		})
		defer p.Close()
		hash := func() {
			t.Helper()
			err := p.Do(context.Background(), logins, func() {
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
		time.Sleep(idleAfter / 2)
		hash()
		hash()
		check(2)
		time.Sleep(idleAfter - time.Millisecond)
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
