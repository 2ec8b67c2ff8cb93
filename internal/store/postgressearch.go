package store

import "strconv"

// candidates gives PostgreSQL the trigrams in a way that hides from the planner how common they are, and so
// has it always take the index; what it plans by statistics of one day is slow on another. Rows of a common
// table expression that is called materialized come as they are asked for, not all at first.
func (p *postgres) candidates(v *values, trigrams []string) candidates {
	numbers := make([]int64, len(trigrams))
	for i, t := range trigrams {
		for _, r := range t {
			numbers[i] = numbers[i]<<21 | int64(r) // as email_trigrams does
		}
	}
	return candidates{
		with: `WITH found AS MATERIALIZED (SELECT ` + listed + ` FROM accounts a
			WHERE email_trigrams(a.email_key) OPERATOR(pg_catalog.@>) (SELECT CAST(` + v.bind(numbers) + ` AS bigint[]))) `,
		index: `found`, from: `found AS a`,
	}
}

// short writes the limit out. Of one that is bound the planner knows nothing, and plans each statement anew for
// its values, which costs as much as the list. Rows come as they are asked for: no more are read.
func (p *postgres) short(query string) string {
	return `SELECT * FROM (` + query + ` LIMIT ` + strconv.Itoa(shortCut) + `) AS short`
}
