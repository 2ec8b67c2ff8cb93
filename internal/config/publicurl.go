package config

import (
	"net/netip"
	"net/url"
	"regexp"
)

const publicURLShape = "must be a URL such as https://users.example.com or https://example.com/users: http or https, a host, and a path if there is one, " +
	"with no slash at the end, no query and no fragment"

// urlPath matches the path of a public URL: segments of characters that are never percent-encoded (RFC 3986 §2.3), none
// of which begins with a dot.
var urlPath = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$`)

// publicURL takes the URL under which clients reach the service, in the one spelling in which links are made from it:
// https://users.example.com, or https://example.com/users behind a proxy that takes the path off.
func publicURL(to *string, v string) string {
	if problem := text(new(string), v, maxClaim); problem != "" {
		return problem
	}
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return publicURLShape
	case v != u.Scheme+"://"+u.Host+u.Path || !urlPath.MatchString(u.Path):
		return publicURLShape // also where a user, a query or a fragment is there
	case origin(u.Scheme+"://"+u.Host) != "":
		return "must have its host in lower case, and a port only where it is not the scheme's own"
	}
	*to = v
	return ""
}

// rangeURL takes the URL of a service that is asked about ranges of hashes.
func rangeURL(to *string, v string) string {
	if publicURL(new(string), v) != "" || inClearText(v) {
		return "must be a URL such as https://api.pwnedpasswords.com/range: https, or http to this machine, a host in lower case, and a path " +
			"if there is one, with no slash at the end, no query and no fragment"
	}
	*to = v
	return ""
}

// inClearText reports whether a URL that publicURL has taken sends what it is for over a network unencrypted.
func inClearText(v string) bool {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" {
		return false
	}
	if u.Hostname() == "localhost" {
		return false
	}
	address, err := netip.ParseAddr(u.Hostname())
	return err != nil || !address.IsLoopback()
}
