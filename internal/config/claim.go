package config

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	// maxAudiences bounds how many audiences every token carries.
	maxAudiences = 10
	// quoteSigns are those of shells and env files, and those that word processors make of them.
	quoteSigns = "\"'`\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"
)

// misquoted says what is wrong with a value that was quoted for a reader that takes no quotes, such as docker run
// --env-file, or that begins with a byte order mark. No setting has a value that begins with either.
func misquoted(v string) string {
	switch {
	case strings.HasPrefix(v, "\ufeff"):
		return "begins with a byte order mark (U+FEFF): take it away"
	case strings.IndexAny(v, quoteSigns) == 0:
		return "begins with a quote, which docker run --env-file and the like pass on as a part of the value: write it without quotes"
	}
	return ""
}

// claimShape is the problem of a value of iss or aud that is neither a URI nor a plain name.
const claimShape = "must be a URI such as https://id.example.com, or a plain name without colons, commas and quotes"

// uriText matches the characters that a URI may have after its scheme (RFC 3986), less the apostrophe.
var uriText = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&()*+,;=%-]+$`)

// claimProblem returns what is wrong with a value of iss or aud, a StringOrURI (RFC 7519 §2), or "". A value with a colon
// must be a URI.
func claimProblem(v string) string {
	if v == "" {
		return claimShape
	}
	if problem := text(new(string), v, maxClaim); problem != "" {
		return problem
	}
	if !strings.Contains(v, ":") {
		if strings.ContainsAny(v, quoteSigns+`,\`) || strings.ContainsFunc(v, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return claimShape
		}
		return ""
	}
	u, err := url.Parse(v)
	switch {
	case err != nil || !uriText.MatchString(v):
		return claimShape
	case u.Scheme != "http" && u.Scheme != "https":
		return ""
	}
	if _, err := netip.ParseAddr(u.Hostname()); err != nil && !hostName(u.Hostname()) {
		return claimShape
	}
	return ""
}

func issuer(to *string, v string) string {
	if problem := claimProblem(v); problem != "" {
		return problem
	}
	*to = v
	return ""
}

// audiences takes one audience, or several with commas between them: "https://api.example.com,orders".
func audiences(to *[]string, v string) string {
	if problem := text(new(string), v, maxAudiences*(maxClaim+2)); problem != "" {
		return problem
	}
	all := list(v)
	if len(all) > maxAudiences {
		return "must be at most 10 audiences"
	}
	for i, one := range all {
		if problem := claimProblem(one); problem != "" {
			return strings.Replace(problem, "must be", "must be audiences separated by commas, each", 1)
		}
		if slices.Contains(all[:i], one) {
			return "must not name an audience twice"
		}
	}
	*to = all
	return ""
}

// path takes the path of a file or folder. Quotes around it were meant for a shell.
func path(to *string, v string) string {
	if strings.IndexAny(v, quoteSigns) == 0 || strings.TrimRight(v, quoteSigns) != v {
		return "must not begin or end with a quote"
	}
	return text(to, v, maxPath)
}
