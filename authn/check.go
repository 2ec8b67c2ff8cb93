package authn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	// checkPath is where svc-users answers which permissions the bearer of a token has.
	checkPath = "/api/v1/auth/check"
	// checkTimeout bounds a question and its answer.
	checkTimeout = 5 * time.Second
	// maxCheckBody is more than the answer about 1,000 names takes, which is how many can be asked for.
	maxCheckBody = 1 << 20
)

// checkURL derives the URL of the check from that of the keys: both are below the URL of the service. It is empty where the
// keys are at neither of their two paths.
func checkURL(jwks string) string {
	for _, path := range []string{"/.well-known/jwks.json", "/api/v1/auth/jwks"} {
		if base, found := strings.CutSuffix(jwks, path); found {
			return base + checkPath
		}
	}
	return ""
}

var errNoCheck = errors.New("the token has no room for its permissions, the change feed is not followed, and Options.Check is not set")

// checkOmitted returns the refusal of a principal whose token has no room for its permissions, unless the service says that
// it has all of these. The token was verified before.
func (v *Verifier) checkOmitted(r *http.Request, p Principal, permissions []string) *Error {
	if v.options.Check == "" {
		return unavailable(errNoCheck)
	}
	sent := ""
	for _, h := range r.Header["Authorization"] {
		sent = credentials(h)
	}
	held, err := v.askFor(r.Context(), sent, p.Account, permissions)
	var refusal *Error
	switch {
	case errors.As(err, &refusal):
		return refusal
	case err != nil:
		return unavailable(fmt.Errorf("ask for the permissions of a token: %w", err))
	}
	p.Permissions, p.PermissionsOmitted = held, false
	return lacking(p, permissions)
}

// askFor asks the service which of the permissions the bearer of a token has now.
func (v *Verifier) askFor(ctx context.Context, token, account string, permissions []string) ([]string, error) {
	body, err := json.Marshal(map[string]any{"permissions": permissions})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, v.options.Check, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", challenge+" "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := sameHost(v.options.HTTPClient).Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized:
		return nil, invalidToken(errors.New("the service refuses it"))
	default:
		return nil, fmt.Errorf("the answer is %d", response.StatusCode)
	}
	raw, err := readAtMost(response.Body, maxCheckBody)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Account     string `json:"account_id"`
			Permissions []struct {
				Name    string `json:"name"`
				Allowed bool   `json:"allowed"`
			} `json:"permissions"`
		} `json:"data"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, errors.New("the answer is not that of a check")
	}
	if answer.Data.Account != account {
		return nil, errors.New("the answer is about another account")
	}
	var held []string
	for _, p := range answer.Data.Permissions {
		if p.Allowed && slices.Contains(permissions, p.Name) {
			held = append(held, p.Name)
		}
	}
	return held, nil
}
