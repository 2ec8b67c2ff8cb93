package config

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// origins takes "*", or origins exactly as browsers send them (RFC 6454 §6.2), such as "https://app.example": any other
// spelling would never match, and the setting would have no effect without an error.
func origins(to *[]string, v string) string {
	all := list(v)
	if len(all) == 1 && all[0] == "*" {
		*to = all
		return ""
	}
	for _, o := range all {
		if o == "*" {
			return "must be * alone or a list of origins, not both"
		}
		if problem := origin(o); problem != "" {
			return problem
		}
	}
	*to = all
	return ""
}

func origin(o string) string {
	const shape = "must be origins such as https://app.example.com or http://localhost:5173, separated by commas: scheme, host and port, with no path and no slash at the end"
	u, err := url.Parse(o)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return shape
	}
	if o != strings.ToLower(o) {
		return "must be origins in lower case"
	}
	if o != u.Scheme+"://"+u.Host {
		return shape
	}
	if u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80" {
		return "must be origins without the default port, as browsers send them"
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || strconv.Itoa(n) != p || n < 1 || n > 65535 {
			return shape
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return shape
	}
	if name, bracketed := strings.CutPrefix(u.Host, "["); bracketed {
		name, _, _ = strings.Cut(name, "]")
		if a, err := netip.ParseAddr(name); err != nil || !a.Is6() || a.Zone() != "" || a.String() != name {
			return "must be origins with IPv6 addresses in their shortest form"
		}
		return ""
	}
	if !hostName(u.Hostname()) {
		return shape
	}
	return ""
}
