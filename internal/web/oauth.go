package web

import (
	"cmp"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	users "github.com/svc-users/svc-users"
)

// Under this path the service speaks as the RFCs of OAuth have it: forms in, bare JSON out.
const OAuthPath = "/oauth2"

// speaksOAuth reports whether what is at a path, or would be, answers so.
func speaksOAuth(path string) bool {
	below, ok := strings.CutPrefix(path, OAuthPath)
	return ok && (below == "" || below[0] == '/')
}

// OAuthError is the answer that says no (RFC 6749 §5.2, RFC 6750 §3.1).
type OAuthError struct {
	Error       string `json:"error" enum:"invalid_request,invalid_client,invalid_scope,invalid_target,unsupported_grant_type,invalid_token,insufficient_scope,unsupported_token_type,server_error,temporarily_unavailable"`
	Description string `json:"error_description" doc:"One sentence for people"`
}

// oauthCode is the code of an error with this status. The RFCs have few; what they have no word for is a request
// that is wrong.
func oauthCode(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "invalid_token"
	case http.StatusForbidden:
		return "insufficient_scope"
	case http.StatusInternalServerError:
		return "server_error"
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return "temporarily_unavailable" // RFC 6749 has no word for too many requests; a client that knows this one tries again
	}
	return "invalid_request"
}

// replyOAuth keeps an error as the answer, in the words that the envelope would have had.
func (x *Exchange) replyOAuth(e Envelope) error {
	if e.Code == http.StatusForbidden {
		x.Set("Www-Authenticate", challenge+` error="insufficient_scope", scope="`+string(x.needs)+`"`)
	}
	return x.replyBare(e.Code, OAuthError{Error: cmp.Or(x.oauthCode, oauthCode(e.Code)), Description: e.Message})
}

// UnsupportedTokenType is the refusal to revoke a token of a kind that is not revoked by itself (RFC 7009 §2.2.1). The
// message, one sentence, is that of the error of the rules.
func UnsupportedTokenType(cause *users.Error) error {
	return &refusal{status: http.StatusBadRequest, message: cause.Message, code: "unsupported_token_type", cause: cause}
}

// invalidClient is the code of a client authentication that failed.
const invalidClient = "invalid_client"

// InvalidScope is the refusal of a scope (RFC 6749 §5.2). The message is that of the error of the rules.
func InvalidScope(cause *users.Error) error {
	return &refusal{status: http.StatusBadRequest, message: cause.Message, code: "invalid_scope", cause: cause}
}

// InvalidTarget is the refusal of an audience (RFC 8693 §2.2.2). The message is that of the error of the rules.
func InvalidTarget(cause *users.Error) error {
	return &refusal{status: http.StatusBadRequest, message: cause.Message, code: "invalid_target", cause: cause}
}

// InvalidRequest is the refusal of anything else in a form (RFC 6749 §5.2, RFC 8693 §2.2.2), such as a token that does not count.
// The message is that of the error of the rules.
func InvalidRequest(cause *users.Error) error {
	return &refusal{status: http.StatusBadRequest, message: cause.Message, cause: cause}
}

// UnsupportedGrantType is the refusal of a grant that is none of these (RFC 6749 §5.2).
func UnsupportedGrantType(grants ...string) error {
	return &refusal{status: http.StatusBadRequest, message: "The grant_type must be " + strings.Join(grants, " or ") + ".", code: "unsupported_grant_type"}
}

// oauthInternalError is the answer of a defect, spelled out as that of the envelope is.
const oauthInternalError = `{"error":"server_error","error_description":"Internal server error"}`

// replyBare keeps JSON outside the envelope as the answer.
func (x *Exchange) replyBare(status int, value any) error {
	body, err := AppendJSON(nil, value)
	if err != nil {
		return err
	}
	x.Set("Pragma", "no-cache") // RFC 6749 §5.1 wants it beside Cache-Control
	x.Answer(status, JSONType, body)
	return nil
}

const formType = "application/x-www-form-urlencoded"

// Form completes a route that takes a form and answers with bare JSON. In declares the fields as a body of JSON would;
// f gets what was sent.
func Form[In, Out any](r Route, f func(x *Exchange, form url.Values) (Out, error)) Route {
	r.body = newBodySpec(reflect.TypeFor[In](), cmp.Or(r.BodyLimit, SmallBody))
	r.body.mediaType, r.form = formType, true
	r.Data = reflect.TypeFor[Out]()
	r.Serve = func(x *Exchange, raw []byte) error {
		form, err := r.body.readForm(x.Request.URL.RawQuery, string(raw))
		if err != nil {
			return err
		}
		if err := x.authenticateForm(&r, form); err != nil {
			return err
		}
		out, err := f(x, form)
		if err != nil {
			return err
		}
		return x.replyBare(http.StatusOK, out)
	}
	return r
}

// readForm reads a form as RFC 6749 §3.2 wants it: no field comes twice, one without a value is not there, and
// unknown ones are passed over. Nothing belongs into the query, where what is secret would end up in logs.
func (b *bodySpec) readForm(query, raw string) (url.Values, error) {
	if query != "" {
		return nil, invalidForm("The parameters belong into the body, not into the query.")
	}
	form, err := url.ParseQuery(raw)
	if err != nil {
		return nil, invalidForm("The body is not a form that can be read.")
	}
	for _, values := range form {
		if len(values) > 1 {
			return nil, invalidForm("A field comes more than once.")
		}
	}
	for _, name := range b.names {
		if b.members[name].required && form.Get(name) == "" {
			return nil, invalidForm("The field " + name + " is required.")
		}
	}
	return form, nil
}

func invalidForm(message string) error {
	return &refusal{status: http.StatusBadRequest, message: message}
}
