package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxTrigrams bounds how many trigrams of a part are considered, and lookedUp how many are looked up: the
// rarest few leave hardly more accounts than all would, and each further one costs another walk through the
// index, the longer the more common it is.
const (
	maxTrigrams = 32
	lookedUp    = 4
)

// trigrams returns the runs of three characters in a part, each once.
func trigrams(part string) []string {
	runes := []rune(part)
	var list []string
	for i := 0; i+3 <= len(runes) && len(list) < maxTrigrams; i++ {
		if t := string(runes[i : i+3]); !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	return list
}

// sample is some addresses, from which the cost of a search is estimated. It has no effect on results.
type sample []string

// A sample is taken at several times between the oldest account and the newest, since those made at one time
// may be of one kind. It is read in a fraction of a millisecond, and tells what is in nearly every address.
const (
	sampledTimes  = 10
	sampledAtEach = 20
)

func (q queries) sample(ctx context.Context) (sample, error) {
	ends, err := rows(ctx, q, "sample the addresses", func(r *sql.Rows) (t time.Time, err error) {
		return t, r.Scan((*timeColumn)(&t))
	}, `SELECT created_at FROM (SELECT created_at FROM accounts a WHERE `+people+` ORDER BY created_at LIMIT 1) AS oldest
		UNION ALL SELECT created_at FROM (SELECT created_at FROM accounts a WHERE `+people+` ORDER BY created_at DESC LIMIT 1) AS newest`)
	if err != nil || len(ends) < 2 {
		return nil, err
	}
	oldest, newest := ends[0], ends[1]
	if newest.Before(oldest) {
		oldest, newest = newest, oldest
	}
	v := &values{}
	n := v.bind(sampledAtEach)
	var parts []string
	for i := range sampledTimes {
		part := ` ORDER BY created_at DESC LIMIT ` + n
		if i > 0 {
			at := newest.Add(-newest.Sub(oldest) / (sampledTimes - 1) * time.Duration(i))
			part = ` AND created_at >= ` + v.bind(instant(at)) + ` ORDER BY created_at LIMIT ` + n
		}
		parts = append(parts, `SELECT email_key FROM (SELECT email_key FROM accounts a WHERE `+people+part+`) AS s`+strconv.Itoa(i))
	}
	return rows(ctx, q, "sample the addresses", scanText, strings.Join(parts, ` UNION ALL `), v.args...)
}

// share estimates the share of all addresses that match a part.
func (s sample) share(part string) float64 {
	n := 0
	for _, key := range s {
		if isPrefix(part) && strings.HasPrefix(key, part) || !isPrefix(part) && strings.Contains(key, part) {
			n++
		}
	}
	return float64(n) / float64(max(len(s), 1))
}

// rarest returns the trigrams that are worth looking up, the rarest first. One that most addresses have is not,
// beside another.
func (s sample) rarest(trigrams []string) []string {
	shares := map[string]float64{}
	for _, t := range trigrams {
		shares[t] = s.share(t)
	}
	slices.SortStableFunc(trigrams, func(a, b string) int { return cmp.Compare(shares[a], shares[b]) })
	for i, t := range trigrams {
		if i == lookedUp || i > 0 && shares[t] > 0.5 {
			return trigrams[:i]
		}
	}
	return trigrams
}
