package authn

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Now()} }

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// keysOf makes a verifier of an issuer's keys whose time is the clock's. Tokens of these tests are judged by the real
// one.
func keysOf(t *testing.T, i *issuer) (*Verifier, *clock) {
	t.Helper()
	v, c := newVerifier(t, func(o *Options) { o.JWKS = i.URL }), newClock()
	v.keys.clock = c.read
	return v, c
}

func want(t *testing.T, why string, v *Verifier, token string, status int) {
	t.Helper()
	if got := statusOf(v, token); got != status {
		t.Errorf("%s: %d, want %d", why, got, status)
	}
}

func wantAsked(t *testing.T, why string, i *issuer, times int) {
	t.Helper()
	if got := i.times(); got != times {
		t.Errorf("%s: keys were asked for %d times, want %d", why, got, times)
	}
}

func TestKeysAreAskedForOnce(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, nil)
	i.answers(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(50 * time.Millisecond)
		keysAnswer(jwk(ourKey(), "key-1"))(w, r)
	})
	v, _ := keysOf(t, i)
	wantAsked(t, "before the first token", i, 0)
	want(t, "no token at all", v, "x.y.z", http.StatusUnauthorized)
	wantAsked(t, "by what is no token", i, 0)
	var wait sync.WaitGroup
	for range 50 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			want(t, "many at once", v, tokenOf(ada, nil), http.StatusOK)
		}()
	}
	wait.Wait()
	wantAsked(t, "many at once", i, 1)
}

func TestKeysAgeAndAreConfirmed(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"one"`)
		w.Header().Set("Cache-Control", "public, max-age=60")
		if r.Header.Get("If-None-Match") == `"one"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		keysAnswer(jwk(ourKey(), "key-1"))(w, r)
	})
	v, c := keysOf(t, i)
	token := tokenOf(ada, nil)
	want(t, "first", v, token, http.StatusOK)
	c.pass(44 * time.Second)
	want(t, "still fresh", v, token, http.StatusOK)
	wantAsked(t, "still fresh", i, 1)
	c.pass(2 * time.Second)
	want(t, "fresh for a little longer", v, token, http.StatusOK)
	eventually(t, "they are renewed behind the request", func() bool { return i.times() == 2 && v.keys.idles() })
	if got := i.headers[1].Get("If-None-Match"); got != `"one"` {
		t.Errorf("If-None-Match %q", got)
	}
	c.pass(44 * time.Second)
	want(t, "confirmed", v, token, http.StatusOK)
	wantAsked(t, "confirmed", i, 2)
}

// idles reports whether no request for keys is under way.
func (s *keySource) idles() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetching == nil
}

// A withdrawn key is accepted until the keys have been renewed: in the background of the request that finds them due,
// and before that request is answered if they have not been used for long.
func TestAKeyThatIsWithdrawnCountsUntilTheKeysAreRenewed(t *testing.T) {
	t.Parallel()
	for after, first := range map[time.Duration]int{keysFor + time.Second: http.StatusOK, 2*keysFor + time.Second: http.StatusUnauthorized} {
		i := newIssuer(t, keysAnswer(jwk(ourKey(), "key-1")))
		v, c := keysOf(t, i)
		token := tokenOf(ada, nil)
		want(t, "before", v, token, http.StatusOK)
		i.answers(keysAnswer(jwk(otherKey(), "key-2")))
		c.pass(after)
		want(t, "the first", v, token, first)
		eventually(t, "it counts no longer", func() bool { return statusOf(v, token) == http.StatusUnauthorized })
	}
}

func TestUnknownKidsAskOncePerCoolDown(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, keysAnswer(jwk(ourKey(), "key-1")))
	v, c := keysOf(t, i)
	want(t, "known", v, tokenOf(ada, nil), http.StatusOK)
	strange := sign(otherKey(), "key-2", "JWT", claimsOf(ada, nil))
	for range 20 {
		want(t, "unknown", v, strange, http.StatusUnauthorized)
	}
	wantAsked(t, "for twenty tokens of an unknown key", i, 2)

	i.answers(keysAnswer(jwk(ourKey(), "key-1"), jwk(otherKey(), "key-2")))
	want(t, "new, within the cool-down", v, strange, http.StatusUnauthorized)
	c.pass(coolDown * 5 / 4)
	want(t, "new, after it", v, strange, http.StatusOK)
	wantAsked(t, "after the cool-down", i, 3)
}

