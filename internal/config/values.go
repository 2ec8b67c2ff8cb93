package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Each reader below stores a value at its target and returns "", or returns what is wrong and leaves the target
// unchanged.

const (
	// maxClaim bounds text that goes into every token. A whole token has at most 8 KiB.
	maxClaim = 255
	// maxPath is the longest path that Linux takes (PATH_MAX).
	maxPath = 4096
)

// integer takes plain decimal digits only: a sign, a leading zero, a space or another base is probably a mistake, which
// is reported rather than guessed at.
func integer(to *int, v string, least, most int) string {
	n, err := strconv.Atoi(v)
	if err != nil || strconv.Itoa(n) != v || n < least || n > most {
		return fmt.Sprintf("must be a whole number from %d to %d", least, most)
	}
	*to = n
	return ""
}

func days(to *time.Duration, v string, least, most int) string {
	var n int
	if problem := integer(&n, v, least, most); problem != "" {
		return problem
	}
	*to = time.Duration(n) * day
	return ""
}

// duration takes Go's notation of one positive length of time, such as 1.5s or 750ms, or whole days, such as 14d.
func duration(to *time.Duration, v string, least, most time.Duration) string {
	d, err := parseDuration(v)
	if err != nil || v[0] == '+' || d < least || d > most {
		return fmt.Sprintf("must be a length of time from %s to %s, such as 1.5s", formatDuration(least), formatDuration(most))
	}
	*to = d
	return ""
}

// rate takes a number of attempts, and the length of time until there is one more: 20/10m.
func rate(to *Rate, v string) string {
	const problem = "must be a number from 1 to 100000, a slash and a length of time from 1ms to 24h, such as 20/10m"
	burst, every, _ := strings.Cut(v, "/")
	var r Rate
	if integer(&r.Burst, burst, 1, 100_000) != "" || every == "" || duration(&r.Every, every, time.Millisecond, day) != "" {
		return problem
	}
	*to = r
	return ""
}

// maxAPIKeyLife takes a length of time, or the word never for none.
func maxAPIKeyLife(to *APIKeys, v string) string {
	if v == "never" {
		to.Endless = true
		return ""
	}
	if problem := duration(&to.MaxLife, v, time.Hour, 3650*day); problem != "" {
		return problem + ", or never"
	}
	return ""
}

// secretLife takes the longest life of a client secret, or never. It bounds the usual life too.
func secretLife(to *Clients, v string) string {
	if v == "never" {
		to.MaxSecretLife = 0
		return ""
	}
	if problem := duration(&to.MaxSecretLife, v, day, 3650*day); problem != "" {
		return problem + ", or never"
	}
	to.SecretLife = min(to.SecretLife, to.MaxSecretLife)
	return ""
}

func parseDuration(v string) (time.Duration, error) {
	number, inDays := strings.CutSuffix(v, "d")
	if !inDays {
		return time.ParseDuration(v)
	}
	n, err := strconv.ParseUint(number, 10, 16) // 65535 days do not overflow
	return time.Duration(n) * day, err
}

// formatDuration writes lengths of whole days as days: 14d.
func formatDuration(d time.Duration) string {
	if d > 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	return d.String()
}

func choice[T ~string](to *T, v string, of ...T) string {
	if !slices.Contains(of, T(v)) {
		names := make([]string, len(of))
		for i, o := range of {
			names[i] = string(o)
		}
		return "must be " + strings.Join(names, " or ")
	}
	*to = T(v)
	return ""
}

func onOff(to *bool, v string) string {
	var word string
	if problem := choice(&word, v, "on", "off"); problem != "" {
		return problem
	}
	*to = word == "on"
	return ""
}

func level(to *slog.Level, v string) string {
	l, ok := levels[v]
	if !ok {
		return "must be debug, info, warn or error"
	}
	*to = l
	return ""
}

// text takes one printable line.
func text(to *string, v string, most int) string {
	switch {
	case len(v) > most:
		return fmt.Sprintf("must be at most %d bytes long", most)
	case !utf8.ValidString(v):
		return "must be valid UTF-8"
	case strings.ContainsFunc(v, unicode.IsControl):
		return "must not contain control characters"
	case strings.TrimSpace(v) != v:
		return "must not begin or end with a space"
	}
	*to = v
	return ""
}

