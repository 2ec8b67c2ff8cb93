package system

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// crossing is a change that was made during a watch: the status that is right before it and after it, and when it was
// made. It was acknowledged, or committed, at the time done.
type crossing struct {
	what          string
	before, after int
	began, done   time.Time
	from          int   // the first answer since the change before it was judged
	atOnce        []int // replicas that have to enforce it at once
}

// make makes a change while every replica answers.
func (w *watch) make(what string, before, after int, change func()) crossing {
	w.t.Helper()
	w.answered()
	x := crossing{what: what, before: before, after: after, from: w.covered, began: time.Now()}
	change()
	x.done = time.Now()
	return x
}

// settled waits until every replica has enforced the change for the time watchFor, and all requests sent before that
// are answered.
func (w *watch) settled(x crossing, watchFor time.Duration) {
	w.t.Helper()
	for {
		w.answered()
		wrong := x.done
		for _, s := range slices.Backward(w.all(x.from)) {
			if s.status == x.before && s.sent.After(wrong) {
				wrong = s.sent
				break
			}
		}
		settledSince := wrong.Add(watchFor)
		if time.Since(x.done) > liveLimit+watchFor {
			settledSince = x.done
		}
		if w.oldest().After(settledSince) {
			return
		}
		time.Sleep(liveLimit / 50)
	}
}

// judge fails the test for every wrong answer. A revoked right may be granted for one more second; a granted right is
// never refused, since a replica queries the database before it refuses. It returns the time from the change to the last
// answer that was out of date.
func (w *watch) judge(x crossing) (last time.Duration) {
	w.t.Helper()
	problems, seen := 0, w.all(x.from)
	w.covered = x.from + len(seen)
	for _, s := range seen {
		late, limit := s.sent.Sub(x.done), liveLimit
		if slices.Contains(x.atOnce, s.replica) {
			limit = 0
		}
		switch {
		case s.status == x.before && late <= 0, s.status == x.after && s.got.After(x.began):
		case s.status == http.StatusServiceUnavailable && slices.Contains(w.busy, s.replica):
		case s.status == x.before && x.before == http.StatusOK && late <= limit:
			last = max(last, s.got.Sub(x.done))
		default:
			if problems++; problems <= 5 {
				w.t.Errorf("%s: replica %d answers %d %q to a request sent %v after it; before it were %d, from %v after it on %d",
					x.what, s.replica, s.status, s.words, late, x.before, limit, x.after)
			}
		}
	}
	if problems > 5 {
		w.t.Errorf("%s: %d wrong answers in all", x.what, problems)
	}
	return last
}

// always fails the test unless every answer has one of these statuses. who names the account in the failure.
func (w *watch) always(who string, statuses ...int) {
	w.t.Helper()
	counts := map[string]int{}
	for _, s := range w.all(0) {
		if !slices.Contains(statuses, s.status) {
			counts[fmt.Sprintf("replica %d: %d %s", s.replica, s.status, s.words)]++
		}
	}
	if len(counts) > 0 {
		w.t.Errorf("%s is answered %v", who, counts)
	}
}

// within fails the test unless every answer came within a time of the machine's clock.
func (w *watch) within(limit time.Duration) {
	w.t.Helper()
	for _, s := range w.all(0) {
		if s.took > limit {
			w.t.Errorf("replica %d answers %d %q after %v", s.replica, s.status, s.words, s.took)
		}
	}
}

// report logs how long changes took to converge on all replicas.
func report(t *testing.T, what string, lasts []time.Duration) {
	t.Helper()
	if len(lasts) == 0 {
		return
	}
	slices.Sort(lasts)
	at := func(percent int) time.Duration {
		return lasts[(len(lasts)-1)*percent/100].Round(100 * time.Microsecond)
	}
	t.Logf("%s: the last wrong answer to %d changes came %v (p50), %v (p99), %v (at most) after the acknowledgement",
		what, len(lasts), at(50), at(99), at(100))
}
