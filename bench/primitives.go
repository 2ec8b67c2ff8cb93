package main

import (
	"context"
	"strconv"
	"time"

	"github.com/svc-users/svc-users/bench/bare"
	"github.com/svc-users/svc-users/bench/report"
)

// primitives measures what is good to know beside what each line measures for itself.
func primitives(_ context.Context, r *run) error {
	sign, verify, err := bare.RS256()
	if err != nil {
		return err
	}
	r.results.Add(report.Row{Key: "bare.sign", What: "one RS256 signature, CPU", Figure: micros(sign), Unit: "µs"})
	r.results.Add(report.Row{Key: "bare.verify", What: "one RS256 verification, CPU", Figure: micros(verify), Unit: "µs"})
	for _, cost := range []int{whole.loginCost, cheapCost} {
		hasher, err := bare.NewHasher(password, cost)
		if err != nil {
			return err
		}
		cpu, err := hasher.CPU()
		if err != nil {
			return err
		}
		r.results.Add(report.Row{Key: "bare.bcrypt" + strconv.Itoa(cost), What: "one bcrypt of cost " + strconv.Itoa(cost) + ", CPU", Figure: millis(cpu), Unit: "ms"})
	}
	return nil
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }
