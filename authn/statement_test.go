package authn

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestStatementsThatDoNotCount: nothing that is wrong with a statement makes it count, and what is right again does.
func TestStatementsThatDoNotCount(t *testing.T) {
	t.Parallel()
	edit := func(name string, value any) func(*feed) {
		return func(f *feed) {
			f.edit = func(p member) {
				if p[name] = value; value == nil {
					delete(p, name)
				}
			}
		}
	}
	accounts := func(a ...member) func(*feed) { return edit("accounts", a) }
	roles := func(r ...member) func(*feed) { return edit("roles", r) }
	role := func(changes member) member {
		m := roleOf(user, "A")
		delete(m, "_names")
		maps.Copy(m, changes)
		return m
	}
	for name, wrong := range map[string]func(*feed){
		"signed by another":     func(f *feed) { f.key = otherKey() },
		"by a P-256 key":        func(f *feed) { f.key = curveKey() },
		"a token":               func(f *feed) { f.typ = tokenType },
		"another type":          func(f *feed) { f.typ = "changes" },
		"another issuer":        edit("iss", "https://evil.example"),
		"another audience":      edit("aud", "https://evil.example"),
		"no iat":                edit("iat", nil),
		"two minutes old":       edit("iat", time.Now().Unix()-120),
		"two minutes ahead":     edit("iat", time.Now().Unix()+120),
		"iat a string":          edit("iat", "now"),
		"no cursor":             edit("cursor", nil),
		"an empty cursor":       edit("cursor", ""),
		"after another cursor":  edit("after", "x"),
		"no after":              edit("after", nil),
		"reset a string":        edit("reset", "true"),
		"no roles":              edit("roles", nil),
		"no permissions":        edit("permissions", nil),
		"no accounts":           edit("accounts", nil),
		"roles null":            func(f *feed) { f.edit = func(p member) { p["roles"] = nil } },
		"permissions a string":  edit("permissions", "all"),
		"a permission twice":    edit("permissions", []member{permissionOf("a"), permissionOf("a")}),
		"one of no id":          edit("permissions", []member{{"id": "x", "name": "a"}}),
		"one without name":      edit("permissions", []member{{"id": user, "name": ""}}),
		"no name":               edit("permissions", []member{{"id": user}}),
		"a role twice":          roles(role(nil), role(nil)),
		"a role without id":     roles(role(member{"id": ""})),
		"a role without name":   roles(role(member{"name": ""})),
		"a name of no text":     roles(role(member{"name": 1})),
		"permissions null":      roles(role(member{"permissions": nil})),
		"permissions names":     roles(role(member{"permissions": []string{"orders:read"}})),
		"a parent of no id":     roles(role(member{"parent": "Manager"})),
		"all a string":          roles(role(member{"all": "true"})),
		"continued, of nothing": roles(role(member{"continued": true, "id": bob})),
		"accounts a string":     edit("accounts", "all"),
		"an account twice":      accounts(accountOf(ada, 1, user), accountOf(ada, 1, user)),
		"an account of no id":   accounts(accountOf("x", 1, user)),
		"version 0":             accounts(accountOf(ada, 0, user)),
		"version a string":      accounts(accountOf(ada, "1", user)),
		"version a fraction":    accounts(accountOf(ada, 1.5, user)),
		"no version":            accounts(member{"id": ada, "role": user}),
		"no role":               accounts(member{"id": ada, "ver": 1}),
		"a role of no id":       accounts(accountOf(ada, 1, "Manager")),
		"sessions null":         func(f *feed) { f.edit = func(p member) { p["sessions"] = nil } },
		"a session of no id":    edit("sessions", []member{endedOf("x", time.Now())}),
		"a session twice":       edit("sessions", []member{endedOf(ada, time.Now()), endedOf(ada, time.Now())}),
		"a session without end": edit("sessions", []member{{"sid": ada}}),
		"an end that is none":   edit("sessions", []member{{"sid": ada, "until": "soon"}}),
		"keys null":             func(f *feed) { f.edit = func(p member) { p["keys"] = nil } },
		"keys a string":         edit("keys", "key-1"),
		"keys numbers":          edit("keys", []int{1}),
		"no key":                edit("keys", []string{}),
		"keys without its own":  edit("keys", []string{"key-2"}),
		"a key twice":           edit("keys", []string{"key-1", "key-2", "key-2"}),
		"a key without id":      edit("keys", []string{"", "key-1"}),
		"an endless key id":     edit("keys", []string{"key-1", strings.Repeat("k", maxKID+1)}),
		"more than may be kept": accounts(accountOf(ada, 1, user), accountOf(bob, 1, user), accountOf(manager, 1, user), accountOf(user, 1, user)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFeed(t)
			f.tells(accountOf(bob, 1, user))
			wrong(f)
			v := follow(t, f, func(o *Options) { o.Changes.MaxAccounts = 3 })
			eventually(t, "two requests", func() bool { return len(f.asked()) >= 2 })
			if !v.Lost() {
				t.Fatal("it counts")
			}
			f.set(func() { f.edit, f.key, f.typ = nil, ourKey(), statementType })
			becomes(t, "right again", v, tokenOf(bob, nil), asUser)
		})
	}
}

