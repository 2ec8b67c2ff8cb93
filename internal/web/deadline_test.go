package web

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

type deadlineKey struct{}

// TestLazyDeadlineIsADeadline holds lazyDeadline against context.WithDeadline, with and without somebody who waits.
func TestLazyDeadlineIsADeadline(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		parentLives time.Duration // 0: for ever
		cancelled   bool          // the parent is, after a second
		end         bool          // it is told to end, after a second
	}{
		"by itself": {}, "parent sooner": {parentLives: 2 * time.Second}, "parent later": {parentLives: time.Hour},
		"parent cancelled": {cancelled: true}, "ended": {end: true},
	} {
		for _, waited := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				parent, cancelParent := context.WithCancel(context.WithValue(context.Background(), deadlineKey{}, "found"))
				defer cancelParent()
				if test.parentLives > 0 {
					parent, cancelParent = context.WithTimeout(parent, test.parentLives)
					defer cancelParent()
				}
				until := time.Now().Add(5 * time.Second)
				model, cancelModel := context.WithDeadline(parent, until)
				defer cancelModel()
				p := &lazyDeadline{parent: parent, until: until}
				defer p.end()
				if waited {
					p.Done()
				}
				time.Sleep(time.Second / 4) // never to look in the very instant in which timers run
				for range 14 {
					if got, want := p.Err(), model.Err(); !errors.Is(got, want) || (got == nil) != (want == nil) {
						t.Fatalf("%s, waited for: %t: error %v, want %v", name, waited, got, want)
					}
					got, _ := p.Deadline()
					if want, _ := model.Deadline(); !got.Equal(want) {
						t.Fatalf("%s: deadline %v, want %v", name, got, want)
					}
					if p.Value(deadlineKey{}) != "found" {
						t.Fatalf("%s, waited for: %t: a value of the parent is lost", name, waited)
					}
					time.Sleep(time.Second / 2)
					if test.cancelled && model.Err() == nil && time.Until(until) <= 4*time.Second {
						cancelParent()
					}
					if test.end && model.Err() == nil && time.Until(until) <= 4*time.Second {
						cancelModel()
						p.end()
					}
					synctest.Wait()
				}
				select {
				case <-p.Done():
				default:
					t.Errorf("%s, waited for: %t: it is over, and Done is open", name, waited)
				}
			})
		}
	}
}

// TestLazyDeadlineHasChildren: a child ends with it, whoever asked first.
func TestLazyDeadlineHasChildren(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &lazyDeadline{parent: context.Background(), until: time.Now().Add(time.Second)}
		child, cancel := context.WithTimeout(p, time.Minute)
		defer cancel()
		stop := context.AfterFunc(p, func() {})
		defer stop()
		<-child.Done()
		if child.Err() != context.DeadlineExceeded {
			t.Errorf("the child ended with %v", child.Err())
		}
		p.end()
	})
}
