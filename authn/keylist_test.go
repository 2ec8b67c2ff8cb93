package authn

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"
)

// bothKeys is what an issuer answers that publishes key-1, which is ourKey, and key-2, which is otherKey.
func bothKeys() http.HandlerFunc { return keysAnswer(jwk(ourKey(), "key-1"), jwk(otherKey(), "key-2")) }

func oneKey() http.HandlerFunc { return keysAnswer(jwk(ourKey(), "key-1")) }

func tokenOfFollower(context.Context) (string, error) { return "the-follower's", nil }

// second is a token that key-2 has signed.
func second() string { return sign(otherKey(), "key-2", "JWT", claimsOf(ada, nil)) }

// A revoked key is refused when the feed says so, though the issuer's keys that are known still have it, and for as long as
// no later list has it, also while the feed is lost.
func TestUnlistedKeysAreRefused(t *testing.T) {
	t.Parallel()
	i, f := newIssuer(t, bothKeys()), newFeed(t)
	f.lists("key-1", "key-2")
	v := follow(t, f, func(o *Options) { o.JWKS, o.Changes.WhenLost = i.URL, TokensAlone })
	awaitChanges(t, v)
	becomes(t, "listed", v, second(), asManager)
	f.lists("key-1")
	becomes(t, "no longer listed", v, second(), dead)
	becomes(t, "the other key", v, tokenOf(ada, nil), asManager)
	f.lists("key-1", "key-2")
	becomes(t, "listed again", v, second(), asManager)
	wantAsked(t, "for all that", i, 1)

	f.lists("key-1")
	becomes(t, "unlisted once more", v, second(), dead)
	f.CloseClientConnections()
	f.Close()
	eventually(t, "the feed is lost", v.Lost)
	if got := can(v, second()); got != dead {
		t.Errorf("without the feed a token of the revoked key is %s", got)
	}
	if got := can(v, tokenOf(ada, nil)); got == dead {
		t.Error("without the feed a token of the other key is refused")
	}
}

// Where requests are refused while the feed is lost, so are those with a token of an unlisted key, and in the same way: the
// key may be one that was made meanwhile, and the token valid.
func TestUnlistedKeysWhileTheFeedIsLost(t *testing.T) {
	t.Parallel()
	i, f := newIssuer(t, bothKeys()), newFeed(t)
	f.lists("key-1")
	v := follow(t, f, func(o *Options) { o.JWKS = i.URL })
	awaitChanges(t, v)
	becomes(t, "unlisted", v, second(), dead)
	f.set(func() { f.instead = status(http.StatusBadGateway) })
	becomes(t, "unlisted, and the feed is lost", v, second(), "503")
	f.set(func() { f.instead = nil })
	f.lists("key-1", "key-2")
	becomes(t, "listed when the feed is found", v, second(), asManager)
}

// A key that is listed and unknown is asked for at once, past caches, whatever tokens with made-up ids have done.
func TestListedKeysAreAskedFor(t *testing.T) {
	t.Parallel()
	i, f := newIssuer(t, oneKey()), newFeed(t)
	v := follow(t, f, func(o *Options) { o.JWKS = i.URL })
	awaitChanges(t, v)
	for range 3 {
		want(t, "an unknown key", v, second(), http.StatusUnauthorized)
	}
	wantAsked(t, "by tokens of an unknown key", i, 2)
	f.lists("key-1")
	becomes(t, "a list is heard", v, sign(ourKey(), "key-1", "JWT", claimsOf(ada, nil)), asManager)
	i.answers(bothKeys())
	f.lists("key-1", "key-2")
	eventually(t, "the listed key is asked for", func() bool { return i.times() == 3 && v.keys.idles() })
	becomes(t, "its token", v, second(), asManager)
	i.mu.Lock()
	defer i.mu.Unlock()
	if got := i.headers[2].Get("Cache-Control"); got != "no-cache" || i.headers[1].Get("Cache-Control") != "" {
		t.Errorf("asked for with Cache-Control %q", got)
	}
}

// What is listed and stays missing is asked for less and less often.
func TestMissingKeysAreAskedForSeldom(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, oneKey())
	v, c := keysOf(t, i)
	want(t, "up", v, tokenOf(ada, nil), http.StatusOK)
	list := func(ids ...string) *keyList {
		l := &keyList{ids: map[string]bool{}, heard: c.read()}
		for _, id := range ids {
			l.ids[id] = true
		}
		return l
	}
	asked := 1
	expect := func(what string, l *keyList, times int) {
		t.Helper()
		for range 10 {
			v.keys.expect(l)
			eventually(t, what, v.keys.idles)
		}
		asked += times
		wantAsked(t, what, i, asked)
	}
	expect("no list", nil, 0)
	expect("nothing missing", list("key-1"), 0)
	expect("one missing", list("key-1", "key-9"), 1)
	c.pass(statementCoolDown / 2)
	expect("another, too soon", list("key-1", "key-8"), 0)
	c.pass(statementCoolDown)
	expect("another", list("key-1", "key-8"), 1)
	c.pass(statementCoolDown * 3 / 2)
	expect("the same again", list("key-1", "key-8"), 1)
	c.pass(statementCoolDown * 3 / 2)
	expect("the same, less often", list("key-1", "key-8"), 0)
	for range 3600 {
		c.pass(time.Second)
		v.keys.expect(list("key-1", "key-8"))
		eventually(t, "an hour of it", v.keys.idles)
	}
	// Within an hour: the pauses double up to five minutes, and the keys are renewed as ever.
	if n := i.times() - asked; n > 30 {
		t.Errorf("a key that stays missing is asked for %d times in an hour", n)
	}
}