// The same, of one that continues what is known: that goes on counting until it is stale, no longer, and what
// the statement says does not.
func TestContinuationsThatDoNotCount(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(member){
		"another issuer":       func(p member) { p["iss"] = "x" },
		"after another cursor": func(p member) { p["after"] = "0.77" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFeed(t)
			v := follow(t, f, nil)
			awaitChanges(t, v)
			token := tokenOf(ada, nil)
			f.set(func() {
				f.edit = edit
				f.changed = append(f.changed, accountOf(ada, 1, user))
			})
			for !v.Lost() {
				if got := can(v, token); got != asManager && got != "503" {
					t.Fatalf("counts: %s", got)
				}
				time.Sleep(time.Millisecond)
			}
			f.set(func() { f.edit = nil })
			becomes(t, "right again", v, token, asUser)
		})
	}
}

// A statement is as old as the request for it, however long the answer takes: its headers may come at once, and
// its body a piece at a time.
func TestStalenessCountsFromTheRequest(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	v := follow(t, f, func(o *Options) { o.Changes.Staleness = 2 * time.Second })
	awaitChanges(t, v)
	var began atomic.Int64 // when the request had come
	f.set(func() {
		f.instead = func(w http.ResponseWriter, r *http.Request) {
			if !began.CompareAndSwap(0, time.Now().UnixNano()) {
				<-r.Context().Done() // the facts stay as they are
				return
			}
			// It changes here, so that a request which came before and still waits can't tell of it.
			f.mu.Lock()
			f.changed = append(f.changed, accountOf(ada, 1, user))
			body, err := json.Marshal(f.statement(r.URL.Query().Get("after")))
			f.mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			w.WriteHeader(http.StatusOK)
			for i, part := range [][]byte{body[:10], body[10:20], body[20:]} {
				if i > 0 {
					time.Sleep(300 * time.Millisecond)
				}
				_, _ = w.Write(part)
				_ = http.NewResponseController(w).Flush()
			}
		}
	})
	becomes(t, "it is heard", v, tokenOf(ada, nil), asUser)
	h := v.live.Load()
	if late := h.asked.wall.UnixNano() - began.Load(); late > 0 {
		t.Errorf("it counts from %v after the request had come", time.Duration(late))
	}
}

