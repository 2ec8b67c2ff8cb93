package store

import (
	"context"

	"github.com/svc-users/svc-users"
)

// candidates are where a statement finds, in an index of addresses or of their parts, accounts a among which
// are all that match a part. Nothing but the index is used for that, whatever else the statement asks for: a
// planner that expects much of it could begin with the other end, and compute the parts of every address.
type candidates struct {
	with  string // begins the statement
	index string // the table expression whose rows are the candidates
	from  string // the candidates with the columns of their accounts
	terms []string
}

// candidates chooses the index. Of the parts of a part it takes the rarest.
func (q queries) candidates(v *values, part string, s sample) candidates {
	if isPrefix(part) {
		return candidates{
			with: `WITH found AS MATERIALIZED (SELECT ` + listed + ` FROM accounts a
				WHERE ` + people + ` AND a.email_key >= ` + v.bind(part) + ` AND a.email_key < ` + v.bind(part+lastRune) + `) `,
			index: `found`, from: `found AS a`,
		}
	}
	return q.dialect.candidates(v, s.rarest(trigrams(part)))
}

// gather lists the accounts that match a part of an address, which it looks up and sorts. False if there are
// too many for that.
func (q queries) gather(ctx context.Context, f users.AccountFilter, list users.List) ([]users.Account, bool, error) {
	s, err := q.sample(ctx)
	if err != nil {
		return nil, false, err
	}
	total, err := q.total(ctx, users.AccountFilter{})
	if err != nil || s.share(f.Query)*float64(total) > gatheredRows {
		return nil, false, err
	}
	v := &values{}
	c := q.candidates(v, f.Query, s)
	n, err := q.count(ctx, v, c.with+`SELECT 1 FROM `+c.index+where(c.terms)+` LIMIT `+v.bind(gatheredRows+1))
	if err != nil || n > gatheredRows {
		return nil, false, err
	}
	v = &values{}
	c = q.candidates(v, f.Query, s)
	terms := append(append(c.terms, q.chosen(v, f)...), after(v, list)...)
	accounts, err := q.withRoles(ctx, list.Order, v, c.with+`SELECT `+listed+` FROM `+c.from+where(terms)+
		orderBy(sortColumns(list.Order), list.Order)+` LIMIT `+v.bind(list.Limit)+` OFFSET `+v.bind(list.Offset))
	return accounts, err == nil, err
}

// lookedUpCost is how many accounts are looked at along an index of addresses in the time of one that comes out
// of the index of parts: the former are side by side, and their rows are not read.
const lookedUpCost = 5

// countFound counts the accounts that match a part of an address, up to a limit. As in a search, there are two ways: to
// scan the accounts of the filter's role and state, which is fast if many match, or to use the index of parts, which
// ignores role and state.
func (q queries) countFound(ctx context.Context, f users.AccountFilter, limit int) (int, error) {
	s, err := q.sample(ctx)
	if err != nil {
		return 0, err
	}
	chosen, err := q.total(ctx, f)
	if err != nil {
		return 0, err
	}
	all, err := q.total(ctx, users.AccountFilter{})
	if err != nil {
		return 0, err
	}
	share, of, most := s.share(f.Query), float64(chosen)/float64(all), float64(limit)
	if min(float64(chosen), most/share) <= lookedUpCost*min(share*float64(all), most/of) {
		return q.countByScan(ctx, f, func(v *values) string { return q.matching(v, f.Query) }, limit)
	}
	v := &values{}
	c := q.candidates(v, f.Query, s)
	terms := append(c.terms, q.chosen(v, f)...)
	return q.count(ctx, v, c.with+`SELECT 1 FROM `+c.from+where(terms)+` LIMIT `+v.bind(limit))
}
