package authn

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// can is what a token permits now, or its refusal.
func can(v *Verifier, token string) string {
	p, err := v.Verify(context.Background(), token)
	if err != nil {
		return fmt.Sprint(statusOf(v, token))
	}
	return strings.Join(p.Roles, ",") + ":" + strings.Join(p.Permissions, ",")
}

func becomes(t *testing.T, why string, v *Verifier, token, want string) {
	t.Helper()
	eventually(t, why+": "+want, func() bool { return can(v, token) == want })
}

const (
	asManager = "Manager:orders:read,orders:write"
	asUser    = "User:orders:read"
	asNobody  = ":"
	dead      = "401"
)

func TestChangesCount(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	v := follow(t, f, nil)
	awaitChanges(t, v)
	first := tokenOf(ada, nil)
	second := tokenOf(ada, member{"ver": 2})
	other := tokenOf(bob, nil)
	becomes(t, "as the token says", v, first, asManager)
	if p, err := v.Verify(context.Background(), first); err != nil || !p.Live {
		t.Errorf("%+v, %v", p, err)
	}

	f.tells(accountOf(ada, 1, user))
	becomes(t, "another role", v, first, asUser)
	if w := call(v.Require("orders:write")(whoami), "Bearer "+first); w.Code != http.StatusForbidden {
		t.Errorf("may still write: %d", w.Code)
	}
	f.knows(roleOf(manager, "Manager"), roleOf(user, "User", "b", "a"))
	becomes(t, "the role's rights change", v, first, "User:a,b")
	becomes(t, "another role's rights change", v, other, "Manager:")
	f.knows(roleOf(manager, "Boss", "orders:all"), roleOf(user, "User", "a"))
	byID := tokenOf(bob, member{"role_id": manager})
	becomes(t, "the role is renamed, and the token has its id", v, byID, "Boss:orders:all")
	becomes(t, "the same of an older token, which has the name", v, other, asNobody)
	becomes(t, "an unknown id, whatever the name", v, tokenOf(bob, member{"role_id": ada, "roles": []string{"User"}}), asNobody)
	f.tells(accountOf(bob, 1, manager))
	becomes(t, "the account is told of", v, other, "Boss:orders:all")
	becomes(t, "a token of a version that never was", v, tokenOf(bob, member{"ver": 2}), dead)
	f.tells(accountOf(ada, 2, user))
	becomes(t, "older tokens end", v, first, dead)
	becomes(t, "the newer", v, second, "User:a")
	f.tells(accountOf(ada, nil, nil))
	becomes(t, "disabled", v, second, dead)
	f.tells(accountOf(ada, 3, nil))
	becomes(t, "a later version than is told of", v, tokenOf(ada, member{"ver": 4}), dead)
	becomes(t, "enabled again, the older token", v, second, dead)
	becomes(t, "without a role", v, tokenOf(ada, member{"ver": 3}), asNobody)
	f.tells(accountOf(bob, 1, "0199e7a0-0000-7000-8000-00000000c009"))
	becomes(t, "an unknown role", v, other, asNobody)
	becomes(t, "a role by an unknown name", v, tokenOf("0199e7a0-0000-7000-8000-0000000000d1", nil), asNobody)
}

func TestOmittedPermissionsAreKnownLive(t *testing.T) {
	t.Parallel()
	v := follow(t, newFeed(t), nil)
	awaitChanges(t, v)
	token := tokenOf(ada, member{"permissions": []string{}, "permissions_omitted": true})
	if w := call(v.Require("orders:write")(whoami), "Bearer "+token); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A snapshot in pieces counts when all of it is there, and what was known until then goes on counting.
func TestPiecesCountTogether(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.piece = 7
	for n := range 100 {
		f.changed = append(f.changed, accountOf(fmt.Sprintf("0199e7a0-0000-7000-8000-%012x", n+1), nil, nil))
	}
	f.tells(accountOf(ada, nil, nil))
	v := follow(t, f, nil)
	awaitChanges(t, v)
	if got := can(v, tokenOf(ada, nil)); got != dead {
		t.Errorf("up to date without the last piece: %s", got)
	}
	if n := len(f.asked()); n < 15 {
		t.Errorf("%d requests for 16 pieces", n)
	}
	f.set(func() { f.epoch++ }) // the service has lost its memory, such as after a restored backup
	for _, r := range f.asked()[15:] {
		if r.after == "" {
			t.Error("asked from the beginning before it was told to")
		}
	}
	f.set(func() { f.changed = f.changed[:55] })
	becomes(t, "what is not told again is forgotten", v, tokenOf(ada, nil), asManager)
	if v.live.Load().facts.accounts.count != 50 {
		t.Errorf("%d accounts are kept", v.live.Load().facts.accounts.count)
	}
}

// Facts are valid for Staleness from the time of the request; then requests are refused, or not, according to WhenLost.
func TestLossIsNoticedAndMended(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]WhenLost{"refuse": Refuse, "tokens alone": TokensAlone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for how, instead := range map[string]http.HandlerFunc{
				"down":      status(http.StatusBadGateway),
				"forbidden": status(http.StatusForbidden),
				"hanging":   func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
				"cut":       func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			} {
				t.Run(how, func(t *testing.T) {
					t.Parallel()
					loseAndFind(t, when, instead)
				})
			}
		})
	}
}

