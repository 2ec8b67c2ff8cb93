package stats_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/svc-users/svc-users/bench/stats"
)

func TestQuantile(t *testing.T) {
	t.Parallel()
	values := []float64{5, 1, 4, 2, 3}
	for q, want := range map[float64]float64{0: 1, 0.2: 1, 0.21: 2, 0.5: 3, 0.99: 5, 1: 5} {
		if got := stats.Quantile(values, q); got != want {
			t.Errorf("Quantile(%v) = %v, want %v", q, got, want)
		}
	}
	if !slices.Equal(values, []float64{5, 1, 4, 2, 3}) {
		t.Error("the values were sorted in place")
	}
	if got := stats.Quantile([]time.Duration(nil), 0.5); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// A quantile is one of the values, and at least its share of them is no larger.
func TestQuantileCovers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(-50, 50), 1, 60).Draw(t, "values")
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		got := stats.Quantile(values, q)
		if !slices.Contains(values, got) {
			t.Fatalf("%d is none of them", got)
		}
		covered := 0
		for _, v := range values {
			if v <= got {
				covered++
			}
		}
		if float64(covered) < q*float64(len(values)) {
			t.Fatalf("%d of %d are no larger than %d", covered, len(values), got)
		}
	})
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{7}, 7}, {[]float64{9, 1}, 5}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := stats.Median(test.values); got != test.want {
			t.Errorf("Median(%v) = %v, want %v", test.values, got, test.want)
		}
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	var steady, pairs []time.Duration
	for i := range 40 {
		steady = append(steady, time.Duration(i)*100*time.Millisecond)
		// Two cores that finish in step, as two hashes that began together do.
		pairs = append(pairs, time.Duration(i/2)*200*time.Millisecond)
	}
	slices.Reverse(steady)
	for name, test := range map[string]struct {
		finished []time.Duration
		want     float64
	}{
		"one after the other, told in any order": {steady, 10},
		"two at a time":                          {pairs, 10},
		"one":                                    {steady[:1], 0},
		"none":                                   {nil, 0},
		"all at once":                            {make([]time.Duration, 5), 0},
	} {
		if got := stats.Rate(test.finished); math.Abs(got-test.want) > 0.02*test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
