package password

import (
	"testing"
	"testing/synctest"
	"time"

	users "github.com/svc-users/svc-users"
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
		if got := (pace{mean: c.mean}).backlog(c.hashes, c.workers); got != c.want {
			t.Errorf("%d hashes of %v, %d workers: got %v, want %v", c.hashes, c.mean, c.workers, got, c.want)
		}
	}
}

// The average follows a machine that becomes slower or faster, and one stray hash moves it little.
func TestPaceFollows(t *testing.T) {
	t.Parallel()
	p := pace{mean: 100 * time.Millisecond}
	p.note(500 * time.Millisecond)
	if p.mean > 160*time.Millisecond {
		t.Errorf("after one slow hash: %v", p.mean)
	}
	for range 60 {
		p.note(500 * time.Millisecond)
	}
	if p.mean < 480*time.Millisecond || p.mean > 500*time.Millisecond {
		t.Errorf("after many slow hashes: %v", p.mean)
	}
	for range 200 {
		p.note(0)
	}
	if p.mean <= 0 {
		t.Errorf("after many of no time: %v, by which nothing can be divided", p.mean)
	}
}

func TestMeasureScalesFromTheLeastCost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		got := measure(func(_ []byte, _ [saltSize]byte, n int) [digestSize]byte {
			asked += n
			time.Sleep(time.Duration(n)*time.Microsecond + time.Duration(asked%3)*time.Microsecond)
			return [digestSize]byte{}
		}, 12, 0.5)
		if want := 2 * (1 << 12) * time.Microsecond; got.mean != want {
			t.Errorf("got %v, want %v", got.mean, want)
		}
		if asked != 3<<MinCost {
			t.Errorf("%d rounds to start with", asked)
		}
	})
}

// The pool learns from what it does: when hashes turn out slower than thought, the door expects more of them.
func TestDoorLearns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1, shortWait, pace{mean: hashTime / 5}, func() {}, func(int) {})
		defer p.close()
		for range 60 {
			if err := p.do(t.Context(), users.PurposeLogin, sleep); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.expected(3); got < 3*hashTime*99/100 || got > 3*hashTime {
			t.Errorf("three hashes are expected to take %v", got)
		}
	})
}

// Work that broke off says nothing about how long hashes take: counted as quick, it would let too many wait.
func TestPaceIgnoresWhatBrokeOff(t *testing.T) {
	t.Parallel()
	p := slowPool(1)
	defer p.close()
	for range 20 {
		if err := p.do(t.Context(), users.PurposeLogin, func() { panic("broken") }); err == nil {
			t.Fatal("a panic went unnoticed")
		}
	}
	if p.pace.mean != hashTime {
		t.Errorf("a hash is now thought to take %v", p.pace.mean)
	}
}
