package httpapi

import (
	"cmp"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// Under this path the service speaks as the RFCs of OAuth have it: forms in, bare JSON out.
const oauthPath = "/oauth2"

// speaksOAuth reports whether what is at a path, or would be, answers so.
func speaksOAuth(path string) bool {
	below, ok := strings.CutPrefix(path, oauthPath)
	return ok && (below == "" || below[0] == '/')
}

// OAuthError is the answer that says no (RFC 6749 §5.2, RFC 6750 §3.1).
type OAuthError struct {
	Error       string `json:"error" enum:"invalid_request,invalid_token,insufficient_scope,server_error,temporarily_unavailable"`
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
	case http.StatusServiceUnavailable:
		return "temporarily_unavailable"
	}
	return "invalid_request"
}

// replyOAuth keeps an error as the answer, in the words that the envelope would have had.
func (x *exchange) replyOAuth(e envelope) error {
	if e.code == http.StatusForbidden {
		x.set("Www-Authenticate", challenge+` error="insufficient_scope", scope="`+string(x.needs)+`"`)
	}
	return x.replyBare(e.code, OAuthError{Error: oauthCode(e.code), Description: e.message})
}

// oauthInternalError is the answer of a defect, spelled out as that of the envelope is.
const oauthInternalError = `{"error":"server_error","error_description":"Internal server error"}`

// replyBare keeps JSON outside the envelope as the answer.
func (x *exchange) replyBare(status int, value any) error {
	body, err := appendJSON(nil, value)
	if err != nil {
		return err
	}
	x.answer(status, jsonType, body)
	return nil
}

const formType = "application/x-www-form-urlencoded"

// posted completes a route that takes a form and answers with bare JSON. In declares the fields as a body of JSON would.
func posted[In, Out any](r route, f func(x *exchange, form url.Values) (Out, error)) route {
	r.body = bodyOf(reflect.TypeFor[In](), cmp.Or(r.bodyLimit, smallBody))
	r.body.mediaType = formType
	r.data = reflect.TypeFor[Out]()
	r.serve = func(x *exchange, raw []byte) error {
		form, err := r.body.readForm(x.r.URL.RawQuery, string(raw))
		if err != nil {
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
func (b *body) readForm(query, raw string) (url.Values, error) {
	if query != "" {
		return nil, badForm("The parameters belong into the body, not into the query.")
	}
	form, err := url.ParseQuery(raw)
	if err != nil {
		return nil, badForm("The body is not a form that can be read.")
	}
	for _, values := range form {
		if len(values) > 1 {
			return nil, badForm("A field comes more than once.")
		}
	}
	for _, name := range b.names {
		if b.members[name].required && form.Get(name) == "" {
			return nil, badForm("The field " + name + " is required.")
		}
	}
	return form, nil
}

func badForm(message string) error {
	return &refusal{status: http.StatusBadRequest, message: message}
}
