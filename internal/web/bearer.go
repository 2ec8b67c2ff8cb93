package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	users "github.com/svc-users/svc-users"
)

// maxToken is the longest token looked at, in bytes; none longer is ever issued.
const maxToken = 8 << 10

// authenticateBearer finds out which account the caller is, from the one Authorization header of the request.
func (x *Exchange) authenticateBearer(authenticate func(context.Context, string) (users.Caller, error)) error {
	token, err := bearerToken(x.Request.Header["Authorization"])
	if err != nil {
		return err
	}
	caller, err := authenticate(x.ctx, token)
	if err != nil {
		return x.countGuess(err)
	}
	x.Caller, x.AccountID = caller, caller.Account.ID
	return nil
}

// countGuess counts a credential that was refused, and returns what the client is told. Of a proxy that checks a request
// nothing is counted: it knows no more answers than yes, 401 and 403, and nginx would make a 500 of 429.
func (x *Exchange) countGuess(refused error) error {
	if x.subtree {
		return refused
	}
	return x.handler.Service.CountGuess(x.ctx, x.Client().Address, refused)
}

// SentBearer returns the access token that an operation without a caller was sent all the same, and nothing where no
// Authorization header has one. What it returns is not verified. Two headers, and a text that can be no token, are 401.
func (x *Exchange) SentBearer() (string, error) {
	headers := x.Request.Header["Authorization"]
	if !slices.ContainsFunc(headers, func(h string) bool { return bearerCredentials(h) != "" }) {
		return "", nil
	}
	return bearerToken(headers)
}

// bearerToken takes the token out of the Authorization headers of a request. There must be exactly one header:
// with two, what stands between us and the client may have looked at the other.
func bearerToken(headers []string) (string, error) {
	sent := ""
	for _, h := range headers {
		if token := bearerCredentials(h); token != "" {
			sent = token
		}
	}
	if sent == "" {
		return "", &refusal{
			status: http.StatusUnauthorized, message: "A bearer token is required.",
			fields: []string{"Www-Authenticate", challenge},
		}
	}
	if len(headers) != 1 || len(sent) > maxToken || !tokenSyntax(sent) {
		return "", &refusal{
			status: http.StatusUnauthorized, message: "The access token is not valid.",
			fields: []string{"Www-Authenticate", challengeInvalid},
		}
	}
	return sent, nil
}

// bearerCredentials returns what follows the scheme Bearer, in any case, and the spaces after it (RFC 9110 §11.4);
// nothing for another scheme.
func bearerCredentials(header string) string {
	scheme, rest, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, challenge) {
		return ""
	}
	return strings.TrimLeft(rest, " ")
}

// tokenSyntax reports whether s is a b64token (RFC 6750 §2.1).
func tokenSyntax(s string) bool {
	s = strings.TrimRight(s, "=")
	for i := range len(s) {
		c := s[i]
		plain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !plain && strings.IndexByte("-._~+/", c) < 0 {
			return false
		}
	}
	return s != ""
}
