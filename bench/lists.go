package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/svc-users/svc-users/bench/machine"
	"github.com/svc-users/svc-users/bench/report"
	"github.com/svc-users/svc-users/bench/stats"
	"github.com/svc-users/svc-users/bench/target"
)

// lists measures lists at each size. The tables of all databases are filled first, at the same time, since that is
// most of the work.
func lists(ctx context.Context, r *run) error {
	datasets, err := buildDatasets(ctx, r)
	if err != nil {
		return err
	}
	for _, database := range r.databases {
		of := datasets[database]
		if err := r.startLarge(ctx, database, of[len(of)-1]); err != nil {
			return fmt.Errorf("%s: %w", database, err)
		}
		if err := withServices(ctx, of, func() error {
			for _, measure := range []func(context.Context, *run, string, []*dataset) error{pages, walk, totals, searches} {
				if err := measure(ctx, r, database, of); err != nil {
					return fmt.Errorf("%s: %w", database, err)
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// largeStarts is how often a service is started where there is much in the database.
const largeStarts = 3

// startLarge takes the time of a start there, to see that it does not depend on how much that is.
func (r *run) startLarge(ctx context.Context, database string, s *dataset) error {
	var all []time.Duration
	for range largeStarts {
		took, err := firstAnswer(ctx, s.settings)
		if err != nil {
			return err
		}
		all = append(all, took)
	}
	r.results.Add(report.Row{
		Key: "start.large", What: "start to first answer, " + thousands(s.plan.Accounts) + " accounts", Database: database, Figure: millis(stats.Median(all)), Unit: "ms",
	})
	return nil
}

// withServices serves all datasets at once, so that each figure is taken from one dataset after the other within
// milliseconds.
func withServices(ctx context.Context, datasets []*dataset, do func() error) error {
	if len(datasets) == 0 {
		return do()
	}
	first := datasets[0]
	return withService(ctx, first.settings, func(svc *target.Service) error {
		if err := first.connect(ctx, svc); err != nil {
			return err
		}
		defer first.conn.Close()
		return withServices(ctx, datasets[1:], do)
	})
}

// pageCost is what a page of 20 costs at one place of one list.
type pageCost struct {
	list  list
	depth depth
	// took and spent are by dataset: the client's time and the service's processor time, of each page.
	took, spent [][]time.Duration
}

// pages takes pages of 20 by cursor at each place of each list, from one dataset after the other, and compares the
// largest with the smallest.
func pages(ctx context.Context, r *run, database string, datasets []*dataset) error {
	var costs []pageCost
	for _, l := range allLists() {
		for _, d := range depths {
			c := pageCost{l, d, make([][]time.Duration, len(datasets)), make([][]time.Duration, len(datasets))}
			for range r.scale.pages {
				if err := ctx.Err(); err != nil {
					return err
				}
				for i, s := range datasets {
					before, err := machine.CPU(s.pid)
					if err != nil {
						return err
					}
					took, err := s.page(l, d)
					if err != nil {
						return err
					}
					after, err := machine.CPU(s.pid)
					if err != nil {
						return err
					}
					c.took[i], c.spent[i] = append(c.took[i], took), append(c.spent[i], after-before)
				}
			}
			costs = append(costs, c)
		}
	}
	r.addPages(database, datasets, costs)
	return nil
}

func (r *run) addPages(database string, datasets []*dataset, costs []pageCost) {
	last := len(datasets) - 1
	span := fmt.Sprintf("%s accounts ÷ %s", thousands(datasets[last].plan.Accounts), thousands(datasets[0].plan.Accounts))
	growth := func(of [][]time.Duration) float64 {
		return float64(stats.Median(of[last])) / float64(stats.Median(of[0]))
	}
	var grown []float64
	for _, c := range costs {
		grown = append(grown, growth(c.took))
	}
	worst := costs[slices.Index(grown, slices.Max(grown))]
	r.results.Add(report.Row{
		Key: "lists.page", What: "list of 20 by cursor, " + span + ", the worst", Database: database,
		Figure: millis(stats.Median(worst.took[last])), Unit: "ms", Bare: millis(stats.Median(worst.took[0])), BareName: "at " + thousands(datasets[0].plan.Accounts),
		Goal: report.Max(report.Ratio, 1.3), Note: fmt.Sprintf("%s, %s; the median of %d places is %.2f", worst.list, worst.depth, len(costs), stats.Median(grown)),
	})
	busiest := slices.MaxFunc(costs, func(a, b pageCost) int { return cmp.Compare(growth(a.spent), growth(b.spent)) })
	r.results.Add(report.Row{
		Key: "lists.cpu", What: "… CPU of the service, the worst", Database: database,
		Figure: micros(stats.Median(busiest.spent[last])), Unit: "µs", Bare: micros(stats.Median(busiest.spent[0])), BareName: "at " + thousands(datasets[0].plan.Accounts),
		Note: fmt.Sprintf("%s, %s", busiest.list, busiest.depth),
	})
	for i, s := range datasets {
		var medians []float64
		for _, c := range costs {
			medians = append(medians, millis(stats.Median(c.took[i])))
		}
		r.addCost(database, report.CostMedian, s, stats.Median(medians))
		r.addCost(database, report.CostWorst, s, slices.Max(medians))
	}
}

func (r *run) addCost(database, what string, s *dataset, ms float64) {
	r.results.Lists = append(r.results.Lists, report.Cost{Database: database, What: what, Accounts: s.plan.Accounts, Milliseconds: ms})
}

// thousands writes a number with a comma before every third digit from the right.
func thousands(n int) string {
	text := fmt.Sprint(n)
	var groups []string
	for len(text) > 3 {
		groups = append([]string{text[len(text)-3:]}, groups...)
		text = text[:len(text)-3]
	}
	return strings.Join(append([]string{text}, groups...), ",")
}
