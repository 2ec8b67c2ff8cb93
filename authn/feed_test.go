package authn

import (
	"cmp"
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// feed tells of changes as the service does, and wrongly where a test wants it to.
type feed struct {
	*httptest.Server
	mu       sync.Mutex
	changed  []member      // permissions, roles, accounts and sessions, in the order in which they changed
	epoch    int           // a cursor of another is none of this one's
	wake     chan struct{} // closed with the next change
	piece    int           // how many of them one statement tells of
	edit     func(payload member)
	instead  http.HandlerFunc // answers in its place, where it is not nil
	key      crypto.Signer
	kid      string
	typ      string
	keys     []string // that it lists; nil: it is of a service from before there were lists
	token    string   // that it takes; empty takes any
	requests []request
}

// request is a request that the feed has received.
type request struct {
	after, wait, token string
}

func newFeed(t testing.TB) *feed {
	t.Helper()
	f := &feed{
		wake: make(chan struct{}), piece: 1000, key: ourKey(), kid: "key-1", typ: statementType,
	}
	f.knows(roleOf(manager, "Manager", "orders:write", "orders:read"), roleOf(user, "User", "orders:read"))
	f.Server = httptest.NewServer(f)
	t.Cleanup(func() {
		f.CloseClientConnections()
		f.Close()
	})
	return f
}

// roleOf is a role with permissions of these names, which knows tells of too.
func roleOf(id, name string, permissions ...string) member {
	ids := []string{}
	for _, p := range permissions {
		ids = append(ids, permissionID(p))
	}
	return member{"id": id, "name": name, "parent": nil, "all": false, "continued": false, "permissions": ids, "_names": permissions}
}

// permissionID makes an id of a name.
func permissionID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("0199e7a0-%04x-7000-8000-%012x", sum[:2], sum[2:8])
}

func permissionOf(name string) member { return member{"id": permissionID(name), "name": name} }

// endedOf is a session that has ended.
func endedOf(sid string, until time.Time) member { return member{"sid": sid, "until": until.Unix()} }

func accountOf(id string, ver, role any) member { return member{"id": id, "ver": ver, "role": role} }

// set changes the feed, which tells of it at once.
func (f *feed) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	close(f.wake)
	f.wake = make(chan struct{})
}

// tells of accounts that have changed.
func (f *feed) tells(accounts ...member) {
	f.set(func() { f.changed = append(f.changed, accounts...) })
}

// lists tells of keys, in a statement that tells of nothing new.
func (f *feed) lists(keys ...string) {
	f.set(func() {
		f.keys = keys
		f.changed = append(f.changed, permissionOf("orders:read"))
	})
}

// knows tells of roles, and before of the permissions that they have.
func (f *feed) knows(roles ...member) {
	f.set(func() {
		for _, r := range roles {
			for _, name := range r["_names"].([]string) {
				f.changed = append(f.changed, permissionOf(name))
			}
			delete(r, "_names")
			f.changed = append(f.changed, r)
		}
	})
}

// kindOf is the list of a statement that something told of belongs to.
func kindOf(m member) string {
	for name, kind := range map[string]string{"permissions": "roles", "ver": "accounts", "until": "sessions"} {
		if _, is := m[name]; is {
			return kind
		}
	}
	return "permissions"
}

func (f *feed) asked() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.requests)
}

func (f *feed) cursor(at int) string { return strconv.Itoa(f.epoch) + "." + strconv.Itoa(at) }

func (f *feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	after := query.Get("after")
	f.mu.Lock()
	f.requests = append(f.requests, request{after, query.Get("wait_ms"), r.Header.Get("Authorization")})
	instead, token := f.instead, f.token
	f.mu.Unlock()
	switch {
	case instead != nil:
		instead(w, r)
		return
	case token != "" && r.Header.Get("Authorization") != "Bearer "+token:
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	wait, _ := strconv.Atoi(query.Get("wait_ms"))
	over := time.After(time.Duration(wait) * time.Millisecond)
	for {
		f.mu.Lock()
		wake, body := f.wake, f.statement(after)
		f.mu.Unlock()
		if body != nil {
			writeJSON(w, body)
			return
		}
		select {
		case <-wake:
		case <-over:
			w.WriteHeader(http.StatusNotModified)
			return
		case <-r.Context().Done():
			return
		}
	}
}

// statement is the answer to who asks after a cursor, nil if nothing is newer.
func (f *feed) statement(after string) member {
	from, reset := 0, true
	for at := range len(f.changed) + 1 {
		if after == f.cursor(at) {
			from, reset = at, false
		}
	}
	to := min(from+f.piece, len(f.changed))
	if !reset && from == to {
		return nil
	}
	told := f.changed[from:to]
	payload := member{
		"iss": testIssuer, "aud": testAudience, "iat": time.Now().Unix(), "after": after, "reset": reset,
		"cursor": f.cursor(to), "more": to < len(f.changed),
	}
	for _, kind := range []string{"permissions", "roles", "accounts", "sessions"} {
		list := map[string]member{} // each is there once, as it is now
		for _, m := range told {
			if kindOf(m) == kind {
				id, _ := cmp.Or(m["id"], m["sid"]).(string)
				list[id] = m
			}
		}
		payload[kind] = slices.AppendSeq([]member{}, maps.Values(list))
	}
	if f.keys != nil {
		payload["keys"] = f.keys
	}
	if f.edit != nil {
		f.edit(payload)
	}
	return member{"status": "success", "data": member{"statement": sign(f.key, f.kid, f.typ, payload), "cursor": f.cursor(to)}}
}

// follow runs a verifier that follows the feed until the test ends.
func follow(t testing.TB, f *feed, change func(*Options)) *Verifier {
	t.Helper()
	v := newVerifier(t, func(o *Options) {
		o.Changes = Changes{URL: f.URL, Token: func(context.Context) (string, error) { return "the-follower's", nil }}
		if change != nil {
			change(o)
		}
	})
	run(t, v)
	return v
}

func run(t testing.TB, v *Verifier) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != context.Canceled { //nolint:errorlint // it is that very error
			t.Errorf("Run ended with %v", err)
		}
	})
}

func awaitChanges(t testing.TB, v *Verifier) {
	t.Helper()
	eventually(t, "the change feed is up to date", func() bool { return !v.Lost() })
}
