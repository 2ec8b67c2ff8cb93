package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	users "github.com/svc-users/svc-users"
)

// refusal is an answer that the edge itself gives, before anything was asked of the Service.
type refusal struct {
	status  int
	message string   // one sentence, shown
	fields  []string // header fields that go with it: name, value, name, value …
	code    string   // of OAuth, where it does not follow from the status
	cause   error    // for the log alone
}

// Error is for the log: it has the cause.
func (e *refusal) Error() string {
	if e.cause != nil {
		return e.message + ": " + e.cause.Error()
	}
	return e.message
}

// Unwrap returns the cause.
func (e *refusal) Unwrap() error { return e.cause }

// What WWW-Authenticate says (RFC 6750 §3): invalid_token only to who sent a token.
const (
	challenge        = "Bearer"
	challengeInvalid = `Bearer error="invalid_token"`
)

// errorKinds is what each kind of refusal of the rules is in HTTP, with words for one that came without.
var errorKinds = []struct {
	kind    error
	status  int
	message string
}{
	{users.ErrInvalid, http.StatusUnprocessableEntity, "Validation error"},
	{users.ErrCredentials, http.StatusUnauthorized, "Invalid credentials."},
	{users.ErrUnauthenticated, http.StatusUnauthorized, "The access token is not valid."},
	{users.ErrForbidden, http.StatusForbidden, "Forbidden"},
	{users.ErrNotFound, http.StatusNotFound, "Not found"},
	{users.ErrConflict, http.StatusConflict, "The request conflicts with the current state."},
	{users.ErrTooMany, http.StatusTooManyRequests, "Too many attempts; try again later."},
	{users.ErrUnavailable, http.StatusServiceUnavailable, "The service is busy or its database is away; try again."},
}

// fail makes the answer of an error, in the envelope or as OAuth has it. It is the only place that does, and
// whatever it does not know is a defect, and nothing of it is shown.
func (x *Exchange) fail(err error) {
	e := Envelope{}
	var own *refusal
	var ruled *users.Error
	switch {
	case errors.As(err, &own):
		e.Code, e.Message, x.oauthCode = own.status, own.message, own.code
		for i := 0; i < len(own.fields); i += 2 {
			x.Set(own.fields[i], own.fields[i+1])
		}
	case errors.As(err, &ruled):
		e = x.refused(ruled.Kind, ruled)
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || x.ctx.Err() != nil:
		e = x.refused(users.ErrUnavailable, &users.Error{})
	default:
		e = x.refused(err, &users.Error{})
	}
	if e.Code == http.StatusUnauthorized || x.oauthCode == invalidClient || e.Code >= 500 || x.ctx.Err() != nil {
		x.Cause = err
	}
	// An error must not be cached, whatever the operation thought of its success.
	x.Set("Cache-Control", "no-store")
	x.Set("Content-Security-Policy", APIPolicy)
	reply := x.Reply
	switch {
	case speaksOAuth(x.Request.URL.Path):
		reply = x.replyOAuth
	case speaksAuthZEN(x.Request.URL.Path):
		e = asAuthZEN(e)
	}
	if err := reply(e); err != nil {
		x.replyInternalError()
	}
}

// refused words a refusal of the rules, with the header fields that go with its kind.
func (x *Exchange) refused(kind error, ruled *users.Error) Envelope {
	for _, k := range errorKinds {
		if !errors.Is(kind, k.kind) {
			continue
		}
		e := Envelope{Code: k.status, Message: k.message}
		if ruled.Message != "" {
			e.Message = ruled.Message
		}
		switch k.kind {
		case users.ErrInvalid:
			e.Errors = toFaults(ruled.Faults)
		case users.ErrCredentials:
			x.Set("Www-Authenticate", challenge)
		case users.ErrUnauthenticated:
			x.Set("Www-Authenticate", challengeInvalid)
		case users.ErrTooMany, users.ErrUnavailable:
			x.Set("Retry-After", formatRetryAfter(ruled.RetryAfter))
		}
		return e
	}
	return Envelope{Code: http.StatusInternalServerError, Message: "Internal server error"}
}

// formatRetryAfter is a delay in whole seconds, rounded up, at least one.
func formatRetryAfter(d time.Duration) string {
	return strconv.FormatInt(max(1, int64((d+time.Second-1)/time.Second)), 10)
}
