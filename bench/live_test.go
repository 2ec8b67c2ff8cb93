package main

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/svc-users/svc-users/bench/load"
)

func TestComputeConvergence(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	// The first subject loses its right at 10 and gets it back at 100, the second loses its own at 50.
	changes := []change{
		{subject: 0, asked: 5 * ms, acked: 10 * ms},
		{subject: 1, asked: 40 * ms, acked: 50 * ms},
		{subject: 0, given: true, asked: 90 * ms, acked: 100 * ms},
	}
	said := func(replica, subject int, yes bool, asked, received time.Duration) verdict {
		return verdict{replica, subject, yes, asked * ms, received * ms}
	}
	// What every replica says in the end, to every change.
	right := []verdict{
		said(0, 0, false, 80, 81), said(1, 0, false, 80, 81), said(0, 1, false, 80, 81), said(1, 1, false, 80, 81),
		said(0, 0, true, 180, 181), said(1, 0, true, 180, 181),
	}
	for name, test := range map[string]struct {
		verdicts []verdict
		want     []time.Duration
	}{
		"at once":                             {nil, []time.Duration{0, 0, 0}},
		"the last wrong answer counts":        {[]verdict{said(1, 0, true, 14, 15), said(1, 0, true, 29, 30), said(1, 0, true, 19, 20)}, []time.Duration{20 * ms, 0, 0}},
		"of whichever replica":                {[]verdict{said(0, 0, true, 14, 15), said(1, 0, true, 12, 13)}, []time.Duration{5 * ms, 0, 0}},
		"also after a right one":              {[]verdict{said(0, 0, false, 14, 15), said(0, 0, true, 16, 17)}, []time.Duration{7 * ms, 0, 0}},
		"a right given is refused":            {[]verdict{said(0, 0, false, 110, 111)}, []time.Duration{0, 0, 11 * ms}},
		"asked before it was known":           {[]verdict{said(0, 0, true, 9, 30)}, []time.Duration{0, 0, 0}},
		"while the next change is made":       {[]verdict{said(0, 0, true, 88, 91), said(0, 0, false, 92, 99)}, []time.Duration{0, 0, 0}},
		"of another subject":                  {[]verdict{said(0, 1, true, 20, 21)}, []time.Duration{0, 0, 0}},
		"the last change has until the end":   {[]verdict{said(1, 1, true, 900, 901)}, []time.Duration{0, 851 * ms, 0}},
		"each subject is wrong for its own":   {[]verdict{said(0, 0, true, 60, 61), said(0, 1, true, 60, 62)}, []time.Duration{51 * ms, 12 * ms, 0}},
		"wrong until the next change is made": {[]verdict{said(0, 0, true, 85, 86)}, []time.Duration{76 * ms, 0, 0}},
	} {
		if got, err := computeConvergence(changes, slices.Concat(test.verdicts, right), 2); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, test.want)
		}
	}
	if got, err := computeConvergence(changes, right[:5], 2); err == nil {
		t.Errorf("a replica was not asked after the last change, and %v is said of it", got)
	}
}

func TestSaid(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{http.StatusOK: true, http.StatusForbidden: false, http.StatusUnauthorized: false} {
		if got, err := parseVerdict(load.Answer{Status: status}); err != nil || got != want {
			t.Errorf("%d: %v, %v", status, got, err)
		}
	}
	for _, status := range []int{http.StatusNotFound, http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusTooManyRequests} {
		if got, err := parseVerdict(load.Answer{Status: status}); err == nil {
			t.Errorf("%d is said to mean %v", status, got)
		}
	}
}

// Whatever has been changed, half of the questions are about the newest change, and every subject is asked for.
func TestChooseSubject(t *testing.T) {
	t.Parallel()
	for _, changed := range []int{1, 2, subjects, subjects + 3} {
		count := make([]int, subjects)
		const turns = 400 * 4
		for turn := range turns {
			count[chooseSubject(changed, turn)]++
		}
		newest, before := (changed-1)%subjects, (changed+subjects-2)%subjects
		if count[newest] < turns/2 || count[before] < turns/4 || slices.Min(count) == 0 {
			t.Errorf("after %d changes: %v", changed, count)
		}
	}
}

// The ratio is that of the rounds, not of the medians.
func TestMedians(t *testing.T) {
	t.Parallel()
	rate := func(rates ...float64) (all []reads) {
		for _, r := range rates {
			all = append(all, reads{rate: r})
		}
		return all
	}
	alone, both, ratio := medians(rate(100, 200, 400), rate(190, 420, 400), func(r reads) float64 { return r.rate })
	if alone != 200 || both != 400 || ratio != 1.9 {
		t.Errorf("%v, %v, %v", alone, both, ratio)
	}
}
