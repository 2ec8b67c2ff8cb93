package authz

import (
	"fmt"
	"slices"
	"strings"

	"github.com/svc-users/svc-users/internal/apitest"
)

// mostNamed is how many permissions a refusal names; of more it says how many there are.
const mostNamed = 20

// disagrees compares an answer with a verdict. It returns what is wrong, or nothing.
func (h *house) disagrees(a *apitest.Answer, want verdict, who caller) string {
	if slices.Contains(want.or, a.Status) {
		return ""
	}
	if a.Status != want.status {
		return fmt.Sprintf("status %d, the contract says %d", a.Status, want.status)
	}
	if want.message != "" && a.Message != want.message {
		return fmt.Sprintf("message %q, the contract says %q", a.Message, want.message)
	}
	for _, name := range want.names[:min(mostNamed, len(want.names))] {
		if !strings.Contains(a.Message, name) {
			return fmt.Sprintf("message %q does not name %s", a.Message, name)
		}
	}
	if more := len(want.names) - mostNamed; more > 0 && !strings.Contains(a.Message, fmt.Sprintf(" and %d more", more)) {
		return fmt.Sprintf("message %q does not say that it leaves %d out", a.Message, more)
	}
	if want.status == 422 {
		var fields []string
		for _, f := range a.Errors {
			fields = append(fields, f.Field)
		}
		slices.Sort(fields)
		if !slices.Equal(fields, slices.Sorted(slices.Values(want.fields))) {
			return fmt.Sprintf("the faults are of %q, the contract says %q", fields, want.fields)
		}
	}
	challenge := a.Header.Get("Www-Authenticate")
	// Under /oauth2 a challenge says which scope it takes.
	scope := ""
	if a.Status == 403 && strings.HasPrefix(a.Request.Path, "/oauth2/") {
		scope = `Bearer error="insufficient_scope", scope="` + strings.TrimPrefix(a.Message, "Missing required permission: ") + `"`
	}
	switch {
	case want.status != 401 && challenge != scope:
		return "there is a challenge: " + challenge
	case want.status == 401 && want.message == "The refresh token is not valid.":
		if challenge != "Bearer" {
			return "the challenge is " + challenge
		}
	case want.status == 401 && who.account == "" && challenge != "Bearer",
		want.status == 401 && who.account != "" && !strings.Contains(challenge, `error="invalid_token"`):
		return "the challenge is " + challenge
	}
	return ""
}
