package authn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
)

const challenge = "Bearer"

// Middleware admits only requests with a valid token, whatever its permissions. next gets the caller from From.
func (v *Verifier) Middleware(next http.Handler) http.Handler { return v.Require()(next) }

// Require admits only requests with a valid token whose bearer has all of these permissions. It needs no Middleware
// around it; where there is one, the token is verified once.
//
// A token that had no room for its permissions is answered by the rights of the change feed or, where that is not
// followed or lost, by asking the service; see Options.Check.
//
// A name that is no scope token (RFC 6749 §3.3: printable ASCII without space, quote and backslash) panics, as it
// would when the program starts.
func (v *Verifier) Require(permissions ...string) func(next http.Handler) http.Handler {
	for _, p := range permissions {
		if !scopeToken(p) {
			panic(fmt.Sprintf("authn: %q is no permission", p))
		}
	}
	scope := strings.Join(permissions, " ")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a, ok := r.Context().Value(contextKey{}).(admitted)
			if !ok || a.by != v {
				p, err := v.authenticate(r)
				if err != nil {
					v.refuse(w, r, err, scope)
					return
				}
				a = admitted{principal: p, by: v}
				r = r.WithContext(context.WithValue(r.Context(), contextKey{}, a))
			}
			err := lacking(a.principal, permissions)
			if err != nil && a.principal.PermissionsOmitted {
				err = v.checkOmitted(r, a.principal, permissions)
			}
			if err != nil {
				v.refuse(w, r, err, scope)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// lacking returns the refusal of a principal without one of the permissions, or nil.
func lacking(p Principal, permissions []string) *Error {
	var missing []string
	for _, name := range permissions {
		if !p.Can(name) {
			missing = append(missing, name)
		}
	}
	if missing == nil {
		return nil
	}
	e := &Error{Status: http.StatusForbidden, Code: "insufficient_scope", Missing: missing}
	e.Description = "Missing required permission: " + strings.Join(missing, ", ")
	return e
}

// authenticate returns the caller from the Authorization header of the request. Two such headers are refused, since a
// proxy may have checked the other one.
func (v *Verifier) authenticate(r *http.Request) (Principal, *Error) {
	headers := r.Header["Authorization"]
	sent := ""
	for _, h := range headers {
		if token := credentials(h); token != "" {
			sent = token
		}
	}
	switch {
	case sent == "":
		return Principal{}, tokenRequired()
	case len(headers) != 1:
		return Principal{}, invalidToken(errors.New("two Authorization headers"))
	}
	p, err := v.Verify(r.Context(), sent)
	var refusal *Error
	if errors.As(err, &refusal) {
		return Principal{}, refusal
	}
	return p, nil
}

// credentials returns what follows the scheme Bearer, in any case, and the spaces after it (RFC 9110 §11.4);
// nothing for another scheme.
func credentials(header string) string {
	scheme, rest, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, challenge) {
		return ""
	}
	return strings.TrimLeft(rest, " ")
}

// refuse answers as RFC 6750 §3 says: WWW-Authenticate has an error code for an invalid token, and none without a token.
func (v *Verifier) refuse(w http.ResponseWriter, r *http.Request, e *Error, scope string) {
	h := w.Header()
	switch e.Status {
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	case http.StatusForbidden:
		h.Set("WWW-Authenticate", challenge+` error="insufficient_scope", scope="`+scope+`"`)
	default:
		value := challenge
		if e.Code == "invalid_token" {
			value += ` error="invalid_token"`
		}
		h.Set("WWW-Authenticate", value)
	}
	h.Set("Cache-Control", "no-store")
	v.options.Logger.DebugContext(r.Context(), "authn: refused", "status", e.Status, "reason", e)
	v.options.OnError(w, r, e)
}

// scopeToken reports whether s is a scope token (RFC 6749 §3.3).
func scopeToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}
