package main

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/svc-users/svc-users/bench/fill"
)

func TestBenchmarks(t *testing.T) {
	t.Parallel()
	took, allocations := benchmarks(`goos: linux
BenchmarkMay-2   	 6000000	        17.02 ns/op	       0 B/op	       0 allocs/op
BenchmarkMay-2   	     100	       123456 ns/op	     512 B/op	       3 allocs/op
BenchmarkOther   	     100	       5 ns/op
PASS
`)
	if diff := cmp.Diff([]float64{17.02, 123456}, took); diff != "" {
		t.Errorf("times: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]float64{0, 3}, allocations); diff != "" {
		t.Errorf("allocations: -want +got:\n%s", diff)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	opt, err := parse([]string{"-quick", "-only", "flood,get", "-database", "postgres", "-limit", "2m"})
	if err != nil {
		t.Fatal(err)
	}
	if !opt.scale.quick || opt.scale.limit != 2*time.Minute || !slices.Equal(opt.only, []string{"flood", "get"}) || !slices.Equal(opt.databases, []string{postgres}) {
		t.Errorf("%+v", opt)
	}
	if opt, err = parse(nil); err != nil || opt.scale.quick || opt.scale.limit != 8*time.Minute || len(opt.databases) != 2 {
		t.Errorf("by default: %+v, %v", opt, err)
	}
	for _, wrong := range [][]string{{"-only", "nothing"}, {"-database", "mysql"}, {"more"}, {"-what"}} {
		if _, err := parse(wrong); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}

func TestThousands(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{7: "7", 999: "999", 1000: "1,000", 123456: "123,456", 1000000: "1,000,000"} {
		if got := thousands(n); got != want {
			t.Errorf("%d is written %s", n, got)
		}
	}
}

func TestBetween(t *testing.T) {
	t.Parallel()
	moments := []time.Duration{1, 5, 3, 9, 7}
	if got := between(moments, 3, 7); !slices.Equal(got, []time.Duration{5, 3, 7}) {
		t.Errorf("got %v", got)
	}
	if !slices.Equal(moments, []time.Duration{1, 5, 3, 9, 7}) {
		t.Error("the moments were changed in place")
	}
}

// Every list is another, asks by valid parameters, and is named so that a person can tell which it is.
func TestLists(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, l := range allLists() {
		if _, err := url.ParseQuery(l.filter); err != nil {
			t.Errorf("%s: %v", l, err)
		}
		names[l.String()] = true
	}
	if len(names) != 20 {
		t.Errorf("%d lists have %d names", len(allLists()), len(names))
	}
	p := fill.Plan{Accounts: few}
	for _, f := range filters() {
		matching := 0
		for i := range p.Accounts {
			if f.matches(p.Account(i)) {
				matching++
			}
		}
		// At three quarters there must be a full page.
		if matching/4 < pageSize {
			t.Errorf("only %d of %d are %s", matching, p.Accounts, f.name)
		}
	}
}
