package importfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// table is how the rows of a table are read: by the columns of its first line.
type table struct {
	columns []string
	split   func(raw []byte) ([]field, string) // and what is wrong with the row
}

// field is a value of a row.
type field struct {
	text string
	null bool
}

// values are the fields of a row by their columns, without those that are NULL.
func (t *table) values(raw []byte) (map[string]string, string) {
	fields, problem := t.split(raw)
	if problem != "" {
		return nil, problem
	}
	if len(fields) != len(t.columns) {
		return nil, fmt.Sprintf("has %d columns, and the first line has %d", len(fields), len(t.columns))
	}
	values := make(map[string]string, len(fields))
	for i, f := range fields {
		if !f.null {
			values[t.columns[i]] = f.text
		}
	}
	return values, ""
}

// newTable returns an error for columns without a name or with one twice.
func newTable(columns []string, split func([]byte) ([]field, string)) (*table, error) {
	t := &table{split: split}
	for _, c := range columns {
		c = strings.ToLower(strings.TrimSpace(c))
		if c == "" {
			return nil, fmt.Errorf("column %d has no name", len(t.columns)+1)
		}
		if slices.Contains(t.columns, c) {
			return nil, fmt.Errorf("there are two columns %q", c)
		}
		t.columns = append(t.columns, c)
	}
	return t, nil
}

// maxRowLines bounds how many lines a row of CSV goes over, so that a quote which is not closed costs little.
const maxRowLines = 100

// csvRows are the rows of a file as RFC 4180 has it, after the first, which names the columns. Commas, semicolons and tabs may
// stand between them, whichever the first line has. check may refuse the columns. Where a quote is not closed, its line is wrong and the next one counts.
func csvRows(in *bufio.Reader, check func(columns []string) error) iter.Seq2[text, error] {
	return func(yield func(text, error) bool) {
		r := &rowReader{lines: lineReader{in: in}}
		head, err := r.next()
		if err != nil || head.problem != "" {
			yield(text{}, cmpErr(err, head.problem))
			return
		}
		separator := separatorOf(head.raw)
		split := func(raw []byte) ([]field, string) { return splitCSV(raw, separator) }
		names, problem := split(head.raw)
		var columns []string
		for _, n := range names {
			columns = append(columns, n.text)
		}
		t, err := newTable(columns, split)
		if err == nil && problem == "" {
			err = check(t.columns)
		}
		if problem != "" || err != nil {
			yield(text{}, fmt.Errorf("line 1: %w", cmpErr(err, problem)))
			return
		}
		r.fits = func(raw []byte) bool {
			_, problem := t.values(raw)
			return problem == ""
		}
		for {
			row, err := r.next()
			if errors.Is(err, io.EOF) {
				return
			}
			row.table = t
			if err == nil && row.problem == "" && len(bytes.TrimSpace(row.raw)) == 0 {
				continue
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

func cmpErr(err error, problem string) error {
	if err != nil {
		return err
	}
	return errors.New(problem)
}

func separatorOf(head []byte) byte {
	best := byte(',')
	for _, c := range []byte{';', '\t'} {
		if bytes.Count(head, []byte{c}) > bytes.Count(head, []byte{best}) {
			best = c
		}
	}
	return best
}

// rowReader joins lines to rows.
type rowReader struct {
	lines  lineReader
	queued []text // lines that were read on the search for the end of a quote
	// fits reports whether a row of several lines is one. A quote that was forgotten would else take the lines up to the
	// next one with it.
	fits func(raw []byte) bool
}

func (r *rowReader) line() (text, error) {
	if len(r.queued) > 0 {
		t := r.queued[0]
		r.queued = r.queued[1:]
		return t, nil
	}
	raw, long, err := r.lines.next()
	t := text{line: r.lines.line, raw: bytes.Clone(raw)}
	if long {
		t.raw, t.problem = nil, problemLong
	}
	return t, err
}

func (r *rowReader) next() (text, error) {
	first, err := r.line()
	if err != nil || first.problem != "" || bytes.Count(first.raw, []byte{'"'})%2 == 0 {
		return first, err
	}
	row, more := bytes.Clone(first.raw), []text(nil)
	for len(more) < maxRowLines {
		t, err := r.line()
		if err != nil && !errors.Is(err, io.EOF) {
			return t, err
		}
		if err != nil {
			break
		}
		more = append(more, t)
		if t.problem != "" || len(row)+len(t.raw) > maxText {
			break
		}
		row = append(append(row, '\n'), t.raw...)
		if bytes.Count(t.raw, []byte{'"'})%2 == 1 {
			if r.fits != nil && !r.fits(row) {
				break
			}
			return text{line: first.line, raw: row}, nil
		}
	}
	r.queued = append(more, r.queued...)
	return text{line: first.line, problem: "has a quote that is not closed"}, nil
}

// splitCSV splits a row into its fields.
func splitCSV(raw []byte, separator byte) (fields []field, problem string) {
	for {
		var f field
		if len(raw) > 0 && raw[0] == '"' {
			var b strings.Builder
			rest := raw[1:]
			for {
				i := bytes.IndexByte(rest, '"')
				if i < 0 {
					return nil, "has a quote that is not closed"
				}
				b.Write(rest[:i])
				rest = rest[i+1:]
				if len(rest) == 0 || rest[0] != '"' {
					break
				}
				b.WriteByte('"')
				rest = rest[1:]
			}
			if len(rest) > 0 && rest[0] != separator {
				return nil, "has text after a closing quote"
			}
			f.text, raw = b.String(), rest
		} else {
			end := bytes.IndexByte(raw, separator)
			if end < 0 {
				end = len(raw)
			}
			if bytes.IndexByte(raw[:end], '"') >= 0 {
				return nil, "has a quote within a field that does not begin with one"
			}
			f.text, raw = string(raw[:end]), raw[end:]
			f.null = f.text == ""
		}
		fields = append(fields, f)
		if len(raw) == 0 {
			return fields, ""
		}
		raw = raw[1:]
	}
}
