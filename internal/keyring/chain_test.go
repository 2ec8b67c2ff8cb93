package keyring

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var usual = Policy{Period: 30 * day, Lead: day, Life: 7 * day, Tail: time.Hour}

const day = 24 * time.Hour

// epoch is when tests begin.
var epoch = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

// made is what a replica writes of a plan: every key gets a private part.
func (c chain) made(p plan) chain {
	for i := range p.insert {
		p.insert[i].ID, p.insert[i].Sealed = fmt.Sprintf("key %d", p.insert[i].Slot), "sealed"
	}
	c = c.with(append(p.insert, p.update...)...)
	c.keys = slices.DeleteFunc(c.keys, func(r Record) bool { return slices.Contains(p.remove, r.Slot) })
	return c
}

// settled is the chain after every replica has written its plans.
func (c chain) settled(t testing.TB, now time.Time) chain {
	t.Helper()
	for range 5 {
		p := c.plan(now, true)
		if p.empty() {
			return c
		}
		c = c.made(p)
	}
	t.Fatalf("the plans do not end: %+v", c.plan(now, true))
	return c
}

// shown is the state of each key, in the order of the slots: "signing next".
func (c chain) shown(now time.Time) string {
	var states []string
	for _, r := range c.keys {
		states = append(states, string(c.state(r, now)))
	}
	return fmt.Sprint(states)
}

func (c chain) want(t *testing.T, what string, now time.Time, states string) {
	t.Helper()
	if got := c.shown(now); got != states {
		t.Errorf("%s: %s, want %s", what, got, states)
	}
}

func TestFirstKeys(t *testing.T) {
	t.Parallel()
	c := newChain(usual, nil)
	if p := c.plan(epoch, false); !p.empty() {
		t.Errorf("a replica that makes no keys has the plan %+v", p)
	}
	c = c.settled(t, epoch)
	c.want(t, "at the start", epoch, "[signing next]")
	first, second := c.keys[0], c.keys[1]
	if first.Slot != 1 || !first.SignsFrom.Equal(epoch) || !first.PublishedAt.Equal(epoch) || first.TokenLife != usual.Life {
		t.Errorf("the first key is %+v", first)
	}
	if !second.SignsFrom.Equal(epoch.Add(usual.Period)) || !second.SignsUntil.Equal(epoch.Add(2*usual.Period)) {
		t.Errorf("the second key is %+v", second)
	}
	if got := c.verifiesUntil(first); !got.Equal(epoch.Add(37*day + time.Hour)) {
		t.Errorf("the first key verifies until %v", got)
	}
}

// TestYears lets keys follow one another for some years, with a replica that looks once an hour.
func TestYears(t *testing.T) {
	t.Parallel()
	c := newChain(usual, nil)
	most := 0
	for now := epoch; now.Before(epoch.Add(3 * 365 * day)); now = now.Add(time.Hour) {
		c = c.settled(t, now)
		if _, ok := c.signer(now); !ok {
			t.Fatalf("at %v none signs: %s", now, c.shown(now))
		}
		for _, r := range c.keys[1:] {
			if r.SignsFrom.Sub(r.PublishedAt) < usual.Lead {
				t.Fatalf("a key signs from %v and is published from %v", r.SignsFrom, r.PublishedAt)
			}
		}
		most = max(most, len(c.keys))
	}
	if n := c.keys[len(c.keys)-1].Slot; n != 38 {
		t.Errorf("%d keys in three years", n)
	}
	if most > 5 {
		t.Errorf("%d records are kept", most)
	}
	for _, r := range c.keys {
		if _, succeeded := c.successor(r); succeeded && c.state(r, epoch.Add(3*365*day)) == StateExpired && r.Sealed != "" {
			t.Errorf("the private part of slot %d is kept", r.Slot)
		}
	}
}

func TestRotated(t *testing.T) {
	t.Parallel()
	c := newChain(usual, nil).settled(t, epoch)
	soon := epoch.Add(time.Hour)
	if updates := c.rotated(soon, false); len(updates) != 1 || !updates[0].SignsFrom.Equal(epoch.Add(usual.Lead)) {
		t.Errorf("a next key that verifiers may not know yet begins as %+v", updates)
	}
	if updates := c.rotated(soon, true); len(updates) != 1 || !updates[0].SignsFrom.Equal(soon) {
		t.Errorf("in an emergency it begins as %+v", updates)
	}
	later := epoch.Add(2 * day)
	c = c.with(c.rotated(later, false)...)
	c.want(t, "rotated", later, "[verifying signing]")
	c = c.settled(t, later)
	c.want(t, "rotated, and settled", later, "[verifying signing next]")
	if until := c.verifiesUntil(c.keys[0]); !until.Equal(later.Add(7*day + time.Hour)) {
		t.Errorf("the key before verifies until %v", until)
	}
	c = c.with(c.rotated(later, false)...)
	if updates := c.rotated(later, false); updates != nil {
		t.Errorf("rotated twice: %+v", updates)
	}
	c.want(t, "rotated again", later.Add(usual.Lead), "[verifying verifying signing]")
}

