package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The table of a document stands between these lines.
const (
	tableBegin = "<!-- bench: the table, written by make bench-docs -->"
	tableEnd   = "<!-- bench: end -->"
)

// Insert replaces what stands between the markers of a document by the results.
func (r *Results) Insert(document string) (string, error) {
	before, rest, found := strings.Cut(document, tableBegin+"\n")
	_, after, ended := strings.Cut(rest, tableEnd)
	if !found || !ended {
		return "", errors.New("the document has no place for the table")
	}
	return before + tableBegin + "\n" + r.Markdown() + tableEnd + after, nil
}

// Markdown is the table of a document: a column for each database, then what belongs to none.
func (r *Results) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s.\n\n", r.circumstances())
	databases := slices.DeleteFunc(r.databases(), func(d string) bool { return d == "" })
	if len(databases) > 0 {
		r.markdownTable(&b, databases, databases)
	}
	r.markdownTable(&b, []string{"measured"}, []string{""})
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "- %s\n", note)
	}
	b.WriteString("\n")
	return b.String()
}

// markdownTable writes the rows that there are for some databases, a column for each.
func (r *Results) markdownTable(b *strings.Builder, titles, databases []string) {
	fmt.Fprintf(b, "| | goal | %s |\n|---|---|%s\n", strings.Join(titles, " | "), strings.Repeat("---|", len(titles)))
	var written []string
	for _, row := range r.Rows {
		if !slices.Contains(databases, row.Database) || slices.Contains(written, row.Key) {
			continue
		}
		written = append(written, row.Key)
		var cells, goals []string
		for _, database := range databases {
			i := slices.IndexFunc(r.Rows, func(other Row) bool { return other.Key == row.Key && other.Database == database })
			if i < 0 {
				cells = append(cells, "–")
				continue
			}
			cells = append(cells, r.Rows[i].cell())
			if goal := r.Rows[i].goal(); goal != "" && !slices.Contains(goals, goal) {
				goals = append(goals, goal)
			}
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", row.What, strings.Join(goals, ", "), strings.Join(cells, " | "))
	}
	b.WriteString("\n")
}

// cell is a row's figure, how it stands to the primitive, and the verdict.
func (row Row) cell() string {
	text := row.figure()
	if row.Bare != 0 {
		text += fmt.Sprintf(", %s × %s", row.ratio(), row.bare())
	}
	switch {
	case row.Met == nil:
	case *row.Met:
		text += " ✓"
	default:
		text = "**" + text + "** ✗"
	}
	return text
}
