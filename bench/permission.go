package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"

	"github.com/svc-users/svc-users/bench/report"
	"github.com/svc-users/svc-users/bench/stats"
)

// permission runs the Go benchmark of a permission check, which cannot be measured from outside: 10,000 roles in chains
// of ten, 20,000 permissions.
func permission(ctx context.Context, r *run) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-vet=off", "-run=^$", "-bench=May$", "-benchmem", "-benchtime=100ms", "-count=5", ".")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	took, allocations := benchmarks(string(out))
	if len(took) == 0 {
		return fmt.Errorf("%s: no benchmark ran\n%s", cmd, out)
	}
	r.results.Add(report.Row{
		Key: "permission.time", What: "a permission check inside the service", Figure: stats.Median(took) / 1000, Unit: "µs", Goal: report.Max(report.Figure, 0.1),
	})
	r.results.Add(report.Row{
		Key: "permission.allocations", What: "its allocations", Figure: stats.Quantile(allocations, 1), Goal: report.Max(report.Figure, 0),
	})
	return nil
}

// benchmark is a line of go test -bench -benchmem.
var benchmark = regexp.MustCompile(`(?m)^Benchmark\S+\s+\d+\s+([\d.]+) ns/op\s.*?(\d+) allocs/op$`)

// benchmarks are the nanoseconds and the allocations of the benchmarks in the output of go test.
func benchmarks(out string) (took, allocations []float64) {
	for _, match := range benchmark.FindAllStringSubmatch(out, -1) {
		ns, err := strconv.ParseFloat(match[1], 64)
		if err != nil {
			continue // the expression lets through nothing else that is not a number
		}
		n, err := strconv.ParseFloat(match[2], 64)
		if err != nil {
			continue
		}
		took, allocations = append(took, ns), append(allocations, n)
	}
	return took, allocations
}