func TestRevoked(t *testing.T) {
	t.Parallel()
	start := newChain(usual, nil).settled(t, epoch)
	now := epoch.Add(40 * day)
	start = start.settled(t, now)
	start.want(t, "before", now, "[expired signing next]")
	for name, revocation := range map[string]struct {
		slots []int
		want  string
	}{
		"the one that signs":   {[]int{1}, "[expired revoked signing next]"},
		"the next one":         {[]int{2}, "[expired signing revoked next]"},
		"both":                 {[]int{1, 2}, "[expired revoked revoked signing next]"},
		"one that has expired": {[]int{0}, "[revoked signing next]"},
	} {
		c := start
		for _, i := range revocation.slots {
			c = c.with(revoked(c.keys[i], now))
		}
		c = c.settled(t, now)
		c.want(t, name, now, revocation.want)
		for _, r := range c.keys {
			if r.Revoked() && r.Sealed != "" {
				t.Errorf("%s: the private part of slot %d is kept", name, r.Slot)
			}
		}
		if _, ok := c.signer(now); !ok {
			t.Errorf("%s: none signs", name)
		}
	}
}

// TestRevokedAsItBegins: a key that is revoked at the very moment at which it begins has taken over. The one before does not
// sign again.
func TestRevokedAsItBegins(t *testing.T) {
	t.Parallel()
	c := newChain(usual, nil).settled(t, epoch)
	now := c.keys[1].SignsFrom
	c = c.settled(t, now)
	c.want(t, "as it begins", now, "[verifying signing next]")
	c.with(revoked(c.keys[1], now)).settled(t, now).want(t, "revoked", now, "[verifying revoked signing next]")
}

// TestLateNext: a next key is revoked shortly before it would have begun. Its substitute is published for a lead, too, and
// the one that signs goes on until then.
func TestLateNext(t *testing.T) {
	t.Parallel()
	now := epoch.Add(usual.Period - time.Hour)
	c := newChain(usual, nil).settled(t, epoch)
	c = c.with(revoked(c.keys[1], now)).settled(t, now)
	begins := now.Add(usual.Lead)
	c.want(t, "just before", begins.Add(-1), "[signing revoked next]")
	c.want(t, "then", begins, "[verifying revoked signing]")
	if until := c.verifiesUntil(c.keys[0]); !until.Equal(begins.Add(usual.Life + usual.Tail)) {
		t.Errorf("the one that went on verifies until %v", until)
	}
}

// TestStandstill: all replicas were stopped, or a backup of long ago was restored.
func TestStandstill(t *testing.T) {
	t.Parallel()
	start := newChain(usual, nil).settled(t, epoch)
	for name, stop := range map[string]struct {
		after time.Duration
		want  string
	}{
		"a day":                             {day, "[signing next]"},
		"until the next one has begun":      {31 * day, "[verifying signing next]"},
		"until that should have ended":      {62 * day, "[expired signing next]"},
		"until tokens of that have expired": {70 * day, "[expired signing next]"},
		"a year":                            {365 * day, "[signing next]"},
	} {
		now := epoch.Add(stop.after)
		c := start.settled(t, now)
		c.want(t, name, now, stop.want)
		if c.shown(now) == "[expired signing next]" && stop.after == 62*day {
			if next := c.keys[2]; !next.SignsFrom.Equal(now.Add(usual.Lead)) {
				t.Errorf("%s: the next one begins at %v", name, next.SignsFrom)
			}
		}
	}
}

// TestForgottenInOrder: a key whose tokens live long is kept after one whose tokens do not, and so is that, since it tells
// when the other has ended.
func TestForgottenInOrder(t *testing.T) {
	t.Parallel()
	long := usual
	long.Life = 365 * day
	c := newChain(long, nil).settled(t, epoch)
	c.keys[1].TokenLife = day // as if it had been made by a replica with a short life
	c.Policy = usual
	for _, after := range []time.Duration{61, 200, 370} {
		now := epoch.Add(after * day)
		c = c.settled(t, now)
		first, ok := c.byID("key 1")
		if !ok || !c.signedUntil(first).Equal(epoch.Add(usual.Period)) || c.state(first, now) != StateVerifying {
			t.Errorf("after %d days the first key is %+v, %s", after, first, c.state(first, now))
		}
	}
	c = c.settled(t, epoch.Add(430*day))
	if _, ok := c.byID("key 1"); ok {
		t.Errorf("the first key is kept: %s", c.shown(epoch.Add(430*day)))
	}
}

