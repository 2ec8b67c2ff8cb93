// Package stats computes quantiles, medians, and a rate that does not depend on where the window happened to begin.
package stats

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Number is what quantiles are taken of.
type Number interface {
	~int64 | ~float64
}

// Quantile is the smallest of the values that at least the share q (0…1) of them do not exceed: the nearest
// rank, which is a value that was measured. It sorts nothing in place, and is zero of no values.
func Quantile[T Number](values []T, q float64) T {
	if len(values) == 0 {
		return 0
	}
	return QuantileSorted(slices.SortedFunc(slices.Values(values), cmp.Compare[T]), q)
}

// QuantileSorted is Quantile of at least one value, in ascending order.
func QuantileSorted[T Number](sorted []T, q float64) T {
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Median is the middle value, of an even number the mean of the two in the middle.
func Median[T Number](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.SortedFunc(slices.Values(values), cmp.Compare[T])
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Rate is how many things happen in a second, given the moments at which they were finished: the slope of the
// line that fits their count over time best. Counting those within a window would be off by up to one at each
// end, and by a core's worth where they finish in step. It is zero of fewer than two moments.
func Rate(finished []time.Duration) float64 {
	moments := slices.SortedFunc(slices.Values(finished), cmp.Compare[time.Duration])
	n := float64(len(moments))
	var meanT float64
	for _, t := range moments {
		meanT += t.Seconds() / n
	}
	meanI := (n - 1) / 2
	var both, square float64
	for i, t := range moments {
		dt := t.Seconds() - meanT
		both += dt * (float64(i) - meanI)
		square += dt * dt
	}
	if square == 0 {
		return 0
	}
	return both / square
}
