package system

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/svc-users/svc-users/internal/seal"
)

// newKeysCluster is two replicas whose signing keys are in the database.
func newKeysCluster(t *testing.T, database string) *cluster {
	t.Helper()
	settings := []string{"DATABASE_URL=" + database, "JWT_PRIVATE_KEY=", "JWT_ALGORITHM=ES256", "ENCRYPTION_KEY=" + seal.GenerateKey()}
	return join(t, database, serveWith(t, settings, "--demo"), serveWith(t, settings))
}

// keyOf is the kid of a token.
func keyOf(t *testing.T, token string) string {
	t.Helper()
	head, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	var h struct {
		KID string `json:"kid"`
	}
	if err := json.Unmarshal(raw, &h); err != nil {
		t.Fatal(err)
	}
	return h.KID
}

// countingFront stands before a replica and counts the requests for the JWK set.
func countingFront(t *testing.T, s *server) (host string, keys *atomic.Int64) {
	t.Helper()
	keys = &atomic.Int64{}
	front := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			if strings.HasSuffix(r.In.URL.Path, "jwks.json") {
				keys.Add(1)
			}
			r.SetURL(&url.URL{Scheme: "http", Host: s.host})
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	})
	t.Cleanup(front.Close)
	return front.Listener.Addr().String(), keys
}

// A service behind one replica obeys at once what is done with the signing keys at the other: it takes tokens of a key that
// signs from now on, and refuses those of a revoked one without reading the JWK set, also where that is the key of its own token.
func TestAServiceBehindFollowsTheKeys(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newKeysCluster(t, database)
		clerks := newClerks(c)
		first := clerks.token
		rotate := func() {
			t.Helper()
			c.b.want(http.StatusOK, http.MethodPost, "/api/v1/keys/rotate", c.admin.token, map[string]any{"at_once": true})
			c.admin.token = c.b.login(c.admin.email, c.admin.password)
		}
		rotate()
		second := c.b.login(clerks.email, clerks.password)
		host, asked := countingFront(t, c.a)
		o := startOrders(t, host, clerks.follower, "refuse") // whose own token the second key signs
		o.converges("the first key", first, http.StatusOK, patience)
		o.converges("the second key", second, http.StatusOK, convergeWithin)

		before := asked.Load()
		c.b.want(http.StatusOK, http.MethodDelete, "/api/v1/keys/"+keyOf(t, first), c.admin.token, nil)
		o.converges("the first key is revoked", first, http.StatusUnauthorized, convergeWithin)
		if n := asked.Load() - before; n != 0 {
			t.Errorf("to refuse it, the JWK set was read %d times", n)
		}
		if got := o.answers(second, ""); got != http.StatusOK {
			t.Errorf("a token of the other key: %d", got)
		}

		rotate()
		third := c.b.login(clerks.email, clerks.password)
		if keyOf(t, third) == keyOf(t, second) {
			t.Fatal("the same key signs after a rotation")
		}
		o.converges("a third key signs", third, http.StatusOK, convergeWithin)
		c.b.want(http.StatusOK, http.MethodDelete, "/api/v1/keys/"+keyOf(t, second), c.admin.token, nil)
		o.converges("the key of the service's own token is revoked", second, http.StatusUnauthorized, convergeWithin)
		o.converges("a token of the key that signs", third, http.StatusOK, convergeWithin)

		// The key that signs is revoked, and with it the next one: a key that has just been made signs at once.
		for range 2 {
			c.b.want(http.StatusOK, http.MethodDelete, "/api/v1/keys/"+keyOf(t, c.admin.token), c.admin.token, nil)
			c.admin.token = c.b.login(c.admin.email, c.admin.password)
		}
		last := c.b.login(clerks.email, clerks.password)
		o.converges("a key that was made just now", last, http.StatusOK, convergeWithin)
		o.converges("one that was revoked by the way", third, http.StatusUnauthorized, convergeWithin)
	})
}