// TestTokensStayValid is the promise: whatever happens, but for a revocation, a token that a replica signs is valid on
// every replica for all of its life, and verifiers that read the JWK set once in a lead know its key; and a key that has
// ended to sign, or to verify, never does again.
func TestTokensStayValid(t *testing.T) {
	t.Parallel()
	type token struct {
		slot    int64
		expires time.Time
	}
	const lag = 2 * time.Second // how old what a replica knows may be
	rapid.Check(t, func(t *rapid.T) {
		now := epoch
		policy := usual
		database := newChain(policy, nil)
		var tokens []token
		ended, left, emergency := map[int64]bool{}, map[int64]bool{}, map[int64]bool{}
		first := int64(0)
		// views are what replicas know: at most lag old.
		views := []chain{database, database, database}
		seen := []time.Time{now, now, now}
		settle := func() {
			for range rapid.IntRange(1, 3).Draw(t, "writers") {
				database.Policy = policy
				p := database.plan(now, true)
				if len(p.insert) == 2 {
					first = p.insert[0].Slot
				}
				database = database.made(p)
			}
		}
		settle()
		check := func() {
			for i := range tokens {
				if tok := tokens[i]; now.Before(tok.expires.Add(30 * time.Second)) {
					if !slices.ContainsFunc(database.published(now), func(r Record) bool { return r.Slot == tok.slot }) {
						t.Fatalf("a token of slot %d that expires at %v is refused at %v: %s", tok.slot, tok.expires, now, database.shown(now))
					}
				}
			}
			for _, r := range database.keys {
				s := database.state(r, now)
				if ended[r.Slot] && s == StateSigning || left[r.Slot] && s != StateExpired && s != StateRevoked {
					t.Fatalf("slot %d is %s again at %v: %s %+v", r.Slot, s, now, database.shown(now), database.keys)
				}
				if _, succeeded := database.successor(r); succeeded && (s == StateVerifying || s == StateExpired) {
					ended[r.Slot] = true
				}
				left[r.Slot] = left[r.Slot] || s == StateExpired || s == StateRevoked
			}
		}
		for range rapid.IntRange(5, 60).Draw(t, "steps") {
			now = now.Add(time.Microsecond)
			switch rapid.SampledFrom([]string{"wait", "wait", "wait", "sign", "sign", "sign", "rotate", "emergency", "revoke", "period", "life"}).Draw(t, "step") {
			case "wait":
				now = now.Add(time.Duration(rapid.Int64Range(1, int64(rapid.SampledFrom([]time.Duration{time.Second, time.Hour, 20 * day, 90 * day}).Draw(t, "most"))).Draw(t, "for")))
			case "sign":
				settle()
				i := rapid.IntRange(0, len(views)-1).Draw(t, "replica")
				if now.Sub(seen[i]) > lag || rapid.Bool().Draw(t, "reads") {
					views[i], seen[i] = database, now
				}
				r, ok := views[i].signer(now)
				if !ok && now.Equal(seen[i]) {
					t.Fatalf("none signs at %v: %s", now, database.shown(now))
				}
				if !ok || slices.ContainsFunc(database.keys, func(k Record) bool { return k.Slot == r.Slot && k.Revoked() }) {
					break
				}
				if now.Sub(r.PublishedAt) < policy.Lead && r.Slot != first && !emergency[r.Slot] {
					t.Fatalf("slot %d signs at %v and was published at %v", r.Slot, now, r.PublishedAt)
				}
				tokens = append(tokens, token{r.Slot, now.Add(policy.Life)})
			case "rotate":
				settle()
				database = database.with(database.rotated(now, false)...)
			case "emergency":
				settle()
				updates := database.rotated(now, true)
				for _, r := range updates {
					emergency[r.Slot] = true
				}
				database = database.with(updates...)
			case "revoke":
				settle()
				i := rapid.IntRange(0, len(database.keys)-1).Draw(t, "key")
				slot := database.keys[i].Slot
				database = database.with(revoked(database.keys[i], now))
				tokens = slices.DeleteFunc(tokens, func(tok token) bool { return tok.slot == slot })
				if next, ok := database.first(StateNext, now); ok {
					emergency[next.Slot] = true // it may have to begin now
				}
			case "period":
				policy.Period = rapid.SampledFrom([]time.Duration{day, 10 * day, 30 * day, 365 * day}).Draw(t, "period")
			case "life":
				// A replica writes the longer life before it signs.
				policy.Life = rapid.SampledFrom([]time.Duration{day, 7 * day, 365 * day}).Draw(t, "life")
				settle()
				for i := range views {
					views[i], seen[i] = database, now
				}
			}
			check()
		}
	})
}
