package federation_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/assertion"
	"github.com/svc-users/svc-users/internal/federation"
	"github.com/svc-users/svc-users/internal/fetch"
	"github.com/svc-users/svc-users/internal/store"
	"github.com/svc-users/svc-users/internal/store/storetest"
)

const (
	ourIssuer = "https://id.example"
	tokenURL  = "https://users.example/oauth2/token"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// signer is a private key with what its assertions say of it.
type signer struct {
	alg jose.SignatureAlgorithm
	kid string
	key any
}

func newSigner(t testing.TB, alg jose.SignatureAlgorithm, kid string) signer {
	t.Helper()
	var key any
	var err error
	switch alg {
	case jose.RS256, jose.PS256:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case jose.ES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	must(t, err)
	return signer{alg, kid, key}
}

func (s signer) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: s.key.(crypto.Signer).Public(), KeyID: s.kid}
}

// jwk is the public key as JSON.
func (s signer) jwk(t testing.TB) string {
	t.Helper()
	text, err := json.Marshal(s.public())
	must(t, err)
	return string(text)
}

// claims are those of an assertion.
type claims map[string]any

// with returns the claims with some changed; nil takes one away.
func (c claims) with(changes ...any) claims {
	c = maps.Clone(c)
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == nil {
			delete(c, changes[i].(string))
		} else {
			c[changes[i].(string)] = changes[i+1]
		}
	}
	return c
}

// sign signs claims, or any other payload, with more header fields.
func (s signer) sign(t testing.TB, payload any, header ...any) string {
	t.Helper()
	o := (&jose.SignerOptions{}).WithType("JWT")
	for i := 0; i < len(header); i += 2 {
		o.WithHeader(jose.HeaderKey(header[i].(string)), header[i+1])
	}
	by, err := jose.NewSigner(jose.SigningKey{Algorithm: s.alg, Key: jose.JSONWebKey{Key: s.key, KeyID: s.kid}}, o)
	must(t, err)
	raw, ok := payload.(string)
	if !ok {
		encoded, err := json.Marshal(payload)
		must(t, err)
		raw = string(encoded)
	}
	signed, err := by.Sign([]byte(raw))
	must(t, err)
	text, err := signed.CompactSerialize()
	must(t, err)
	return text
}

// issuer is one that serves a discovery document and a JWK set over TLS.
type issuer struct {
	*httptest.Server
	mu     sync.Mutex
	keys   []jose.JSONWebKey
	says   string // the issuer of the discovery document; empty is its URL
	maxAge string // Cache-Control of the JWK set
	status int    // of all answers; 0 is 200
	hang   chan struct{}
	asked  atomic.Int64 // for the JWK set
}

func newIssuer(t testing.TB, keys ...signer) *issuer {
	i := &issuer{}
	i.publish(keys...)
	i.Server = httptest.NewTLSServer(http.HandlerFunc(i.serve))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) publish(keys ...signer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = nil
	for _, k := range keys {
		i.keys = append(i.keys, k.public())
	}
}

func (i *issuer) set(fn func(i *issuer)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	fn(i)
}