func TestOldKeysOutliveAnIssuerThatIsDown(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, keysAnswer(jwk(ourKey(), "key-1")))
	v, c := keysOf(t, i)
	token := tokenOf(ada, nil)
	want(t, "up", v, token, http.StatusOK)
	i.answers(status(http.StatusInternalServerError))
	c.pass(keysFor + time.Second)
	for range 10 {
		want(t, "down", v, token, http.StatusOK)
	}
	eventually(t, "it is found down", func() bool { return i.times() == 2 && v.keys.idles() })
	for range 10 {
		want(t, "known to be down", v, token, http.StatusOK)
	}
	wantAsked(t, "while it is down", i, 2)
	want(t, "unknown while it is down", v, sign(otherKey(), "key-2", "JWT", claimsOf(ada, nil)), http.StatusServiceUnavailable)
	c.pass(keysAtMost)
	want(t, "down for too long", v, token, http.StatusServiceUnavailable)
	i.answers(keysAnswer(jwk(ourKey(), "key-1")))
	want(t, "up again, at once", v, token, http.StatusServiceUnavailable)
	c.pass(coolDown * 5 / 4)
	want(t, "up again", v, token, http.StatusOK)
}

// While the keys are usable no request waits for an issuer that does not answer, except once, for idleWait, where the
// keys have not been used for long.
func TestAnIssuerThatIsSilentHoldsUpNobody(t *testing.T) {
	t.Parallel()
	for after, most := range map[time.Duration]time.Duration{
		keysFor * 4 / 5: idleWait / 2, keysFor + time.Second: idleWait / 2, keysAtMost - time.Minute: 3 * time.Second,
	} {
		i := newIssuer(t, keysAnswer(jwk(ourKey(), "key-1")))
		v, c := keysOf(t, i)
		token := tokenOf(ada, nil)
		want(t, "up", v, token, http.StatusOK)
		release := make(chan struct{})
		i.answers(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
			w.WriteHeader(http.StatusBadGateway)
		})
		c.pass(after)
		began := time.Now()
		want(t, "while it is silent", v, token, http.StatusOK)
		if took := time.Since(began); took > most {
			t.Errorf("after %v: waited %v", after, took)
		}
		eventually(t, "the keys are asked for", func() bool { return i.times() == 2 })
		close(release)
	}
}

func TestACallerWhoLeavesDoesNotEndTheRequestForKeys(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	i := newIssuer(t, func(w http.ResponseWriter, r *http.Request) {
		<-release
		keysAnswer(jwk(ourKey(), "key-1"))(w, r)
	})
	v, _ := keysOf(t, i)
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error)
	go func() {
		_, err := v.Verify(ctx, tokenOf(ada, nil))
		gone <- err
	}()
	eventually(t, "keys are asked for", func() bool { return i.times() == 1 })
	cancel()
	if err := <-gone; err == nil {
		t.Error("a caller who left was given an answer")
	}
	close(release)
	want(t, "who stayed", v, tokenOf(ada, nil), http.StatusOK)
	wantAsked(t, "in all", i, 1)
}

