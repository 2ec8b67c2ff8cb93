package web

import (
	"net/http"
	"slices"
	"strings"
)

// APIPolicy forbids a browser to do anything with an answer that it was led to open as a page.
const APIPolicy = "default-src 'none'; frame-ancestors 'none'"

// The values that most answers share. They are never written to.
var (
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	apiOnly    = []string{APIPolicy}
	noStore    = []string{"no-store"}
	oneYear    = []string{"max-age=31536000"}
	byOrigin   = []string{"Origin"}
	jsonOnly   = []string{JSONType}
)

// commonHeaders sets what every answer has, errors and answers without a body too. An answer may replace the
// policies of content and cache; not to be stored is the default, because most answers are for one caller
// alone.
func (h *handler) commonHeaders(x *Exchange) {
	fields := x.Header()
	fields["X-Request-Id"] = []string{x.id}
	fields["X-Content-Type-Options"] = noSniff
	fields["Referrer-Policy"] = noReferrer
	fields["Content-Security-Policy"] = apiOnly
	fields["Cache-Control"] = noStore
	fields["Vary"] = byOrigin
	if x.tls {
		fields["Strict-Transport-Security"] = oneYear
	}
	h.crossOrigin(x)
}

// crossOrigin sets what lets pages of other origins read the answer (Fetch standard, CORS protocol). Credentials in the
// sense of that protocol, the refresh cookie, are allowed to the origins that are listed one by one, never to all. An
// origin that is not on the list gets no header at all, which is how a browser is told no.
func (h *handler) crossOrigin(x *Exchange) {
	origin := x.Request.Header.Get("Origin")
	switch {
	case x.anyOrigin: // also without the field Origin, so that a cache has one answer for all
		x.Set("Access-Control-Allow-Origin", "*")
		// What commonHeaders has set before the route was known: * goes with no credentials.
		delete(x.Header(), "Access-Control-Allow-Credentials")
		delete(x.Header(), "Vary")
	case origin == "":
		return
	case h.anyOrigin:
		x.Set("Access-Control-Allow-Origin", origin)
	case slices.Contains(h.CORSOrigins, origin):
		x.Set("Access-Control-Allow-Origin", origin)
		x.Set("Access-Control-Allow-Credentials", "true")
	default:
		return
	}
	if x.Request.Method == http.MethodOptions && x.Request.Header.Get("Access-Control-Request-Method") != "" {
		x.Set("Access-Control-Allow-Methods", everyMethod)
		x.Set("Access-Control-Allow-Headers", h.corsHeaders)
		x.Set("Access-Control-Max-Age", "600")
		return
	}
	x.Set("Access-Control-Expose-Headers", "ETag, Location, Retry-After, WWW-Authenticate, X-Request-ID")
}

// corsHeaders are the header fields that a page of an allowed origin may send: what the operations read, and what
// libraries that trace requests add by themselves (W3C Trace Context and Baggage, Sentry), without which a browser
// would send nothing at all.
const corsHeaders = "Authorization, Content-Type, If-None-Match, X-Request-ID, traceparent, tracestate, baggage, sentry-trace"

// requestID is the client's own if it is short and plain, so that it can stand in a log and in a header as it
// is; else a new one. Under AuthZENPath it may be any text that is printable.
func (h *handler) requestID(r *http.Request) string {
	isGood := isPlainID
	if speaksAuthZEN(r.URL.Path) {
		isGood = isPrintableID
	}
	if sent := r.Header["X-Request-Id"]; len(sent) == 1 && isGood(sent[0]) {
		return sent[0]
	}
	return h.NewID().String()
}

func isPlainID(s string) bool {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
	return len(s) >= 1 && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(plain, r) })
}
