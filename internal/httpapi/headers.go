package httpapi

import (
	"net/http"
	"slices"
	"strings"
)

// apiPolicy forbids a browser to do anything with an answer that it was led to open as a page.
const apiPolicy = "default-src 'none'; frame-ancestors 'none'"

// The values that most answers share. They are never written to.
var (
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	apiOnly    = []string{apiPolicy}
	noStore    = []string{"no-store"}
	oneYear    = []string{"max-age=31536000"}
	byOrigin   = []string{"Origin"}
	jsonOnly   = []string{jsonType}
)

// commonHeaders sets what every answer has, errors and answers without a body too. An answer may replace the
// policies of content and cache; not to be stored is the default, because most of what is said here belongs to
// somebody.
func (a *api) commonHeaders(x *exchange) {
	h := x.Header()
	h["X-Request-Id"] = []string{x.id}
	h["X-Content-Type-Options"] = noSniff
	h["Referrer-Policy"] = noReferrer
	h["Content-Security-Policy"] = apiOnly
	h["Cache-Control"] = noStore
	h["Vary"] = byOrigin
	if x.tls {
		h["Strict-Transport-Security"] = oneYear
	}
	a.crossOrigin(x)
}

// crossOrigin sets what lets pages of other origins read the answer (Fetch standard, CORS protocol). Nothing
// here is decided by cookies, so credentials in the sense of that protocol are never allowed. An origin that is
// not on the list gets no header at all, which is how a browser is told no.
func (a *api) crossOrigin(x *exchange) {
	origin := x.r.Header.Get("Origin")
	switch {
	case origin == "":
		return
	case a.anyOrigin || slices.Contains(a.CORSOrigins, origin):
		x.set("Access-Control-Allow-Origin", origin)
	default:
		return
	}
	if x.r.Method == http.MethodOptions && x.r.Header.Get("Access-Control-Request-Method") != "" {
		x.set("Access-Control-Allow-Methods", everyMethod)
		x.set("Access-Control-Allow-Headers", a.corsHeaders)
		x.set("Access-Control-Max-Age", "600")
		return
	}
	x.set("Access-Control-Expose-Headers", "ETag, Location, Retry-After, WWW-Authenticate, X-Request-ID")
}

// corsHeaders are the header fields that a page of an allowed origin may send: what the operations read, and what
// libraries that trace requests add by themselves (W3C Trace Context and Baggage, Sentry), without which a browser
// would send nothing at all.
const corsHeaders = "Authorization, Content-Type, If-None-Match, X-Request-ID, traceparent, tracestate, baggage, sentry-trace"

// requestID is the client's own if it is short and plain, so that it can stand in a log and in a header as it
// is; else a new one.
func (a *api) requestID(r *http.Request) string {
	if sent := r.Header["X-Request-Id"]; len(sent) == 1 && plainID(sent[0]) {
		return sent[0]
	}
	return a.NewID().String()
}

func plainID(s string) bool {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
	return len(s) >= 1 && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(plain, r) })
}