func loseAndFind(t *testing.T, when WhenLost, instead http.HandlerFunc) {
	f := newFeed(t)
	said := &diary{}
	v := follow(t, f, func(o *Options) {
		o.Changes.WhenLost, o.Changes.OnFound = when, func() { said.note("found") }
		o.Changes.OnLost = func(reason error) { said.note("lost"); said.note(reason.Error()) }
	})
	gone := tokenOf(bob, nil)
	f.tells(accountOf(ada, 1, user), accountOf(bob, 2, user))
	awaitChanges(t, v)
	token := tokenOf(ada, nil)
	becomes(t, "heard", v, token, asUser)
	becomes(t, "heard, the dead", v, gone, dead)
	f.set(func() { f.instead = instead })
	began := time.Now()
	// However late a busy machine asks: after the limit the facts must not be used.
	for asked := began; !v.Lost(); asked = time.Now() {
		if asked.Sub(began) > 2*time.Second {
			t.Fatalf("the loss is not noticed after %v", asked.Sub(began))
		}
		time.Sleep(2 * time.Millisecond)
	}
	if when == Refuse {
		becomes(t, "lost", v, token, "503")
	} else {
		becomes(t, "lost", v, token, "Manager,User:orders:read,orders:write")
		becomes(t, "lost, and dead nevertheless", v, gone, dead)
	}
	eventually(t, "OnLost", func() bool { return len(said.all()) == 3 })
	f.set(func() { f.instead = nil })
	becomes(t, "found", v, token, asUser)
	eventually(t, "OnFound", func() bool { return len(said.all()) == 4 })
	if all := said.all(); all[0] != "found" || all[1] != "lost" || all[2] == "" || all[3] != "found" {
		t.Errorf("told %q", all)
	}
}

// diary keeps what was said.
type diary struct {
	mu   sync.Mutex
	said []string
}

func (d *diary) note(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.said = append(d.said, what)
}

func (d *diary) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.said)
}

func TestBeforeTheFirstSnapshotIsLost(t *testing.T) {
	t.Parallel()
	token := tokenOf(ada, nil)
	for when, status := range map[WhenLost]int{Refuse: 503, TokensAlone: 200} {
		v := newVerifier(t, func(o *Options) {
			o.Changes = Changes{URL: "http://127.0.0.1:1/", WhenLost: when, Token: func(context.Context) (string, error) { return "x", nil }}
		})
		want(t, "before Run", v, token, status)
		if !v.Lost() {
			t.Error("not lost")
		}
	}
}

// However old the facts are, a token that was invalid stays so; a younger one of an account that was disabled may
// have been issued since.
func TestDeadForGood(t *testing.T) {
	t.Parallel()
	disabled, ended := account{none: true, signed: 1000}, account{version: 5, signed: 1000}
	for _, test := range []struct {
		a      *account
		ver    int64
		issued int64
		want   bool
	}{
		{nil, 1, 1, false},
		{&disabled, 9, 999, true}, {&disabled, 9, 1000, true}, {&disabled, 1, 1001, false},
		{&ended, 4, 2000, true}, {&ended, 5, 1, false}, {&ended, 6, 1, false},
	} {
		f := &facts{}
		u, _ := parseID(ada)
		if test.a != nil {
			f.accounts.set(u, *test.a)
		}
		if got := f.deadForGood(&claims{account: u, version: test.ver, issued: time.Unix(test.issued, 0)}); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

// Facts are out of date if either clock says so: the machine may have slept, and the time may have been set.
func TestFreshByBothClocks(t *testing.T) {
	t.Parallel()
	now := readClocks()
	h := &lease{asked: now, staleness: time.Second}
	at := func(steady, wall time.Duration) reading { return reading{now.steady.Add(steady), now.wall.Add(wall)} }
	for _, test := range []struct {
		h    *lease
		at   reading
		want bool
	}{
		{nil, now, false}, {h, now, true}, {h, at(999*time.Millisecond, 999*time.Millisecond), true}, {h, at(time.Second, time.Second), false},
		{h, at(10*time.Millisecond, time.Minute), false}, // it slept
		{h, at(time.Minute, 10*time.Millisecond), false}, // the time was set back
		{h, at(time.Minute, -time.Hour), false},
	} {
		if got := test.h.fresh(test.at); got != test.want {
			t.Errorf("at %v: %v", test.at, got)
		}
	}
	if r := readClocks(); r.wall != r.wall.Round(0) || r.steady == r.steady.Round(0) {
		t.Errorf("read as %v", r)
	}
}

// Facts that have readers do not change with the next statement, and facts without readers are not copied.
func TestPiecesAreCopiedOnceShared(t *testing.T) {
	t.Parallel()
	one, _ := parseID(ada)
	two := one
	two[0]++ // in the same piece
	var a pieces[int]
	a.set(one, 1)
	b := a
	b.set(two, 1)
	if len(a.parts[one[15]]) != 2 {
		t.Error("facts without readers were copied")
	}
	b.share()
	c := b
	c.set(one, 2)
	c.remove(two)
	c.remove(two)
	if was, _ := b.get(one); was != 1 || b.count != 2 || c.count != 1 {
		t.Errorf("what is read was changed: %d, %d and %d are kept", was, b.count, c.count)
	}
	if _, there := b.get(two); !there {
		t.Error("what is read was removed")
	}
	if is, _ := c.get(one); is != 2 {
		t.Errorf("heard in vain: %d", is)
	}
}
