package authn

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Error is the reason why a request is refused. Its fields may be shown to the client; the cause that Unwrap returns, and
// that Error includes, may not.
type Error struct {
	Status      int    // 401, 403 or 503
	Code        string // token_required, invalid_token, insufficient_scope or temporarily_unavailable
	Description string // one sentence
	// Missing has, with insufficient_scope, the required permissions that the account does not hold.
	Missing []string
	// RetryAfter is, with 503, the time after which the client should try again.
	RetryAfter time.Duration

	cause error
}

// Error returns the description and, in parentheses, the cause, for a log. It holds no part of a token.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Description + " (" + e.cause.Error() + ")"
	}
	return e.Description
}

// Unwrap returns the cause, for the log alone.
func (e *Error) Unwrap() error { return e.cause }

func tokenRequired() *Error {
	return &Error{Status: http.StatusUnauthorized, Code: "token_required", Description: "A bearer token is required."}
}

func invalidToken(cause error) *Error {
	return &Error{Status: http.StatusUnauthorized, Code: "invalid_token", Description: "The access token is not valid.", cause: cause}
}

func unavailable(cause error) *Error {
	return &Error{
		Status: http.StatusServiceUnavailable, Code: "temporarily_unavailable",
		Description: "The access token cannot be verified at the moment.", RetryAfter: time.Second, cause: cause,
	}
}

// writeError is the default of Options.OnError.
func writeError(w http.ResponseWriter, _ *http.Request, e *Error) {
	body, err := json.Marshal(struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{e.Code, e.Description})
	if err != nil {
		body = nil // two strings always encode
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(e.Status)
	_, _ = w.Write(body)
}
