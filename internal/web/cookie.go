package web

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	users "github.com/svc-users/svc-users"
)

// The cookie that holds the refresh token of a session in cookie mode, and nothing else. A browser takes the first only
// from the host itself, over TLS, and for all its paths (RFC 6265bis §4.1.3.2), so no page of another host can set it.
// The second is for http://localhost in development, where not every browser takes the first.
const (
	refreshCookie      = "__Host-svc_refresh"
	localRefreshCookie = "svc_refresh"
)

// errCrossOrigin is the answer to a page of an origin that is not allowed to use the refresh cookie.
var errCrossOrigin = &refusal{status: http.StatusForbidden, message: "Pages of this origin may not use the refresh cookie."}

// CheckOrigin refuses a request that a page of another origin has sent, unless CORSOrigins lists that very origin (403).
// Operations that read or set the refresh cookie call it before they do: a browser adds a cookie by itself, so the
// cookie does not show that the page is one of ours. Clients that are no browsers pass: they send neither Sec-Fetch-Site nor Origin.
func (x *Exchange) CheckOrigin() error {
	if err := x.handler.crossOriginGuard.Check(x.Request); err != nil {
		refused := *errCrossOrigin
		refused.cause = err
		return &refused
	}
	return nil
}

// newCrossOriginGuard returns the guard that trusts these origins, "*" apart: that every page may read answers does not
// mean that every page may act with a cookie. It panics for a text that is no origin, which the settings do not let through.
func newCrossOriginGuard(origins []string) *http.CrossOriginProtection {
	guard := http.NewCrossOriginProtection()
	for _, origin := range origins {
		if origin == "*" {
			continue
		}
		if err := guard.AddTrustedOrigin(origin); err != nil {
			panic("web: " + err.Error())
		}
	}
	return guard
}

// RefreshCookie returns the value of the refresh cookie, svcr_…, and whether one was sent. Two of them are refused (401):
// which of them a proxy has looked at is unknown.
func (x *Exchange) RefreshCookie() (token string, sent bool, err error) {
	values := cookieValues(x.Request.Header["Cookie"], x.refreshCookieName())
	if len(values) > 1 {
		return "", true, &users.Error{
			Kind: users.ErrCredentials, Message: "The refresh token is not valid.", Cause: errors.New("there are two refresh cookies"),
		}
	}
	return strings.Join(values, ""), len(values) == 1, nil
}

// SetRefreshCookie gives the browser a refresh token to keep until it expires.
func (x *Exchange) SetRefreshCookie(token string, expires time.Time) {
	x.setCookie(token, max(1, int(expires.Sub(x.handler.Service.Now()).Round(time.Second)/time.Second)))
}

// ClearRefreshCookie makes the browser forget the refresh cookie.
func (x *Exchange) ClearRefreshCookie() { x.setCookie("", -1) }

// setCookie sets the refresh cookie for so many seconds; fewer than none deletes it.
func (x *Exchange) setCookie(value string, seconds int) {
	cookie := http.Cookie{
		Name: x.refreshCookieName(), Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: !x.local(),
	}
	x.Set("Set-Cookie", cookie.String())
}

func (x *Exchange) refreshCookieName() string {
	if x.local() {
		return localRefreshCookie
	}
	return refreshCookie
}

// local reports whether the cookie may do without TLS: in development only, for a request to this very machine.
func (x *Exchange) local() bool {
	if !x.handler.LocalCookies || x.tls {
		return false
	}
	host := x.Request.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return slices.Contains([]string{"localhost", "127.0.0.1", "::1", "[::1]"}, host)
}

// cookieValues returns the values of all cookies of a name, as they were sent. Unlike http.Request.CookiesNamed it also
// returns those that are malformed, so that none is passed over.
func cookieValues(headers []string, name string) []string {
	var values []string
	for _, header := range headers {
		for pair := range strings.SplitSeq(header, ";") {
			key, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if key == name {
				values = append(values, value)
			}
		}
	}
	return values
}
