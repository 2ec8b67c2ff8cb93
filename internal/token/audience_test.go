package token

import (
	"errors"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/feed"
)

// TestAudiences issues for one and for several audiences. A list that grows, shrinks or changes its order ends no token
// of an audience that stays.
func TestAudiences(t *testing.T) {
	t.Parallel()
	set := func(audiences ...string) *KeySet {
		t.Helper()
		s, err := NewKeySet(ourKey(), nil, Options{Issuer: testIssuer, Audiences: audiences})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, c := range []struct {
		issued []string
		aud    string // as it stands in the token and in a statement
		takes  [][]string
		leaves [][]string
	}{
		{[]string{"https://a.example"}, `"https://a.example"`, [][]string{{"https://a.example", "b"}}, [][]string{{"b"}, {"https://a.example,b"}}},
		{[]string{"https://a.example", "b"}, `["https://a.example","b"]`, [][]string{{"b", "https://a.example"}, {"b"}, {"c", "b"}}, [][]string{{"c"}, {`["https://a.example","b"]`}}},
	} {
		issuing := set(c.issued...)
		token := issue(t, issuing, testClaims())
		if _, body := decoded(t, token); !strings.Contains(body, `"aud":`+c.aud+`,"sub"`) {
			t.Errorf("payload %s", body)
		}
		statement, err := issuing.SignChanges(feed.Statement{IssuedAt: testNow, Cursor: "c", Keys: []string{"key-1"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, body := decoded(t, statement); !strings.Contains(body, `"aud":`+c.aud+`,"iat"`) {
			t.Errorf("statement %s", body)
		}
		for _, audiences := range append(c.takes, c.issued) {
			if _, err := set(audiences...).Verify(token, testNow); err != nil {
				t.Errorf("%v issued, %v verifying: %v", c.issued, audiences, err)
			}
		}
		for _, audiences := range c.leaves {
			if _, err := set(audiences...).Verify(token, testNow); !errors.Is(err, errAudience) {
				t.Errorf("%v issued, %v verifying: %v", c.issued, audiences, err)
			}
		}
	}
}
