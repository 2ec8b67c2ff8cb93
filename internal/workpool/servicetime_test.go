package workpool

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestBacklog(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mean    time.Duration
		hashes  int
		workers int
		want    time.Duration
	}{
		{time.Millisecond, 3, 2, time.Second},
		{250 * time.Millisecond, 4, 1, time.Second},
		{250 * time.Millisecond, 5, 1, 2 * time.Second},
		{250 * time.Millisecond, 14, 2, 2 * time.Second},
		{4 * time.Second, 3, 2, 6 * time.Second},
	} {
		if got := (serviceTime{mean: c.mean}).backlog(c.hashes, c.workers); got != c.want {
			t.Errorf("%d hashes of %v, %d workers: got %v, want %v", c.hashes, c.mean, c.workers, got, c.want)
		}
	}
}

// The average follows a machine that becomes slower or faster, and one stray hash moves it little.
func TestServiceTimeFollows(t *testing.T) {
	t.Parallel()
	p := serviceTime{mean: 100 * time.Millisecond}
	p.add(500 * time.Millisecond)
	if p.mean > 160*time.Millisecond {
		t.Errorf("after one slow hash: %v", p.mean)
	}
	for range 60 {
		p.add(500 * time.Millisecond)
	}
	if p.mean < 480*time.Millisecond || p.mean > 500*time.Millisecond {
		t.Errorf("after many slow hashes: %v", p.mean)
	}
	for range 200 {
		p.add(0)
	}
	if p.mean <= 0 {
		t.Errorf("after many of no time: %v, by which nothing can be divided", p.mean)
	}
}

// The pool learns from what it does: when jobs turn out slower than thought, it expects more time of them.
func TestLearnsServiceTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1, shortWait, jobTime/5)
		defer p.Close()
		for range 60 {
			if err := p.Do(t.Context(), logins, sleep); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.expectedWait(3); got < 3*jobTime*99/100 || got > 3*jobTime {
			t.Errorf("three hashes are expected to take %v", got)
		}
	})
}

// Work that broke off says nothing about how long hashes take: counted as quick, it would let too many wait.
func TestServiceTimeIgnoresWhatBrokeOff(t *testing.T) {
	t.Parallel()
	p := slowPool(1)
	defer p.Close()
	for range 20 {
		if err := p.Do(t.Context(), logins, func() { panic("broken") }); err == nil {
			t.Fatal("a panic went unnoticed")
		}
	}
	if p.serviceTime.mean != jobTime {
		t.Errorf("a hash is now thought to take %v", p.serviceTime.mean)
	}
}
