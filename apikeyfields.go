package users

import (
	"strconv"
	"strings"
	"time"
)

// scope reads a field that lists the permissions of a key, all of which must exist.
func (f *Faults) scope(g *Graph, field string, list []string) Scope {
	if len(list) > maxScope {
		f.Add(field, "must name at most "+strconv.Itoa(maxScope)+" permissions")
		return Scope{}
	}
	names := f.permissionNames(field, list)
	for i, name := range names {
		if _, exists := g.PermissionByName(name); !exists {
			f.Add(field+"."+strconv.Itoa(i), "is not the name of an existing permission")
		}
	}
	return NewScope(names...)
}

// expiry reads a field that says when a key expires, which is zero for never.
func (f *Faults) expiry(field string, chosen Optional[*time.Time], o APIKeyOptions, now time.Time) time.Time {
	switch {
	case f.Has(field):
		return time.Time{}
	case !chosen.Set:
		return now.Add(o.Life)
	case chosen.To == nil:
		if !o.Endless {
			f.Add(field, "must be a time: keys that do not expire are not allowed here (API_KEY_MAX_LIFE)")
		}
		return time.Time{}
	}
	at := chosen.To.UTC().Truncate(time.Microsecond)
	switch {
	case at.Before(now.Add(minAPIKeyLife)):
		f.Add(field, "must be at least an hour ahead")
	case !o.Endless && at.After(now.Add(o.MaxLife)):
		f.Add(field, "must be at most "+inDays(o.MaxLife)+" ahead (API_KEY_MAX_LIFE)")
	case at.Year() > maxYear:
		f.Add(field, "must be before the year "+strconv.Itoa(maxYear+1))
	}
	return at
}

// overlap reads a field that says how long a key lives on beside its successor: not at all, or until the tokens that were issued for it have expired.
func (f *Faults) overlap(field string, text *string) time.Duration {
	if text == nil || f.Has(field) {
		return standardOverlap
	}
	d, err := parseLength(*text)
	if err != nil || d != 0 && d < exchangeLife || d > maxOverlap {
		f.Add(field, "must be 0s, or a length of time from 10m to 30d, such as 36h")
	}
	return d
}

// parseLength reads a length of time as settings have it: days, such as "14d", or what time.ParseDuration reads.
func parseLength(text string) (time.Duration, error) {
	days, inDays := strings.CutSuffix(text, "d")
	if !inDays {
		return time.ParseDuration(text)
	}
	n, err := strconv.ParseUint(days, 10, 16) // 65535 days are 180 years, which a Duration holds
	return time.Duration(n) * 24 * time.Hour, err
}

// maxYear keeps a time within what RFC 3339 can write.
const maxYear = 9998

// inDays is a length of time in words: "365 days", or "1h30m0s" where it is none of whole days.
func inDays(d time.Duration) string {
	const day = 24 * time.Hour
	if d%day != 0 {
		return d.String()
	}
	if d == day {
		return "1 day"
	}
	return strconv.Itoa(int(d/day)) + " days"
}

// expiryAfter is when the successor of a key expires: it lives as long as the key was to live, within what is allowed.
func (o APIKeyOptions) expiryAfter(before APIKey, now time.Time) time.Time {
	switch {
	case before.ExpiresAt.IsZero() && o.Endless:
		return time.Time{}
	case before.ExpiresAt.IsZero():
		return now.Add(o.MaxLife)
	}
	life := before.ExpiresAt.Sub(before.CreatedAt)
	if !o.Endless {
		life = min(life, o.MaxLife)
	}
	return now.Add(life)
}