// host takes an IP address or a name; a port or a scheme has its own place.
func host(to *string, v string) string {
	if _, err := netip.ParseAddr(v); err != nil && !hostName(v) {
		return "must be an IP address or a host name, without a port"
	}
	*to = v
	return ""
}

// hosts takes IP addresses and names, separated by commas.
func hosts(to *[]string, v string) string {
	all := list(v)
	for _, one := range all {
		if problem := host(new(string), one); problem != "" {
			return "must be IP addresses or host names, separated by commas, without ports"
		}
	}
	*to = all
	return ""
}

func hostName(v string) bool {
	return v != "" && len(v) <= 253 && !strings.ContainsFunc(v, func(r rune) bool {
		return r != '.' && r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// databaseURL checks the scheme and the syntax only; opening the database shows whether it answers. Errors of url.Parse
// repeat their input, which may have a password, and are not passed on.
func databaseURL(to *Secret, v string) string {
	var checked string
	if problem := text(&checked, v, maxPath); problem != "" {
		return problem
	}
	if strings.TrimRight(v, quoteSigns) != v {
		return "must not end with a quote: quotes that docker run --env-file and the like pass on are no part of a value"
	}
	scheme, rest, found := strings.Cut(v, "://")
	switch {
	case found && scheme == "sqlite":
		if rest == "" || strings.HasSuffix(rest, "/") {
			return "must name a file after sqlite://"
		}
		if problem := path(new(string), rest); problem != "" {
			return problem + " after sqlite://"
		}
	case found && (scheme == "postgresql" || scheme == "postgres"):
		if u, err := url.Parse(scheme + "://" + withoutSocket(rest)); err != nil || u.Fragment != "" {
			return "must be a URL such as postgresql://user:password@host:5432/database; write special characters in the user or password as %40, %2F, %23"
		}
	default:
		return "must begin with sqlite://, postgresql:// or postgres://"
	}
	*to = NewSecret(v)
	return ""
}

// withoutSocket replaces, in what follows the scheme of a URL, the slashes of a host that is the folder of a socket
// (user@%2Frun%2Fpostgresql/db), which libpq takes and url.Parse does not.
func withoutSocket(rest string) string {
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host := strings.LastIndexByte(rest[:end], '@') + 1
	return rest[:host] + strings.NewReplacer("%2F", "-", "%2f", "-").Replace(rest[host:end]) + rest[end:]
}

// listenURL takes a database that can be listened at.
func listenURL(to *Secret, v string) string {
	if strings.HasPrefix(v, "sqlite://") {
		return "must begin with postgresql:// or postgres://: a SQLite file has nothing to listen at"
	}
	return databaseURL(to, v)
}

// networks takes CIDRs and single addresses, such as "10.0.0.0/8,192.0.2.7". Bits beyond the mask are refused: 10.1.2.3/8
// may have been meant for one machine, and this setting decides which proxies are trusted.
func networks(to *[]netip.Prefix, v string) string {
	var all []netip.Prefix
	for _, item := range list(v) {
		p, err := netip.ParsePrefix(item)
		if err != nil {
			a, err := netip.ParseAddr(item)
			if err != nil || a.Zone() != "" {
				return "must be networks such as 10.0.0.0/8, separated by commas"
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		switch {
		case p.Addr().Is4In6():
			return "must name IPv4 networks in IPv4 notation"
		case p != p.Masked():
			return "must name networks by their first address, such as 10.0.0.0/8"
		}
		all = append(all, p)
	}
	*to = all
	return ""
}

// fieldName matches the name of a header field: a token of RFC 9110 §5.6.2.
var fieldName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")

func fieldNames(to *[]string, v string) string {
	names := list(v)
	for _, name := range names {
		if !fieldName.MatchString(name) || name == "*" {
			return "must be names of header fields such as X-Client-Version, separated by commas"
		}
	}
	*to = names
	return ""
}

// list splits at commas; spaces around an item are no part of it.
func list(v string) []string {
	items := strings.Split(v, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}
