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

// The cookies of cookie mode: one holds the refresh token of a session, the other the token of the device, and nothing else.
// A browser takes names with the prefix only from the host itself, over TLS, and for all its paths (RFC 6265bis §4.1.3.2), so
// no page of another host can set them. Without it they are for http://localhost in development, where not every browser
// takes the others.
const (
	refreshCookie = "svc_refresh"
	deviceCookie  = "svc_device"
	hostPrefix    = "__Host-"
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
	values := cookieValues(x.Request.Header["Cookie"], x.cookieName(refreshCookie))
	if len(values) > 1 {
		return "", true, &users.Error{
			Kind: users.ErrCredentials, Message: "The refresh token is not valid.", Cause: errors.New("there are two refresh cookies"),
		}
	}
	return strings.Join(values, ""), len(values) == 1, nil
}

// SetRefreshCookie gives the browser a refresh token to keep until it expires.
func (x *Exchange) SetRefreshCookie(token string, expires time.Time) {
	x.setCookie(refreshCookie, token, x.secondsUntil(expires))
}

// ClearRefreshCookie makes the browser forget the refresh cookie.
func (x *Exchange) ClearRefreshCookie() { x.setCookie(refreshCookie, "", -1) }

// DeviceCookie returns the device token, svcd_…, that the cookie has; empty where there is none. Two of them are none: which
// of them is the client's is unknown.
func (x *Exchange) DeviceCookie() string {
	values := cookieValues(x.Request.Header["Cookie"], x.cookieName(deviceCookie))
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// SetDeviceCookie gives the browser a device token to keep until it expires. It outlives a logout.
func (x *Exchange) SetDeviceCookie(token string, expires time.Time) {
	x.setCookie(deviceCookie, token, x.secondsUntil(expires))
}

func (x *Exchange) secondsUntil(at time.Time) int {
	return max(1, int(at.Sub(x.handler.Service.Now()).Round(time.Second)/time.Second))
}

// setCookie sets a cookie for so many seconds; fewer than none deletes it.
func (x *Exchange) setCookie(name, value string, seconds int) {
	cookie := http.Cookie{
		Name: x.cookieName(name), Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: !x.local(),
	}
	x.Header().Add("Set-Cookie", cookie.String())
}

func (x *Exchange) cookieName(name string) string {
	if x.local() {
		return name
	}
	return hostPrefix + name
}

// local reports whether cookies may do without TLS: in development only, for a request to this very machine.
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