// A statement that an unlisted key has signed counts only if the issuer's keys of now have the key.
func TestStatementsOfUnlistedKeys(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, after http.HandlerFunc
		counts        bool
	}{
		"a new key of a service that was started again": {oneKey(), bothKeys(), true},
		"a revoked key that is known":                   {bothKeys(), oneKey(), false},
		"a key that was never known":                    {oneKey(), oneKey(), false},
		"a known key that was never listed":             {bothKeys(), bothKeys(), true},
		"a key, while the issuer is down":               {bothKeys(), status(http.StatusBadGateway), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, f := newIssuer(t, test.before), newFeed(t)
			f.lists("key-1")
			v := newVerifier(t, func(o *Options) {
				o.JWKS, o.Changes = i.URL, Changes{URL: f.URL, Token: tokenOfFollower, WhenLost: TokensAlone}
			})
			c := newClock()
			v.keys.clock = c.read
			run(t, v)
			awaitChanges(t, v)
			i.answers(test.after)
			c.pass(time.Millisecond)
			asked := len(f.asked())
			f.set(func() { f.key, f.kid, f.keys = otherKey(), "key-2", []string{"key-1", "key-2"} })
			f.tells(accountOf(ada, 1, user))
			if test.counts {
				becomes(t, "told by the new key", v, tokenOf(ada, nil), asUser)
				return
			}
			eventually(t, "five more answers", func() bool { return len(f.asked()) > asked+5 })
			eventually(t, "the feed is lost", v.Lost)
			if got := can(v, second()); got != dead {
				t.Errorf("a token of the key is %s", got)
			}
			// The clock stands, so one request is all that statements may cause.
			if n := i.times(); n > 2 {
				t.Errorf("the keys were asked for %d times", n)
			}
		})
	}
}

// Services from before there were lists, alone and among newer ones.
func TestStatementsWithoutKeys(t *testing.T) {
	t.Parallel()
	i, f := newIssuer(t, bothKeys()), newFeed(t)
	v := follow(t, f, func(o *Options) { o.JWKS = i.URL })
	awaitChanges(t, v)
	becomes(t, "no list", v, second(), asManager)
	f.lists("key-1")
	becomes(t, "a list", v, second(), dead)
	f.set(func() { f.keys = nil })
	f.tells(accountOf(bob, 1, user))
	becomes(t, "none again is heard", v, tokenOf(bob, nil), asUser)
	if got := can(v, second()); got != dead {
		t.Errorf("what an older replica does not list is %s", got)
	}
	f.set(func() { f.key, f.kid = otherKey(), "key-2" })
	f.tells(accountOf(bob, 2, user))
	becomes(t, "signed by a key that was never listed", v, second(), asManager)
}

// Whatever is told and published, in whatever order: a key counts if the last list has it and the keys do.
func TestKeyListsModel(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 12))
	v := newVerifier(t, func(o *Options) { o.Changes = Changes{URL: o.Issuer, Token: tokenOfFollower} })
	kids := []string{"a", "b", "c", "d"}
	some := func() map[string]bool {
		m := map[string]bool{}
		for _, kid := range kids {
			if r.IntN(2) == 0 {
				m[kid] = true
			}
		}
		return m
	}
	var listed map[string]bool // nil: nothing is told
	var known *facts
	publish := func(published map[string]bool) {
		set := &keySet{keys: map[string]publicKey{}, got: time.Now(), until: time.Now().Add(keysFor)}
		for kid := range published {
			set.keys[kid] = &rsaKey{}
		}
		v.keys.mu.Lock()
		defer v.keys.mu.Unlock()
		v.keys.set, v.keys.unknown = set, time.Now().Add(time.Hour)
	}
	published := some()
	publish(published)
	for step := range 5000 {
		switch r.IntN(3) {
		case 0:
			published = some()
			publish(published)
		default:
			s := &statement{reset: known == nil || r.IntN(20) == 0, signer: kids[r.IntN(len(kids))], cursor: fmt.Sprint(step)}
			if r.IntN(4) > 0 {
				ids := some()
				ids[s.signer] = true
				s.keys = &keyList{ids: ids}
			}
			switch {
			case s.keys != nil:
				listed = s.keys.ids
			case s.reset || !listed[s.signer]:
				listed = nil
			}
			next, err := known.after(s, &v.options.Changes)
			if err != nil {
				t.Fatal(err)
			}
			next.share()
			known = next
			v.live.Store(&lease{facts: next})
		}
		for _, kid := range kids {
			_, err := v.tokenKey(t.Context(), kid)
			if want := published[kid] && (listed == nil || listed[kid]); (err == nil) != want {
				t.Fatalf("seed %d, step %d: %s, of %v published and %v listed: %v", seed, step, kid, published, slices.Sorted(maps.Keys(listed)), err)
			}
		}
	}
}