func TestKeysThatAreNoneOfOurs(t *testing.T) {
	t.Parallel()
	good := jwk(ourKey(), "key-1")
	with := func(name string, value any) member {
		m := member{}
		for k, v := range good {
			m[k] = v
		}
		if m[name] = value; value == nil {
			delete(m, name)
		}
		return m
	}
	weak := jwk(newKey(1024), "key-1")
	leadingZero := base64.RawURLEncoding.EncodeToString(append([]byte{0}, ourKey().N.Bytes()...))
	for name, test := range map[string]struct {
		document any
		status   int
	}{
		"good":                   {member{"keys": []member{good}}, http.StatusOK},
		"the envelope":           {member{"status": "success", "data": member{"keys": []member{good}}, "keys": []member{with("publicKey", "x")}}, http.StatusOK},
		"without use and alg":    {member{"keys": []member{func() member { m := with("use", nil); delete(m, "alg"); return m }()}}, http.StatusOK},
		"beside one of a curve":  {member{"keys": []member{{"kty": "EC", "kid": "key-1", "crv": "P-256", "x": "AA", "y": "AA"}, good}}, http.StatusOK},
		"key_ops verify":         {member{"keys": []member{with("key_ops", []string{"verify"})}}, http.StatusOK},
		"key_ops encrypt":        {member{"keys": []member{with("key_ops", []string{"encrypt"})}}, http.StatusServiceUnavailable},
		"for encryption":         {member{"keys": []member{with("use", "enc")}}, http.StatusServiceUnavailable},
		"use null":               {member{"keys": []member{func() member { m := with("use", "sig"); m["use"] = nil; return m }()}}, http.StatusServiceUnavailable},
		"for RS512":              {member{"keys": []member{with("alg", "RS512")}}, http.StatusServiceUnavailable},
		"symmetric":              {member{"keys": []member{with("kty", "oct")}}, http.StatusServiceUnavailable},
		"of 1024 bits":           {member{"keys": []member{weak}}, http.StatusServiceUnavailable},
		"exponent 3":             {member{"keys": []member{with("e", "Aw")}}, http.StatusServiceUnavailable},
		"exponent even":          {member{"keys": []member{with("e", "AQAC")}}, http.StatusServiceUnavailable},
		"exponent of 5 bytes":    {member{"keys": []member{with("e", "AQAAAAE")}}, http.StatusServiceUnavailable},
		"modulus padded":         {member{"keys": []member{with("n", leadingZero)}}, http.StatusServiceUnavailable},
		"modulus a number":       {member{"keys": []member{with("n", 5)}}, http.StatusServiceUnavailable},
		"no kid":                 {member{"keys": []member{with("kid", nil)}}, http.StatusServiceUnavailable},
		"another kid":            {member{"keys": []member{with("kid", "key-9")}}, http.StatusUnauthorized},
		"one kid twice":          {member{"keys": []member{good, jwk(otherKey(), "key-1")}}, http.StatusServiceUnavailable},
		"none":                   {member{"keys": []member{}}, http.StatusServiceUnavailable},
		"no array":               {member{"keys": good}, http.StatusServiceUnavailable},
		"in capitals":            {member{"Keys": []member{good}}, http.StatusServiceUnavailable},
		"no object":              {[]member{good}, http.StatusServiceUnavailable},
		"too long":               {member{"keys": []member{good}, "x": string(make([]byte, maxKeysBody))}, http.StatusServiceUnavailable},
		"a key of another, ours": {member{"keys": []member{jwk(otherKey(), "key-1")}}, http.StatusUnauthorized},
	} {
		i := newIssuer(t, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, test.document) })
		v, _ := keysOf(t, i)
		want(t, name, v, tokenOf(ada, nil), test.status)
	}
}

func TestRedirectsStayAtTheirHost(t *testing.T) {
	t.Parallel()
	evil := newIssuer(t, keysAnswer(jwk(ourKey(), "key-1")))
	i := newIssuer(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, evil.URL, http.StatusFound) })
	v, _ := keysOf(t, i)
	want(t, "another host", v, tokenOf(ada, nil), http.StatusServiceUnavailable)
	wantAsked(t, "another host", evil, 0)

	mux := http.NewServeMux()
	mux.Handle("/old", http.RedirectHandler("/new", http.StatusMovedPermanently))
	mux.Handle("/new", keysAnswer(jwk(ourKey(), "key-1")))
	mux.Handle("/round", http.RedirectHandler("/round", http.StatusFound))
	server := httptest.NewServer(mux)
	defer server.Close()
	want(t, "the same host", newVerifier(t, func(o *Options) { o.JWKS = server.URL + "/old" }), tokenOf(ada, nil), http.StatusOK)
	want(t, "round and round", newVerifier(t, func(o *Options) { o.JWKS = server.URL + "/round" }), tokenOf(ada, nil), http.StatusServiceUnavailable)

	// The same host, in clear text: an attacker on the network path could answer.
	asked := &inClear{keys: member{"keys": []member{jwk(ourKey(), "key-1")}}}
	want(t, "from https to http", newVerifier(t, func(o *Options) {
		o.JWKS, o.HTTPClient = "https://users.example/keys", &http.Client{Transport: asked}
	}), tokenOf(ada, nil), http.StatusServiceUnavailable)
	if asked.clear.Load() {
		t.Error("it was followed into clear text")
	}
}

// inClear redirects from https to http at the same host, and answers there.
type inClear struct {
	keys  member
	clear atomic.Bool
}

func (c *inClear) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if r.URL.Scheme == "https" {
		http.Redirect(w, r, "http://"+r.URL.Host+r.URL.Path, http.StatusFound)
	} else {
		c.clear.Store(true)
		writeJSON(w, c.keys)
	}
	return w.Result(), nil
}

func TestMaxAge(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"": keysFor, "public": keysFor, "max-age=60": time.Minute, "public, MAX-AGE=60": time.Minute, `max-age="60"`: time.Minute,
		"max-age=0": minKeysFor, "max-age=-1": keysFor, "max-age=x": keysFor, "no-store": minKeysFor, "max-age=60, no-cache": minKeysFor,
		"max-age=2000000000": maxKeysFor, "max-age=99999999999999999999": keysFor,
	} {
		if got := maxAge(http.Header{"Cache-Control": {header}}); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}
