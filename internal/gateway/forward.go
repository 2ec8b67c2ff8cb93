package gateway

import (
	"net/http"
	"net/url"
	"strings"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
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

// forwardFields tell the service behind the proxy who the caller is.
var forwardFields = []web.Field{
	{Name: "X-Auth-Subject", Description: "Id of the account", Example: web.ExampleAccountID, Schema: web.Schema{Type: "string", Format: "uuid"}},
	{Name: "X-Auth-Email", Description: "E-mail of the account in UTF-8, of which % and what is not ASCII is percent-encoded", Example: "ada+test@example.com", Schema: web.Schema{Type: "string", Pattern: encodedEmail}},
	{Name: "X-Auth-Roles", Description: "Names of the account's role and those it inherits from, nearest first, each percent-encoded UTF-8, joined by commas; empty for an API key and an exchanged token, which may have less than the account's role", Example: "Auditor", Schema: web.Schema{Type: "string", Pattern: encodedText}},
	{Name: "X-Auth-Permissions", Description: "Names of the permissions that were required, each percent-encoded, joined by commas", Example: "reports:read", Schema: web.Schema{Type: "string", Pattern: encodedText}},
	{Name: "X-Auth-Actor", Description: "Id of the account that acts for the account, such as an administrator who impersonates it; empty if it acts by itself", Example: "", Schema: web.Schema{Type: "string", Pattern: encodedText}},
}

// Patterns of what a header field can hold of any text, and of an e-mail; see escapeHeader.
const (
	encodedText  = "^[A-Za-z0-9._~@:/%,-]*$"
	encodedEmail = "^[A-Za-z0-9._~@:/%!#$&'*+=?^`{|}-]*$"
)

func forwardRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: forwardPath, Auth: web.AuthAnyBearer, Subtree: true,
			Name: "forwardAuth", Tag: "Authorization", Summary: "Authorize a request for a reverse proxy",
			Description: "For nginx `auth_request`, Traefik ForwardAuth, Envoy ext_authz over HTTP and the like. Any method is answered alike, `OPTIONS` too, here and at every " +
				"path below this one; a body is ignored, and so are the path and the query below this one, which are those of a foreign request. What is required is said here by `" + requireParam +
				"`, beside which any other parameter is 422, and below this path by the header `" + requireHeader + "` (names separated by spaces; several header lines add up), which counts there only. " +
				"Where nothing is required any token that counts will do.",
			Message: "Access granted", Fails: []int{http.StatusForbidden},
			Params: []*web.Param{describeRequireParam()},
			Fields: forwardFields,
			Serve:  forwardAuth,
		},
	}
}

// describeRequireParam describes the one parameter that may come several times.
func describeRequireParam() *web.Param {
	return web.DescribeQueryParam(requireParam, "A permission that the caller must have; may come several times, and then all are needed.",
		&web.Schema{Type: "array", MaxItems: new(100), Items: web.PermissionNameSchema()})
}

func forwardAuth(x *web.Exchange, _ []byte) error {
	passage, err := x.Service.Forward(x.Context(), x.Caller, readRequirement(x))
	if err != nil {
		return err
	}
	x.Set("X-Auth-Subject", passage.Account.ID.String())
	x.Set("X-Auth-Email", escapeHeader(passage.Account.Email.String(), isPlainInEmailHeader))
	x.Set("X-Auth-Roles", encodeHeaderList(passage.Roles))
	// Also where it is empty: a proxy that copies what is there would pass on what the client sent.
	x.Set("X-Auth-Permissions", encodeHeaderList(passage.Required))
	actor := ""
	if x.Caller.Act != nil {
		actor = x.Caller.Act.Account.String()
	}
	x.Set("X-Auth-Actor", actor)
	x.LogAtDebug = true // it comes with each request to another service; only failures are worth a line
	return x.Reply(web.Envelope{Code: http.StatusOK, Message: "Access granted"})
}

// readRequirement is what the proxy wants of the caller. Nothing is required only where nothing was said: what is
// there and cannot be read, or names nothing, is a fault.
func readRequirement(x *web.Exchange) users.ForwardRequest {
	if x.Request.URL.Path != forwardPath {
		return users.ForwardRequest{Field: requireHeader, Permissions: parseRequireHeader(x.Request.Header[requireHeader])}
	}
	names, found := parseRequireQuery(x.Request.URL.RawQuery)
	return users.ForwardRequest{Field: requireParam, Permissions: names, Found: found}
}

// parseRequireHeader takes names apart at spaces. A comma is a character of a name.
func parseRequireHeader(lines []string) []string {
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

// parseRequireQuery collects the one parameter there is. Any other name, and one that cannot be decoded, might have
// been meant to be this one.
func parseRequireQuery(raw string) ([]string, users.Faults) {
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
			found.Add(web.ShortenFieldName(rawName), "is not a parameter that can be decoded")
		case name == requireParam:
			value, err := url.QueryUnescape(rawValue)
			if err != nil {
				found.Add(requireParam, "must be percent-encoded correctly")
			}
			names = append(names, value)
		default:
			found.Add(web.ShortenFieldName(name), web.NotAParameter)
		}
		if len(found) == web.MaxFaults {
			break
		}
	}
	return names, found
}

// encodeHeaderList joins texts with commas. No element has one: it is percent-encoded.
func encodeHeaderList[T ~string](list []T) string {
	if len(list) == 1 {
		return encodeHeaderText(string(list[0]))
	}
	return strings.Join(web.MapSlice(list, func(element T) string { return encodeHeaderText(string(element)) }), ",")
}

// encodeHeaderText is text as it can stand in a header field, whatever is in it: percent-encoded but for the
// characters that RFC 3986 leaves unreserved and a few that e-mails and names of permissions are made of.
func encodeHeaderText(s string) string { return escapeHeader(s, isPlainInHeader) }

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

func isPlainInHeader(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~@:/", c) >= 0
}

// isPlainInEmailHeader lets every character of an e-mail stand as it is that is safe in a header field: all of RFC
// 5322's atext but %, which begins an escape. So software that does not decode the field sees ada+test@example.com
// as everybody writes it, and not as a second user ada%2Btest@example.com.
func isPlainInEmailHeader(c byte) bool {
	return isPlainInHeader(c) || strings.IndexByte("!#$&'*+=?^`{|}", c) >= 0
}