// A 304 is not signed, so it renews only facts that were signed not long ago.
func TestNothingNewForTooLong(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	var ahead atomic.Int64
	v := follow(t, f, func(o *Options) { o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) } })
	awaitChanges(t, v)
	f.set(func() { f.instead = status(http.StatusNotModified) })
	signed := time.Now()
	eventually(t, "304 is believed", func() bool { return time.Since(signed) > 1200*time.Millisecond && !v.Lost() })
	ahead.Store(int64(maxStatementAge + time.Second))
	eventually(t, "304 is believed no longer", v.Lost)
	ahead.Store(0)
	f.set(func() { f.instead = nil })
	awaitChanges(t, v)
}

func TestWaitsAreShortAndCursorsAreKept(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	v := follow(t, f, nil)
	eventually(t, "four requests", func() bool { return len(f.asked()) >= 4 })
	asked := f.asked()
	if asked[0] != (request{"", "0", "Bearer the-follower's"}) || asked[1].wait != "300" || asked[1].after != "0.5" || asked[2] != asked[1] {
		t.Errorf("asked for %v", asked)
	}
	if err := v.Run(context.Background()); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("a second Run: %v", err)
	}
}

// An answer that comes at once, whatever is asked, must not make the follower ask without pause.
func TestAnswersAtOnceAreNoStorm(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	follow(t, f, nil)
	eventually(t, "the beginning", func() bool { return len(f.asked()) >= 2 })
	f.set(func() { f.instead = status(http.StatusNotModified) })
	before, began := len(f.asked()), time.Now()
	time.Sleep(500 * time.Millisecond)
	if n, took := len(f.asked())-before, time.Since(began); time.Duration(n) > took/(20*time.Millisecond) {
		t.Errorf("%d requests in %v", n, took)
	}
}

// The follower gets another token when the last is refused, and before it ends.
func TestTokensAreRenewed(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.token = "1"
	var logins, good atomic.Int64 // how many there were, and the number of the token that is good
	good.Store(1)
	v := follow(t, f, func(o *Options) {
		o.Changes.Token = func(context.Context) (string, error) {
			logins.Add(1)
			return strconv.FormatInt(good.Load(), 10), nil
		}
	})
	keeps := func() bool {
		awaitChanges(t, v)
		next := good.Add(1)
		f.set(func() { f.token = strconv.FormatInt(next, 10) })
		eventually(t, "the next token", func() bool { return logins.Load() >= next })
		for until := time.Now().Add(1500 * time.Millisecond); time.Now().Before(until); time.Sleep(time.Millisecond) {
			if v.Lost() {
				return false
			}
		}
		return true
	}
	// A busy machine may keep the follower from running for the second after which it is lost, but hardly each time.
	for tries := 1; !keeps(); tries++ {
		if tries == 5 {
			t.Fatal("lost over a login")
		}
	}

	short := newFeed(t)
	logins.Store(0)
	renewing := follow(t, short, func(o *Options) {
		o.Changes.Token = func(context.Context) (string, error) {
			if logins.Add(1) > 1 {
				return "", errors.New("no logins now")
			}
			now := time.Now().Unix()
			return tokenOf(bob, member{"iat": now, "exp": now + 2}), nil
		}
	})
	awaitChanges(t, renewing)
	eventually(t, "another login before the token ends", func() bool { return logins.Load() == 2 })
	if renewing.Lost() {
		t.Error("lost over a login that failed while the old token counts")
	}
}

// Without credentials that count the service is not stormed with logins.
func TestRefusedLoginsSlowDown(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	var logins atomic.Int64
	said := &diary{}
	follow(t, f, func(o *Options) {
		o.Changes.OnLost = func(reason error) { said.note(reason.Error()) }
		o.Changes.Token = func(context.Context) (string, error) {
			logins.Add(1)
			return "", errors.New("wrong password")
		}
	})
	eventually(t, "word of it", func() bool { return len(said.all()) == 1 })
	if n := logins.Load(); n < 3 || n > 6 {
		t.Errorf("%d logins in 5 seconds", n)
	}
	if !strings.Contains(said.all()[0], "wrong password") {
		t.Errorf("told %q", said.all())
	}
}
