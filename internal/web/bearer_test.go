package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestBearerToken(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"Bearer abc.DEF-_~+/09", "bearer abc.DEF-_~+/09", "BEARER   abc.DEF-_~+/09", "Bearer a=="} {
		if token, err := bearerToken([]string{good}); err != nil || token != strings.TrimLeft(good[6:], " ") {
			t.Errorf("%q: %q, %v", good, token, err)
		}
	}
	for _, c := range []struct {
		headers   []string
		challenge string
	}{
		{nil, challenge},
		{[]string{""}, challenge},
		{[]string{"Bearer"}, challenge},
		{[]string{"Bearer "}, challenge},
		{[]string{"Basic dXNlcjpwYXNz"}, challenge},
		{[]string{"Bearerabc"}, challenge},
		{[]string{"Bearer\tabc"}, challenge},
		{[]string{"", ""}, challenge},
		{[]string{"Bearer abc", "Bearer abc"}, challengeInvalid},
		{[]string{"Basic x", "Bearer abc"}, challengeInvalid},
		{[]string{"Bearer abc", ""}, challengeInvalid},
		{[]string{"Bearer abc, Bearer abc"}, challengeInvalid},
		{[]string{"Bearer a b"}, challengeInvalid},
		{[]string{"Bearer a=b"}, challengeInvalid},
		{[]string{"Bearer =="}, challengeInvalid},
		{[]string{"Bearer abcä"}, challengeInvalid},
		{[]string{"Bearer " + strings.Repeat("a", maxToken+1)}, challengeInvalid},
	} {
		_, err := bearerToken(c.headers)
		var r *refusal
		if !errors.As(err, &r) || r.status != http.StatusUnauthorized || !slices.Equal(r.fields, []string{"Www-Authenticate", c.challenge}) {
			t.Errorf("%.60q: %+v, want the challenge %q", c.headers, r, c.challenge)
		}
	}
}
