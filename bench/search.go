package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/svc-users/svc-users/bench/fill"
	"github.com/svc-users/svc-users/bench/report"
	"github.com/svc-users/svc-users/bench/stats"
)

const (
	// walked is how many pages of 100 are walked through in a row.
	walked = 200
	// firstPages is how often the first page is read.
	firstPages = 30
	// searchTime bounds the time for one needle, so that slow searches cannot use up the run; a few are made
	// in any case.
	searchTime    = time.Second
	fewestSearchs = 3
)

// walk walks through the largest table by pages of 100 and compares the last pages with the first. Nothing may come
// twice, and all in order.
func walk(ctx context.Context, r *run, database string, datasets []*dataset) error {
	s := datasets[len(datasets)-1]
	var took []time.Duration
	seen := map[string]bool{}
	last, cursor := "", ""
	for range walked {
		if err := ctx.Err(); err != nil {
			return err
		}
		part, t, err := s.fetch(list{sort: "email"}, url.Values{"cursor": {cursor}, "page_size": {"100"}})
		if err != nil {
			return err
		}
		took = append(took, t)
		for _, a := range part.Data {
			if seen[a.ID] || a.Email <= last {
				return fmt.Errorf("the walk came to %s after %s", a.Email, last)
			}
			seen[a.ID], last = true, a.Email
		}
		cursor = part.Meta.NextCursor
	}
	quarter := walked / 4
	r.results.Add(report.Row{
		Key: "lists.walk", What: fmt.Sprintf("walk of %d pages of 100, last quarter ÷ first", walked), Database: database,
		Figure: millis(stats.Median(took[walked-quarter:])), Unit: "ms", Bare: millis(stats.Median(took[:quarter])), BareName: "the first", Goal: report.Max(report.Ratio, 1.3),
	})
	return nil
}

// totals reads the first page with the number of all accounts.
func totals(ctx context.Context, r *run, database string, datasets []*dataset) error {
	for _, s := range datasets {
		var took []time.Duration
		for range firstPages {
			if err := ctx.Err(); err != nil {
				return err
			}
			part, t, err := s.fetch(list{sort: "created_at"}, nil)
			if err != nil {
				return err
			}
			if part.Meta.TotalItems != s.plan.Accounts {
				return fmt.Errorf("of %d accounts the first page counts %d", s.plan.Accounts, part.Meta.TotalItems)
			}
			took = append(took, t)
		}
		r.addCost(database, report.CostTotal, s, millis(stats.Median(took)))
		if s == datasets[len(datasets)-1] {
			r.results.Add(report.Row{
				Key: "lists.total", What: "first page of 20 with the total, " + thousands(s.plan.Accounts) + " accounts, p50", Database: database,
				Figure: millis(stats.Median(took)), Unit: "ms", Goal: report.Max(report.Figure, 5),
			})
		}
	}
	return nil
}

// needles are the search terms: part of one address, a surname, a domain of a third of the addresses, a term without
// matches, three letters of many, and two letters, which match beginnings only.
var needles = []string{fill.Needle, "lindberg", "example.com", "qqzzxx", "ann", "an"}

// searches searches for each needle, in the order of creation and in that of the addresses.
func searches(ctx context.Context, r *run, database string, datasets []*dataset) error {
	for _, s := range datasets {
		worst, note := 0.0, ""
		for _, needle := range needles {
			for _, sort := range []string{"created_at", "-email"} {
				ms, err := search(ctx, r, s, needle, sort)
				if err != nil {
					return err
				}
				if ms > worst {
					worst, note = ms, fmt.Sprintf("q=%s&sort=%s", needle, sort)
				}
			}
		}
		r.addCost(database, report.CostSearch, s, worst)
		if s == datasets[len(datasets)-1] {
			r.results.Add(report.Row{
				Key: "lists.search", What: fmt.Sprintf("search in %s e-mails, p50, the worst of %d needles", thousands(s.plan.Accounts), len(needles)), Database: database,
				Figure: worst, Unit: "ms", Goal: report.Max(report.Figure, 50), Note: note,
			})
		}
	}
	return nil
}

// search is the median time of a search, in milliseconds.
func search(ctx context.Context, r *run, s *dataset, needle, sort string) (float64, error) {
	var took []time.Duration
	began := time.Now()
	for i := range r.scale.searches {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if i >= fewestSearchs && time.Since(began) > searchTime {
			break
		}
		_, t, err := s.fetch(list{sort: sort}, url.Values{"q": {needle}})
		if err != nil {
			return 0, fmt.Errorf("q=%s: %w", needle, err)
		}
		took = append(took, t)
	}
	return millis(stats.Median(took)), nil
}
