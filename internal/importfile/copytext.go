package importfile

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"regexp"
	"strings"
)

// copyHead begins the rows of a table in a dump: COPY auth.users (instance_id, id, …) FROM stdin;
var copyHead = regexp.MustCompile(`^COPY (?:"?auth"?\.)?"?users"? \(([^)]*)\) FROM stdin;\s*$`)

var errNoCopy = errors.New("has no COPY of auth.users; dump it with pg_dump --data-only --table auth.users")

// copyRows are the rows of auth.users in a dump of PostgreSQL, whose other statements are passed over.
func copyRows(in *bufio.Reader) iter.Seq2[text, error] {
	return func(yield func(text, error) bool) {
		l := &lineReader{in: in}
		var t *table
		found := false
		for {
			raw, long, err := l.next()
			switch {
			case errors.Is(err, io.EOF) && t != nil:
				yield(text{}, errors.New("the dump ends within the rows of auth.users: it is cut off"))
				return
			case errors.Is(err, io.EOF) && !found:
				yield(text{}, errNoCopy)
				return
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(text{}, err)
				return
			case t == nil:
				if m := copyHead.FindSubmatch(raw); m != nil && !long {
					if t, err = newTable(strings.Split(strings.ReplaceAll(string(m[1]), `"`, ""), ","), splitCopy); err != nil {
						yield(text{}, err)
						return
					}
					found = true
				}
				continue
			case string(raw) == `\.`:
				t = nil
				continue
			}
			row := text{line: l.line, raw: raw, table: t}
			if long {
				row.raw, row.problem = nil, problemLong
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// splitCopy splits a row of PostgreSQL's text format: tabs between the fields, \N for NULL, escapes with a backslash.
func splitCopy(raw []byte) (fields []field, problem string) {
	for part := range strings.SplitSeq(string(raw), "\t") {
		if part == `\N` {
			fields = append(fields, field{null: true})
			continue
		}
		if !strings.Contains(part, `\`) {
			fields = append(fields, field{text: part})
			continue
		}
		var b strings.Builder
		for i := 0; i < len(part); i++ {
			c := part[i]
			if c != '\\' {
				b.WriteByte(c)
				continue
			}
			if i++; i == len(part) {
				return nil, "ends with a backslash"
			}
			switch part[i] {
			case 'b':
				b.WriteByte('\b')
			case 'f':
				b.WriteByte('\f')
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			case 't':
				b.WriteByte('\t')
			case 'v':
				b.WriteByte('\v')
			default:
				b.WriteByte(part[i])
			}
		}
		fields = append(fields, field{text: b.String()})
	}
	return fields, ""
}
