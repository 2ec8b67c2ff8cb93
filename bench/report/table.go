package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Table prints the results: what belongs to no database first, then a table for each database.
func (r *Results) Table(w io.Writer) error {
	fmt.Fprintln(w, r.circumstances())
	for _, database := range r.databases() {
		title := database
		if title == "" {
			title = "Independent of the database"
		}
		fmt.Fprintf(w, "\n%s\n", title)
		// Cells are separated by the tab writer, the last one of a line is not a cell to it.
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "  what\tours\tbare\tratio\tgoal\tmet\t")
		for _, row := range r.Rows {
			if row.Database != database {
				continue
			}
			fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\t%s\t%s\n", row.What, row.figure(), row.bare(), row.ratio(), row.goal(), row.verdict(), row.Note)
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	if len(r.Notes) > 0 {
		fmt.Fprintln(w)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(w, "note:", note)
	}
	missed, goals := r.Missed()
	_, err := fmt.Fprintf(w, "\n%d of %d goals met\n", goals-missed, goals)
	return err
}

// circumstances is a line on the version, the date and the machine of the run.
func (r *Results) circumstances() string {
	m := r.Machine
	return fmt.Sprintf("%s, measured on %s with %s on %s, %d cores of %s, of which others used %.0f %% before the run",
		r.Service, r.Taken.Format("2 January 2006"), m.Go, m.System, m.Cores, m.Processor, 100*m.Busy)
}

// databases are those of the rows, in the order in which they come, with that of no database first.
func (r *Results) databases() []string {
	var found []string
	for _, row := range r.Rows {
		if !slices.Contains(found, row.Database) {
			found = append(found, row.Database)
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return min(len(a), 1) - min(len(b), 1) })
	return found
}

func (row Row) figure() string { return quantity(row.Figure, row.Unit) }

func (row Row) bare() string {
	if row.Bare == 0 {
		return ""
	}
	return quantity(row.Bare, row.Unit) + " " + row.BareName
}

func (row Row) ratio() string {
	if row.Ratio == 0 {
		return ""
	}
	return digits(row.Ratio)
}

func (row Row) goal() string {
	switch {
	case row.Goal == nil:
		return ""
	case row.Goal.Of == Ratio:
		return fmt.Sprintf("%s %.3g of bare", row.Goal.Sense, row.Goal.Bound)
	default:
		return strings.TrimSpace(fmt.Sprintf("%s %.3g %s", row.Goal.Sense, row.Goal.Bound, row.Unit))
	}
}

func (row Row) verdict() string {
	switch {
	case row.Met == nil:
		return ""
	case *row.Met:
		return "yes"
	default:
		return "NO"
	}
}

func quantity(value float64, unit string) string {
	return strings.TrimSpace(digits(value) + " " + unit)
}

// digits writes a number with three significant digits, and none that were not measured: whole from 100 on.
func digits(value float64) string {
	if value == 0 || math.Abs(value) >= 100 {
		return strconv.FormatFloat(value, 'f', 0, 64)
	}
	decimals := 2 - int(math.Floor(math.Log10(math.Abs(value))))
	return strconv.FormatFloat(value, 'f', min(decimals, 4), 64)
}
