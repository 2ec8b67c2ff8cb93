package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/importer"
)

// importOutput tells what becomes of accounts: to standard output in words, and to the report, if there is one.
type importOutput struct {
	*terminal
	source *importSource
	dryRun bool
	bar    *progressBar
	file   *os.File // the report; nil without
	report *bufio.Writer
	shown  int // lines about accounts
	hidden int
}

// maxShown is how many accounts are shown in words where there is a report.
const maxShown = 20

func newImportOutput(t *terminal, report string, dryRun bool, source *importSource) (*importOutput, error) {
	o := &importOutput{terminal: t, source: source, dryRun: dryRun, bar: newProgressBar(t.stderr, source.read, source.total)}
	fmt.Fprintf(t.stdout, "%s: %s\n", replaceUnprintable(source.name), source.kind)
	if report == "" {
		return o, nil
	}
	if info, err := os.Stat(report); err == nil && source.file != nil && os.SameFile(info, source.file) {
		return nil, errors.New("--report names the file that is imported")
	}
	file, err := os.OpenFile(report, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	o.file, o.report = file, bufio.NewWriter(file)
	return o, nil
}

// reportLine is a line of the report.
type reportLine struct {
	Line     int              `json:"line"`
	SourceID string           `json:"source_id,omitempty"`
	Email    string           `json:"email,omitempty"`
	Outcome  importer.Outcome `json:"outcome"`
	ID       string           `json:"id,omitempty"`
	Role     users.RoleName   `json:"role,omitempty"`
	Faults   []reportFault    `json:"faults,omitempty"`
	Notes    []string         `json:"notes,omitempty"`
}

type reportFault struct {
	Field   string `json:"field,omitempty"`
	Problem string `json:"problem"`
}

// result tells of an account.
func (o *importOutput) result(r importer.Result) error {
	if o.bar != nil {
		o.bar.step()
	}
	if o.report != nil {
		line := reportLine{Line: r.Line, SourceID: r.SourceID, Email: r.Email, Outcome: r.Outcome, Role: r.Role, Notes: r.Notes}
		if !r.ID.IsZero() {
			line.ID = r.ID.String()
		}
		for _, f := range r.Faults {
			line.Faults = append(line.Faults, reportFault(f))
		}
		if err := o.write(line); err != nil {
			return err
		}
	}
	if !o.dryRun && len(r.Notes) == 0 && (r.Outcome == importer.Created || r.Outcome == importer.Unchanged) {
		return nil
	}
	if o.report != nil && (r.Outcome != importer.Refused || o.shown >= maxShown) {
		o.hidden++
		return nil
	}
	o.shown++
	if o.bar != nil {
		o.bar.clear()
	}
	_, err := fmt.Fprintln(o.stdout, replaceUnprintable(o.source.unit+" "+describeResult(r)))
	return err
}

// write adds a line to the report.
func (o *importOutput) write(line any) error {
	text, err := json.Marshal(line)
	if err == nil {
		_, err = o.report.Write(append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// describeResult is such as "3 ada@example.com: refused: role is missing", where 3 is the line of the file.
func describeResult(r importer.Result) string {
	var parts []string
	for _, f := range r.Faults {
		parts = append(parts, strings.TrimSpace(f.Field+" "+f.Problem))
	}
	parts = append(parts, r.Notes...)
	text := strconv.Itoa(r.Line)
	if r.Email != "" {
		text += " " + r.Email
	}
	text += ": " + string(r.Outcome)
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, "; ")
	}
	return text
}

// finish tells how the import has ended, and returns its error.
func (o *importOutput) finish(s importer.Summary, err error) error {
	if o.bar != nil {
		o.bar.clear()
	}
	if o.hidden > 0 {
		verb := "are"
		if o.hidden == 1 {
			verb = "is"
		}
		fmt.Fprintf(o.stdout, "%d more %s in the report\n", o.hidden, verb)
	}
	for _, role := range s.Roles {
		fmt.Fprintln(o.stdout, o.word("Made role", "Would make role"), replaceUnprintable(string(role)))
	}
	if s.Of != nil {
		fmt.Fprintln(o.stdout, o.summarize(s))
	}
	if o.report != nil && s.Of != nil {
		err = errors.Join(err, o.write(map[string]any{"summary": s.Of, "records": s.Records, "dry_run": o.dryRun, "complete": err == nil}))
	}
	err = errors.Join(o.locate(s, err), o.close())
	if refused := s.Of[importer.Refused]; err == nil && refused > 0 {
		err = fmt.Errorf("%d of %s refused", refused, countOf(s.Records, "account"))
	}
	return err
}

func (o *importOutput) word(done, would string) string {
	if o.dryRun {
		return would
	}
	return done
}

// summarize is such as "12 accounts: 9 created, 2 unchanged, 1 refused".
func (o *importOutput) summarize(s importer.Summary) string {
	var parts []string
	for _, outcome := range importer.Outcomes() {
		if n := s.Of[outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, outcome))
		}
	}
	text := countOf(s.Records, "account")
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	if s.Factors > 0 {
		text += "; " + countOf(s.Factors, "second factor") + " kept, which no login asks for yet"
	}
	return text + o.word("", " (dry run: nothing was changed)")
}

// countOf is such as "2 accounts".
func countOf(n int, of string) string {
	if n != 1 {
		of += "s"
	}
	return fmt.Sprintf("%d %s", n, of)
}

// locate says how far an import has come that ended early.
func (o *importOutput) locate(s importer.Summary, err error) error {
	if err == nil || s.Records == 0 {
		return nameFaults(err)
	}
	return fmt.Errorf("ended after %s (the same command goes on from there): %w", countOf(s.Records, "account"), nameFaults(err))
}

// close closes the report.
func (o *importOutput) close() error {
	if o.file == nil {
		return nil
	}
	err := errors.Join(o.report.Flush(), o.file.Close())
	o.file, o.report = nil, nil
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
