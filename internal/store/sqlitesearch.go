package store

import "strings"

// candidates has SQLite begin with the trigrams: it keeps the order of a CROSS JOIN. In a query of FTS5 text
// between quotes stands for itself, and a doubled quote in it for one.
func (s *sqlite) candidates(v *values, trigrams []string) candidates {
	var quoted []string
	for _, t := range trigrams {
		quoted = append(quoted, `"`+strings.ReplaceAll(t, `"`, `""`)+`"`)
	}
	return candidates{
		index: `accounts_search`,
		from:  `accounts_search CROSS JOIN accounts a ON a.number = accounts_search.rowid`,
		terms: []string{`accounts_search MATCH ` + v.bind(strings.Join(quoted, ` AND `))},
	}
}

func (s *sqlite) short(query string) string { return query }
