package limit_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/svc-users/svc-users/internal/limit"
)

var start = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

// step is an attempt, or with back one that is given back, some time after the step before.
type step struct {
	after time.Duration
	back  bool
	wait  time.Duration // of an attempt
	left  int           // afterwards
}

func TestBudgets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rate  limit.Rate
		steps []step
	}{
		"a burst, and one by one": {limit.Rate{Burst: 3, Every: time.Minute}, []step{
			{left: 2}, {left: 1}, {left: 0},
			{wait: time.Minute, left: 0},
			{after: 59 * time.Second, wait: time.Second, left: 0},
			{after: time.Second, left: 0},
			{wait: time.Minute, left: 0},
			{after: 2 * time.Minute, left: 1},
			{after: 24 * time.Hour, left: 2},
		}},
		"given back": {limit.Rate{Burst: 2, Every: time.Minute}, []step{
			{left: 1}, {back: true, left: 2}, {left: 1}, {left: 0}, {back: true, left: 1}, {left: 0}, {wait: time.Minute, left: 0},
		}},
		"given back twice, and late": {limit.Rate{Burst: 2, Every: time.Minute}, []step{
			{left: 1}, {back: true, left: 2}, {back: true, left: 2}, {left: 1},
			{after: time.Hour, back: true, left: 2}, {left: 1}, {left: 0}, {wait: time.Minute, left: 0},
		}},
		"one at a time": {limit.Rate{Burst: 1, Every: time.Second}, []step{
			{left: 0}, {wait: time.Second, left: 0}, {after: time.Second, left: 0},
		}},
		"a clock that is set back": {limit.Rate{Burst: 2, Every: time.Minute}, []step{
			{left: 1}, {after: -time.Hour, wait: time.Hour, left: 0}, {after: time.Hour, left: 0}, {wait: time.Minute, left: 0},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var fullAt time.Time
			now := start
			for i, s := range c.steps {
				now = now.Add(s.after)
				if s.back {
					fullAt = c.rate.Return(fullAt, now)
				} else {
					after, wait := c.rate.Take(fullAt, now)
					if wait != s.wait || wait > 0 && !after.Equal(fullAt) {
						t.Fatalf("step %d: wait %v, want %v", i, wait, s.wait)
					}
					fullAt = after
				}
				if left := c.rate.Left(fullAt, now); left != s.left {
					t.Fatalf("step %d: %d left, want %d", i, left, s.left)
				}
			}
		})
	}
}

func drawRate(t *rapid.T) limit.Rate {
	return limit.Rate{
		Burst: rapid.IntRange(1, 50).Draw(t, "burst"),
		Every: time.Duration(rapid.Int64Range(1, int64(time.Hour/time.Microsecond)).Draw(t, "every")) * time.Microsecond,
	}
}

// TestNeverMoreThanTheRate: in any stretch of time no more attempts get through than a burst, and one for each Every.
func TestNeverMoreThanTheRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRate(t)
		var fullAt time.Time
		var taken []time.Time
		now := start
		for range rapid.IntRange(1, 200).Draw(t, "attempts") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(2*r.Every)).Draw(t, "pause")))
			after, wait := r.Take(fullAt, now)
			if wait > 0 {
				if _, more := r.Take(fullAt, now.Add(wait-1)); more == 0 {
					t.Fatal("there was an attempt before the wait was over")
				}
				if _, more := r.Take(fullAt, now.Add(wait)); more != 0 {
					t.Fatal("there is no attempt after the wait")
				}
				continue
			}
			fullAt, taken = after, append(taken, now)
		}
		for i := range taken {
			for j := i; j < len(taken); j++ {
				if most := r.Burst + int(taken[j].Sub(taken[i])/r.Every); j-i+1 > most {
					t.Fatalf("%d attempts in %v, and %d are allowed", j-i+1, taken[j].Sub(taken[i]), most)
				}
			}
		}
	})
}

// TestReturned: attempts that are given back at once leave a budget as it was.
func TestReturned(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRate(t)
		fullAt := start.Add(time.Duration(rapid.Int64Range(-int64(r.Every), int64(r.Every)*int64(r.Burst-1)).Draw(t, "full")))
		before := r.Left(fullAt, start)
		took := 0
		after := fullAt
		for range r.Burst + 5 {
			next, wait := r.Take(after, start)
			if wait == 0 {
				after, took = next, took+1
			}
		}
		if took != before {
			t.Fatalf("%d of %d attempts were there", took, before)
		}
		for range took {
			after = r.Return(after, start)
		}
		if left := r.Left(after, start); left != before {
			t.Fatalf("%d attempts left, before %d", left, before)
		}
		if left, used := r.Left(after, start), r.Used(after, start); left+used != r.Burst {
			t.Fatalf("%d left and %d used of %d", left, used, r.Burst)
		}
	})
}
