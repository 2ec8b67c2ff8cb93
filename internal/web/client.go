package web

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"

	users "github.com/svc-users/svc-users"
)

// The fields of a form that a client authenticates with (RFC 6749 §2.3.1).
const (
	clientIDField     = "client_id"
	clientSecretField = "client_secret"
	// Those of RFC 7521 §4.2.
	clientAssertionField     = "client_assertion"
	clientAssertionTypeField = "client_assertion_type"
)

// AssertionType is the client_assertion_type of a JWT (RFC 7523 §2.2), the one there is.
const AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// basicScheme is the scheme of client credentials in the Authorization header (RFC 7617).
const basicScheme = "Basic"

// challengeClient is what WWW-Authenticate says where client authentication failed.
const challengeClient = `Basic realm="` + ServiceName + `"`

// authenticateClient finds out who the caller is where a client may be it: by the Authorization header. Where that has
// neither client credentials nor, on a route that takes one, a token, the form is to have the credentials; see
// authenticateForm.
func (x *Exchange) authenticateClient(a Auth) error {
	headers := x.Request.Header["Authorization"]
	credentials, sent := "", false
	for _, h := range headers {
		if scheme, rest, _ := strings.Cut(h, " "); strings.EqualFold(scheme, basicScheme) {
			credentials, sent = strings.TrimLeft(rest, " "), true
		}
	}
	switch {
	case sent && len(headers) != 1:
		return refusedClient(http.StatusUnauthorized, errors.New("several Authorization headers"))
	case sent:
		return x.authenticateBasic(credentials)
	case a == AuthBearerOrClient && (len(headers) > 0 || checkMediaType(x.Request.Header, formType) != nil):
		return x.authenticateBearer(x.handler.Service.Authenticate) // which refuses a request that has no form, before its body is looked at
	case (a == AuthClient || a == AuthClientByGrant) && len(headers) > 0:
		return refusedClient(http.StatusUnauthorized, errors.New("the Authorization header has no client credentials"))
	}
	x.clientPending = true
	return nil
}

// authenticateBasic authenticates a client by what the Authorization header has after its scheme.
func (x *Exchange) authenticateBasic(credentials string) error {
	in, ok := parseBasic(credentials)
	if !ok {
		return refusedClient(http.StatusUnauthorized, errors.New("the client credentials in the Authorization header cannot be read"))
	}
	x.clientHeader = true
	return x.admitClient(in, http.StatusUnauthorized)
}

// parseBasic reads client credentials: base64 of the id and the secret with a colon between them, each encoded as in a form
// before (RFC 6749 §2.3.1), so that either may hold a colon. Software that leaves out that step sends the same where it would
// change nothing, as in our ids and secrets.
func parseBasic(credentials string) (users.ClientCredentials, bool) {
	if len(credentials) > maxToken || strings.ContainsAny(credentials, "\r\n") { // which the decoder would skip
		return users.ClientCredentials{}, false
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(credentials)
	if err != nil {
		return users.ClientCredentials{}, false
	}
	id, secret, ok := strings.Cut(string(raw), ":")
	if !ok {
		return users.ClientCredentials{}, false
	}
	id, errID := url.QueryUnescape(id)
	secret, errSecret := url.QueryUnescape(secret)
	return users.ClientCredentials{ID: id, Secret: secret}, errID == nil && errSecret == nil
}

// authenticateForm completes the authentication of a route that takes a client, once its form is read. It must be called
// before the route serves anything.
func (x *Exchange) authenticateForm(r *Route, form url.Values) error {
	if !r.Auth.takesClient() {
		return nil
	}
	in, err := formCredentials(form)
	if err != nil {
		return err
	}
	if !x.clientPending {
		switch {
		case in.Secret != "" || in.Assertion != "":
			return invalidForm("The client must authenticate in one way only.")
		case x.clientHeader && in.ID != "" && in.ID != x.AccountID.String():
			return invalidForm("The field client_id is not that of the Authorization header.")
		}
		return nil
	}
	if in.Secret == "" && in.Assertion == "" {
		switch r.Auth {
		case AuthOptionalClient: // a client_id alone proves nothing, and nothing rests on it
			x.clientPending = false
			return nil
		case AuthClientByGrant: // here it would be a client that believes it is named
			if in.ID == "" {
				x.clientPending = false
				return nil
			}
		case AuthBearerOrClient:
			if in.ID == "" {
				_, err := bearerToken(nil)
				return err
			}
		}
	}
	status := http.StatusBadRequest
	if r.Auth == AuthBearerOrClient {
		status = http.StatusUnauthorized // RFC 7662 §2.3
	}
	if err := x.admitClient(in, status); err != nil {
		return err
	}
	x.clientPending = false
	return x.authorize(r)
}

// RequireClient refuses a request without client credentials, on a route whose Auth is AuthClientByGrant.
func (x *Exchange) RequireClient() error {
	if x.Caller.Account.ID.IsZero() {
		return refusedClient(http.StatusBadRequest, errors.New("there are no client credentials"))
	}
	return nil
}

// formCredentials returns the credentials in a form: a secret or an assertion, and not both.
func formCredentials(form url.Values) (users.ClientCredentials, error) {
	in := users.ClientCredentials{
		ID: form.Get(clientIDField), Secret: form.Get(clientSecretField), Assertion: form.Get(clientAssertionField),
	}
	switch kind := form.Get(clientAssertionTypeField); {
	case in.Secret != "" && in.Assertion != "":
		return in, invalidForm("The client must authenticate in one way only.")
	case in.Assertion == "" && kind != "":
		return in, invalidForm("The field client_assertion is missing, of which there is a client_assertion_type.")
	case in.Assertion != "" && kind != AssertionType:
		return in, invalidForm("The field client_assertion_type must be " + AssertionType + ".")
	}
	return in, nil
}

// admitClient makes the service account the caller that has these credentials. It is the one place where clients are
// authenticated, in whichever way they have sent what shows who they are. status is that of the refusal.
func (x *Exchange) admitClient(in users.ClientCredentials, status int) error {
	caller, err := x.handler.Clients.AuthenticateClient(x.ctx, in)
	if errors.Is(err, users.ErrCredentials) {
		if err = x.countGuess(err); errors.Is(err, users.ErrCredentials) {
			return refusedClient(status, err)
		}
	}
	if err != nil {
		return err
	}
	x.Caller, x.AccountID = caller, caller.Account.ID
	return nil
}

// refusedClient is the one answer to every client authentication that fails (RFC 6749 §5.2).
func refusedClient(status int, cause error) error {
	r := &refusal{status: status, message: "Client authentication failed.", code: invalidClient, cause: cause}
	if status == http.StatusUnauthorized {
		r.fields = []string{"Www-Authenticate", challengeClient}
	}
	return r
}
