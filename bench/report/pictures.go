package report

import (
	"math"
	"slices"
)

// FloodSVG draws how long reads take under a login flood: quantiles from the fastest to the slowest, where each step
// to the right is a tenth of the requests of the step before.
func (r *Results) FloodSVG() string {
	clients := []Clients{NoClients, Patient, Impatient}
	nines := func(q float64) float64 { return -math.Log10(1 - q) }
	c := chart{
		title:    "A read while 64 clients log in without pause",
		subtitle: "Latency from the moment the request was due, 200 a second. Diamonds: the goals for p50 and p99.",
		series:   []string{string(NoClients), "login flood, " + string(Patient), "login flood, " + string(Impatient)},
		x: axis{
			label: "share of the reads that are faster", scale: nines, from: Quantiles[0], to: Quantiles[len(Quantiles)-1],
			ticks: []tick{{0.5, "50 %"}, {0.9, "90 %"}, {0.99, "99 %"}, {0.999, "99.9 %"}},
		},
	}
	values := []float64{floodGoals[0].y, floodGoals[1].y}
	for _, curve := range r.Flood {
		values = append(values, curve.Milliseconds...)
		i := c.panelOf(curve.Database)
		line := polyline{series: slices.Index(clients, curve.Clients)}
		for k, ms := range curve.Milliseconds {
			line.points = append(line.points, point{Quantiles[k], ms})
		}
		c.panels[i].lines = append(c.panels[i].lines, line)
	}
	for i := range c.panels {
		for _, goal := range floodGoals {
			c.panels[i].goals = append(c.panels[i].goals, mark{series: 1, at: goal, label: "goal"})
		}
	}
	c.y = decades("", values)
	return c.svg()
}

var floodGoals = [...]point{{0.5, 1}, {0.99, 10}}

// Costs of lists, as the results name them.
const (
	CostMedian = "page of 20 by cursor, the median of all lists"
	CostWorst  = "page of 20 by cursor, the worst of all lists"
	CostTotal  = "first page of 20 with the total"
	CostSearch = "search, the worst needle"
)

// ListsSVG draws what lists cost by the number of accounts.
func (r *Results) ListsSVG() string {
	series := []string{CostMedian, CostWorst, CostTotal, CostSearch}
	c := chart{
		title:    "What a list costs as the table grows",
		subtitle: "Median time as the client sees it. Diamonds: the goals at a million accounts.",
		series:   series,
		x: axis{
			label: "accounts", scale: math.Log10, from: 1e3, to: 1e6,
			ticks: []tick{{1e3, "1,000"}, {1e4, "10,000"}, {1e5, "100,000"}, {1e6, "1,000,000"}},
		},
	}
	goals := []mark{{series: 2, at: point{1e6, 5}, label: "goal: 5 ms"}, {series: 3, at: point{1e6, 50}, label: "goal: 50 ms"}}
	values := []float64{goals[0].at.y, goals[1].at.y}
	for _, cost := range r.Lists {
		values = append(values, cost.Milliseconds)
		p := &c.panels[c.panelOf(cost.Database)]
		s := slices.Index(series, cost.What)
		k := slices.IndexFunc(p.lines, func(l polyline) bool { return l.series == s })
		if k < 0 {
			k = len(p.lines)
			p.lines = append(p.lines, polyline{series: s})
		}
		p.lines[k].points = append(p.lines[k].points, point{float64(cost.Accounts), cost.Milliseconds})
	}
	for i := range c.panels {
		c.panels[i].goals = goals
	}
	c.y = decades("", values)
	return c.svg()
}

// panelOf is the index of the panel of a database, which is made if there is none yet.
func (c *chart) panelOf(database string) int {
	for i, p := range c.panels {
		if p.title == database {
			return i
		}
	}
	c.panels = append(c.panels, panel{title: database})
	return len(c.panels) - 1
}