func (i *issuer) serve(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	keys, says, maxAge, status, hang := i.keys, i.says, i.maxAge, i.status, i.hang
	i.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}
	if says == "" {
		says = i.URL
	}
	var answer any
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		answer = map[string]any{"issuer": says, "jwks_uri": i.URL + "/jwks", "id_token_signing_alg_values_supported": []string{"RS256"}}
	case "/jwks":
		i.asked.Add(1)
		w.Header().Set("Cache-Control", maxAge)
		answer = map[string]any{"keys": append([]any{map[string]any{"kty": "future", "kid": "unknown"}}, toAny(keys)...)}
	default:
		status = http.StatusNotFound
	}
	if status != 0 {
		w.WriteHeader(status)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func toAny(keys []jose.JSONWebKey) []any {
	list := make([]any, len(keys))
	for i, k := range keys {
		list[i] = k
	}
	return list
}

// fixture is a Federation on a database, with a service account.
type fixture struct {
	*federation.Federation
	t       testing.TB
	url     string
	store   *store.Store
	ahead   *atomic.Int64 // of the clock
	account string
	away    atomic.Int64 // times that an issuer could not be read
	issuers []*issuer
}

// newFixture makes a Federation that reaches these issuers.
func newFixture(t testing.TB, url string, issuers ...*issuer) *fixture {
	t.Helper()
	f := &fixture{t: t, url: url, ahead: new(atomic.Int64), issuers: issuers}
	f.open()
	must(t, f.store.Migrate(t.Context()))
	must(t, f.Service.Bootstrap(t.Context()))
	graph, err := f.store.Graph(t.Context())
	must(t, err)
	admin, _ := graph.RoleByName("Admin")
	f.account = f.newAccount("orders-worker", admin.ID)
	return f
}

// open makes the store and the duty.
func (f *fixture) open() {
	t := f.t
	st, err := store.Open(t.Context(), f.url)
	must(t, err)
	st.SetLimits(10*time.Minute, 10*time.Minute, 10*time.Minute)
	t.Cleanup(func() { _ = st.Close() })
	roots := x509.NewCertPool()
	for _, i := range f.issuers {
		roots.AddCert(i.Certificate())
	}
	f.store = st
	f.Federation = federation.New(federation.Ports{
		Options: federation.Options{Issuer: ourIssuer, Audiences: []string{ourIssuer, tokenURL}},
		Service: users.New(users.Ports{Store: st, Now: f.now, NewID: users.NewID, TokenLife: time.Hour, Skeleton: strings.ToLower, Operator: true}),
		Store:   st, Assertions: assertion.Reader{},
		Fetcher: fetch.New(fetch.Options{
			Networks:  []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
			Transport: func(h *http.Transport) { h.TLSClientConfig = &tls.Config{RootCAs: roots} },
		}),
		Unreachable: func(string, error) { f.away.Add(1) },
	})
}

// replica is another process on the same database.
func (f *fixture) replica() *fixture {
	r := &fixture{t: f.t, url: f.url, ahead: f.ahead, account: f.account, issuers: f.issuers}
	r.open()
	return r
}

func (f *fixture) now() time.Time { return time.Now().Add(time.Duration(f.ahead.Load())) }

func (f *fixture) pass(d time.Duration) { f.ahead.Add(int64(d)) }

func (f *fixture) newAccount(name string, role users.ID) string {
	f.t.Helper()
	made, err := f.Service.CreateServiceAccount(f.t.Context(), users.AsOperator(), users.NewServiceAccount{Name: name, RoleID: role.String()})
	must(f.t, err)
	return made.ID.String()
}

func (f *fixture) addKey(account, jwk string) federation.Key {
	f.t.Helper()
	made, err := f.CreateKey(f.t.Context(), users.AsOperator(), account, federation.NewKey{JWK: &jwk})
	must(f.t, err)
	return made
}

func (f *fixture) addTrust(in federation.NewTrust) federation.Trust {
	f.t.Helper()
	made, err := f.CreateTrust(f.t.Context(), users.AsOperator(), f.account, in)
	must(f.t, err)
	return made
}

// own are the claims of an assertion that the service account signs.
func (f *fixture) own() claims {
	now := f.now()
	return claims{
		"iss": f.account, "sub": f.account, "aud": tokenURL, "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(), "jti": rand.Text(),
	}
}

// try authenticates by an assertion, with a client_id if it is not empty.
func (f *fixture) try(id, text string) (users.Caller, error) {
	return f.AuthenticateClient(f.t.Context(), users.ClientCredentials{ID: id, Assertion: text})
}

// onEngines runs a test on an empty database of each kind.
func onEngines(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Parallel()
	for name, fresh := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh(t))
		})
	}
}
