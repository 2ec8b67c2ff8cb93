// Package report holds the results of a run of the benchmark: rows of figures beside the bare primitives and the goals.
// They are kept as JSON, printed as a table, and drawn as SVG.
package report

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Results are those of one run.
type Results struct {
	Taken   time.Time `json:"taken"`
	Service string    `json:"service"` // what the binary calls its version
	Machine Machine   `json:"machine"`
	// Quick is a shortened run: fewer rounds, smaller tables.
	Quick bool `json:"quick"`
	// Notes say how the figures came about, and which lines could not be measured.
	Notes []string `json:"notes,omitempty"`
	Rows  []Row    `json:"rows"`
	Flood []Curve  `json:"flood,omitempty"`
	Lists []Cost   `json:"lists,omitempty"`
}

// Machine is what it ran on.
type Machine struct {
	Processor string `json:"processor"`
	Cores     int    `json:"cores"`
	// Busy is the share of all cores that others used before the run began.
	Busy   float64 `json:"busy"`
	System string  `json:"system"`
	Go     string  `json:"go"`
}

// Row is a line of the table.
type Row struct {
	Key  string `json:"key"`
	What string `json:"what"`
	// Database is empty for what has none.
	Database string  `json:"database,omitempty"`
	Figure   float64 `json:"figure"`
	Unit     string  `json:"unit"`
	// Bare is the primitive that the figure stands beside, in the same unit; 0 if there is none.
	Bare     float64 `json:"bare,omitempty"`
	BareName string  `json:"bare_name,omitempty"`
	// Ratio is Figure over Bare: where it is measured in pairs, the median of the pairs.
	Ratio float64 `json:"ratio,omitempty"`
	Goal  *Goal   `json:"goal,omitempty"`
	Met   *bool   `json:"met,omitempty"`
	Note  string  `json:"note,omitempty"`
}

// Goal bounds the figure of a row, or its ratio.
type Goal struct {
	Of    Subject `json:"of"`
	Sense Sense   `json:"sense"`
	Bound float64 `json:"bound"`
}

// Subject is what a goal is about.
type Subject string

// Sense says whether a bound is the largest or the smallest value allowed.
type Sense string

const (
	Figure Subject = "figure"
	Ratio  Subject = "ratio"

	AtMost  Sense = "≤"
	AtLeast Sense = "≥"
)

// Max is the goal that the figure or the ratio is no larger than bound.
func Max(of Subject, bound float64) *Goal { return &Goal{of, AtMost, bound} }

// Min is the goal that it is no smaller.
func Min(of Subject, bound float64) *Goal { return &Goal{of, AtLeast, bound} }

// Curve is how the latency of a read is distributed under a flood.
type Curve struct {
	Database string  `json:"database"`
	Clients  Clients `json:"clients"`
	// Milliseconds are the quantiles of Quantiles, in their order.
	Milliseconds []float64 `json:"milliseconds"`
}

// Clients is the kind of clients that make the flood.
type Clients string

const (
	NoClients Clients = "no flood"
	Patient   Clients = "clients honour Retry-After"
	Impatient Clients = "clients do not"
)

// Quantiles are those of a curve.
var Quantiles = []float64{0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999}

// Cost is what a kind of list costs at one number of accounts.
type Cost struct {
	Database     string  `json:"database"`
	What         string  `json:"what"`
	Accounts     int     `json:"accounts"`
	Milliseconds float64 `json:"milliseconds"`
}

// Add puts a row into the results, with its ratio and its verdict.
func (r *Results) Add(row Row) {
	if row.Ratio == 0 && row.Bare != 0 {
		row.Ratio = row.Figure / row.Bare
	}
	if g := row.Goal; g != nil {
		met := g.met(row)
		row.Met = &met
	}
	r.Rows = append(r.Rows, row)
}

func (g *Goal) met(row Row) bool {
	value := row.Figure
	if g.Of == Ratio {
		value = row.Ratio
	}
	if g.Sense == AtLeast {
		return value >= g.Bound
	}
	return value <= g.Bound
}

// Notef adds a note.
func (r *Results) Notef(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// Missed counts the goals that were not met.
func (r *Results) Missed() (missed, goals int) {
	for _, row := range r.Rows {
		if row.Met == nil {
			continue
		}
		goals++
		if !*row.Met {
			missed++
		}
	}
	return missed, goals
}

// Read reads results from a file.
func Read(path string) (*Results, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(Results)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// JSON is the form in which they are kept.
func (r *Results) JSON() ([]byte, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	return append(text, '\n'), err
}
