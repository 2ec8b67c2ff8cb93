package password

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mean    time.Duration
		workers int
		want    int
	}{
		{250 * time.Millisecond, 2, 12},
		{250 * time.Millisecond, 1, 6},
		{60 * time.Millisecond, 2, 50},
		{400 * time.Millisecond, 1, 3},
		{4 * time.Second, 2, 1}, // cost 16: more than MaxWait, and still one may wait
	} {
		if got := (pace{c.mean}).places(DefaultMaxWait, c.workers); got != c.want {
			t.Errorf("hashes of %v, %d workers: got %d, want %d", c.mean, c.workers, got, c.want)
		}
	}
}

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
		if got := (pace{c.mean}).backlog(c.hashes, c.workers); got != c.want {
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
	for range 40 {
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
		}, 12)
		if want := (1 << 12) * time.Microsecond; got.mean != want {
			t.Errorf("got %v, want %v", got.mean, want)
		}
		if asked != 3<<MinCost {
			t.Errorf("%d rounds to start with", asked)
		}
	})
}

// A Hasher learns from what it does: when hashes turn out slower than thought, fewer may wait.
func TestQueueShrinksOnASlowMachine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1, 0, DefaultMaxWait, pace{mean: hashTime / 5})
		defer p.close()
		before := p.pace.places(p.maxWait, p.workers)
		for range 40 {
			if err := p.do(t.Context(), sleep); err != nil {
				t.Fatal(err)
			}
		}
		if after := p.pace.places(p.maxWait, p.workers); before != 30 || after != 6 {
			t.Errorf("places for %d, then for %d", before, after)
		}
	})
}

// Work that broke off says nothing about how long hashes take: counted as quick, it would let too many wait.
func TestPaceIgnoresWhatBrokeOff(t *testing.T) {
	t.Parallel()
	p := newPool(1, 0, DefaultMaxWait, pace{mean: hashTime})
	defer p.close()
	for range 20 {
		if err := p.do(t.Context(), func() { panic("broken") }); err == nil {
			t.Fatal("a panic went unnoticed")
		}
	}
	if p.pace.mean != hashTime {
		t.Errorf("a hash is now thought to take %v", p.pace.mean)
	}
}
