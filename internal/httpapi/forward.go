package httpapi

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/svc-users/svc-users"
)

// The sub-request of a reverse proxy. It is not ours: method, body, query and the path below ours are those of
// a request to another service, and nothing in them may change what is decided. What is required is said by the
// proxy: at the very path in its query, which is the proxy's own there; below the path in a header field, which
// the proxy sets, because the query is foreign there. Each is looked at in its one place, so that what a client
// puts into the other is nothing; and whatever a client can add in the right place makes more be required,
// never less. In the proxy's own query any other parameter is a mistake in its configuration, such as ?required=NAME,
// which would require nothing.
const (
	forwardPath   = "/api/v1/auth/forward"
	requireParam  = "require"
	requireHeader = "X-Auth-Require"
)

func (a *api) forwardRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: forwardPath, subtree: true,
			name: "forwardAuth", tag: "Authorization", summary: "Answer the sub-request of a reverse proxy: may this request pass?",
			description: "For nginx `auth_request`, Traefik ForwardAuth, Envoy ext_authz over HTTP and the like. Any method is answered alike, `OPTIONS` too, here and at every " +
				"path below this one; a body is ignored, and so are the path and the query below this one, which are those of a foreign request. What is required is said here by `" + requireParam +
				"`, beside which any other parameter is 422, and below this path by the header `" + requireHeader + "` (names separated by spaces; several header lines add up), which counts there only. " +
				"Where nothing is required any token that counts will do.",
			message: "Access granted", fails: []int{http.StatusForbidden},
			params: []*huma.Param{requireParamDoc()},
			fields: []string{"X-Auth-Subject", "X-Auth-Email", "X-Auth-Roles", "X-Auth-Permissions"},
			serve:  a.forward,
		},
	}
}

func (a *api) forward(x *exchange, _ []byte) error {
	passage, err := a.Service.Forward(x.ctx, x.caller, x.requirement())
	if err != nil {
		return err
	}
	x.set("X-Auth-Subject", passage.Account.ID.String())
	x.set("X-Auth-Email", escapeHeader(passage.Account.Email.String(), plainInEmailHeader))
	x.set("X-Auth-Roles", headerList(passage.Roles))
	// Also where it is empty: a proxy that copies what is there would pass on what the client sent.
	x.set("X-Auth-Permissions", headerList(passage.Required))
	x.quiet = true // asked with each request to other services, and of interest only where it fails
	return x.reply(envelope{code: http.StatusOK, message: "Access granted"})
}

// requirement is what the proxy wants of the caller. Nothing is required only where nothing was said: what is
// there and cannot be read, or names nothing, is a fault.
func (x *exchange) requirement() users.ForwardRequest {
	if x.r.URL.Path != forwardPath {
		return users.ForwardRequest{Field: requireHeader, Permissions: requiredByHeader(x.r.Header[requireHeader])}
	}
	names, found := requiredByQuery(x.r.URL.RawQuery)
	return users.ForwardRequest{Field: requireParam, Permissions: names, Found: found}
}

// requiredByHeader takes names apart at spaces. A comma is a character of a name.
func requiredByHeader(lines []string) []string {
	var names []string
	for _, line := range lines {
		before := len(names)
		for name := range strings.SplitSeq(line, " ") {
			if name != "" {
				names = append(names, name)
			}
		}
		if len(names) == before {
			names = append(names, "") // a line that names nothing
		}
	}
	return names
}

// requiredByQuery collects the one parameter there is. Any other name, and one that cannot be decoded, might have
// been meant to be this one.
func requiredByQuery(raw string) ([]string, users.Faults) {
	var names []string
	var found users.Faults
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		switch {
		case err != nil:
			found.Add(fieldName(rawName), "is not a parameter that can be decoded")
		case name == requireParam:
			value, err := url.QueryUnescape(rawValue)
			if err != nil {
				found.Add(requireParam, "must be percent-encoded correctly")
			}
			names = append(names, value)
		default:
			found.Add(fieldName(name), notAParameter)
		}
		if len(found) == maxFaults {
			break
		}
	}
	return names, found
}

// headerList joins texts with commas, none of which is in an element.
func headerList[T ~string](list []T) string {
	if len(list) == 1 {
		return headerText(string(list[0]))
	}
	return strings.Join(each(list, func(element T) string { return headerText(string(element)) }), ",")
}

// headerText is text as it can stand in a header field, whatever is in it: percent-encoded but for the
// characters that RFC 3986 leaves unreserved and a few that e-mails and names of permissions are made of.
func headerText(s string) string { return escapeHeader(s, plainInHeader) }

// escapeHeader percent-encodes the bytes of s that are not plain.
func escapeHeader(s string, isPlain func(byte) bool) string {
	plain := 0
	for plain < len(s) && isPlain(s[plain]) {
		plain++
	}
	if plain == len(s) {
		return s
	}
	const digits = "0123456789ABCDEF"
	b := append(make([]byte, 0, 3*len(s)), s[:plain]...)
	for i := plain; i < len(s); i++ {
		if c := s[i]; isPlain(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}

func plainInHeader(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~@:/", c) >= 0
}

// plainInEmailHeader lets every character of an e-mail stand as it is that is safe in a header field: all of RFC
// 5322's atext but %, which begins an escape. So software that does not decode the field sees ada+test@example.com
// as everybody writes it, and not as a second user ada%2Btest@example.com.
func plainInEmailHeader(c byte) bool {
	return plainInHeader(c) || strings.IndexByte("!#$&'*+=?^`{|}", c) >= 0
}
