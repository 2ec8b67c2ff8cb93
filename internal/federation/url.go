package federation

import (
	"net/url"
	"strings"
)

// maxURL is the longest URL of an issuer or a JWK set, in bytes.
const maxURL = 512

// urlKind says what a URL is of.
type urlKind bool

const (
	issuerURL urlKind = false // RFC 8414 §2: neither query nor fragment
	keysURL   urlKind = true
)

// checkURL returns what is wrong with a URL in one sentence, or nothing. Which addresses may be reached is decided when it is
// read, by the addresses that its host has then.
func (o Options) checkURL(text string, kind urlKind) string {
	u, err := url.Parse(text)
	switch {
	case text == "" || len(text) > maxURL || !isPlain(text):
		return "must be a URL of at most 512 bytes"
	case err != nil || u.Opaque != "" || u.Hostname() == "":
		return "must be a URL such as https://issuer.example"
	case u.Scheme != "https" && !(u.Scheme == "http" && o.LocalHTTP && isThisMachine(u.Hostname())):
		return "must begin with https://"
	case u.User != nil:
		return "must have no user name and no password"
	case u.Fragment != "" || strings.Contains(text, "#"):
		return "must have no fragment"
	case kind == issuerURL && strings.Contains(text, "?"):
		return "must have no query"
	}
	return ""
}

// isThisMachine reports whether a host of a URL names this machine.
func isThisMachine(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// discoveryURL is where an issuer says where its keys are (OpenID Connect Discovery 1.0 §4.1).
func discoveryURL(issuer string) string {
	return strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
}
