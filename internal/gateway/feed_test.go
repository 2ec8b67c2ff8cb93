package gateway_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/feed"
)

// slot is how long a cursor is good for the same answer at most: then who waits is answered, whatever has changed.
const slot = 10 * time.Second

func TestChangesWaits(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64 // of the clock on the wall
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		ports := o.Service.Ports
		ports.Now = now
		apitest.ReplaceService(o, users.New(ports))
	}})
	role := svc.NewRole(t, "", "changes:read")
	person := svc.NewAccount(t, role)
	f := newFollower(svc)
	_, first := f.next(t, 0)
	if !first.Reset || len(first.Roles) != 2 || len(first.Permissions) < 10 || len(first.Accounts) != 0 || !first.More {
		t.Fatalf("the beginning is %+v", first)
	}
	_, second := f.next(t, 0)
	if second.Reset || len(second.Roles)+len(second.Permissions)+len(second.Accounts) > 0 || second.More {
		t.Fatalf("after the beginning comes %+v", second)
	}
	first.Cursor = f.cursor
	if age := time.Now().Unix() - first.IssuedAt; age < 0 || age > 60 {
		t.Errorf("issued %d seconds ago", age)
	}

	// The slot may turn at any moment, and then the answer is another one though nothing has changed.
	quiet := func(header http.Header, query string) {
		t.Helper()
		for range 3 {
			answer := svc.Send(t, apitest.Request{Method: "GET", Path: changesPath + query, Token: svc.AdminToken, Header: header})
			if answer.Status == http.StatusNotModified {
				if answer.Header.Get("ETag") != `"`+f.cursor+`"` || answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Content-Type") != "" {
					t.Errorf("304 is %v", answer.Header)
				}
				return
			}
			f.catchUp(t)
			query, header = strings.ReplaceAll(query, first.Cursor, f.cursor), header.Clone()
			for i, v := range header["If-None-Match"] {
				header["If-None-Match"][i] = strings.ReplaceAll(v, first.Cursor, f.cursor)
			}
			first.Cursor = f.cursor
		}
		t.Errorf("%s %v: never 304", query, header)
	}
	quiet(nil, "?after="+f.cursor)
	quiet(nil, "?wait_ms=120&after="+f.cursor)
	quiet(http.Header{"If-None-Match": {`"` + f.cursor + `"`}}, "")
	quiet(http.Header{"If-None-Match": {`W/"` + f.cursor + `"`}}, "?wait_ms=1")
	quiet(http.Header{"If-None-Match": {`"other"`}}, "?after="+f.cursor) // after goes before it
	for _, r := range []apitest.Request{
		{Path: changesPath + "?after=", Header: http.Header{"If-None-Match": {`"` + f.cursor + `"`}}},
		{Path: changesPath, Header: http.Header{"If-None-Match": {`*`}}},
		{Path: changesPath, Header: http.Header{"If-None-Match": {`"` + f.cursor + `", "other"`}}},
		{Path: changesPath, Header: http.Header{"If-None-Match": {f.cursor}}},
	} {
		r.Method, r.Token = "GET", svc.AdminToken
		s, err := openStatement(svc, svc.Send(t, r).Want(t, 200, "").Text(t, "statement"))
		if err != nil || !s.Reset || s.After != "" {
			t.Errorf("%s %v: %+v %v", r.Path, r.Header, s, err)
		}
	}

	// A change ends the wait, which would else end with the slot.
	for _, c := range []struct {
		what   string
		change func()
	}{
		{"a changed account", func() {
			svc.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"is_active": false}).Want(t, 200, "")
		}},
		{"a changed role", func() { svc.NewPermission(t, "x:y") }},
		{"a change by hand", func() { svc.Exec(t, `UPDATE roles SET name = name || 'x' WHERE name LIKE 'Role%'`) }},
		{"a new role", func() { svc.NewRole(t, "") }},
		{"an account deleted", func() { svc.Exec(t, `DELETE FROM accounts WHERE id = '`+person.ID+`'`) }},
	} {
		// The slot has just begun.
		ahead.Add(int64(now().Truncate(slot).Add(slot).Sub(now())))
		began := now().Truncate(slot)
		f.catchUp(t)
		told := make(chan statement)
		go func() {
			for {
				if _, s := f.next(t, 25_000); len(s.Accounts)+len(s.Roles)+len(s.Permissions) > 0 {
					told <- s
					return
				}
			}
		}()
		time.Sleep(50 * time.Millisecond)
		c.change()
		select {
		case s := <-told:
			if s.Reset || s.IssuedAt >= began.Add(slot).Unix() {
				t.Errorf("%s: told when the slot ended, or from the beginning: %+v", c.what, s)
			}
		case <-time.After(apitest.Patience):
			t.Fatalf("%s: not told", c.what)
		}
	}
}

// The parameters, after the permission and all named.
func TestChangesParameters(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for _, wait := range []string{"", "-1", "+1", "1.5", "25001", "1e3", "99999999999999999999", "%20", "no"} {
		svc.Get(t, changesPath+"?wait_ms="+wait).WantFaults(t, "wait_ms")
	}
	svc.Get(t, changesPath+"?wait_ms=no&after=%zz").WantFaults(t, "wait_ms", "after")
	svc.Get(t, changesPath+"?after="+strings.Repeat("x", 257)).WantFaults(t, "after")
	svc.Get(t, changesPath+"?after=a&after=b").WantFaults(t, "after")
	svc.Get(t, changesPath+"?If-None-Match=%00").Want(t, 200, "") // no parameter of the query
	weak := svc.NewAccount(t, svc.NewRole(t, "", "accounts:read"))
	svc.Send(t, apitest.Request{Method: "GET", Path: changesPath + "?wait_ms=no", Token: weak.Token}).
		Want(t, 403, "Missing required permission: changes:read")
}

// Who may not follow any more is told so, not what has changed.
func TestChangesAfterTheRightIsGone(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for want, change := range map[int]func(a apitest.Account, role string){
		http.StatusUnauthorized: func(a apitest.Account, _ string) {
			svc.Patch(t, "/api/v1/accounts/"+a.ID, map[string]any{"is_active": false}).Want(t, 200, "")
		},
		http.StatusForbidden: func(_ apitest.Account, role string) {
			svc.Delete(t, "/api/v1/roles/"+role+"/permissions/"+svc.PermissionIDs(t, "changes:read")[0]).Want(t, 200, "")
		},
	} {
		role := svc.NewRole(t, "", "changes:read")
		person := svc.NewAccount(t, role)
		status := make(chan int)
		go func() {
			for cursor := ""; ; {
				answer := svc.Send(t, apitest.Request{Method: "GET", Path: changesPath + "?wait_ms=25000&after=" + cursor, Token: person.Token})
				if answer.Status != http.StatusOK {
					status <- answer.Status
					return
				}
				cursor = answer.Text(t, "cursor")
			}
		}()
		time.Sleep(100 * time.Millisecond)
		change(person, role)
		select {
		case got := <-status:
			if got != want {
				t.Errorf("answered %d, want %d", got, want)
			}
		case <-time.After(apitest.Patience):
			t.Errorf("not answered, want %d", want)
		}
	}
}

// counting counts what is signed.
type counting struct {
	feed.Signer
	signed *atomic.Int64
}

func (c counting) SignChanges(s feed.Statement) (string, error) {
	c.signed.Add(1)
	time.Sleep(20 * time.Millisecond) // so that others come meanwhile
	return c.Signer.SignChanges(s)
}

// With the clock in its hands a test sees the slots turn, and that followers who ask the same share a signature.
func TestChangesSlots(t *testing.T) {
	t.Parallel()
	var signed, seconds atomic.Int64
	base := time.Now().Truncate(10 * time.Second)
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		ports := o.Service.Ports
		o.Feed.Signer = counting{o.Feed.Signer, &signed}
		ports.Now = func() time.Time { return base.Add(time.Duration(seconds.Load()) * time.Second) }
		apitest.ReplaceService(o, users.New(ports))
	}})
	f := newFollower(svc)
	f.catchUp(t)
	for _, step := range []struct {
		at     int64
		status int
	}{
		{0, 304}, {9, 304}, {10, 200}, {10, 304}, {19, 304},
		{9, 304},  // a replica whose clock is behind does not turn it back
		{-5, 200}, // so far behind, a clock was wrong
		{-5, 304}, {20, 200},
	} {
		seconds.Store(step.at)
		status, s := f.next(t, 0)
		if status != step.status || status == 200 && (s.IssuedAt != base.Unix()+step.at || s.Reset || len(s.Roles)+len(s.Permissions)+len(s.Accounts) > 0) {
			t.Errorf("at %d: %d %+v, want %d", step.at, status, s, step.status)
		}
	}

	svc.NewPermission(t, "x:y")
	before := signed.Load()
	var answers sync.Map
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			answers.Store(svc.Get(t, changesPath+"?after="+f.cursor).Want(t, 200, "").Text(t, "statement"), true)
		})
	}
	all.Wait()
	different := 0
	answers.Range(func(any, any) bool { different++; return true })
	if n := signed.Load() - before; n != 1 || different != 1 {
		t.Errorf("100 followers cost %d signatures and got %d statements", n, different)
	}
}

// The replicas of a service that start together, with one account, all get in at once, and cost little.
func TestChangesManyBeginTogether(t *testing.T) {
	t.Parallel()
	var signed atomic.Int64
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		o.Feed.Signer = counting{o.Feed.Signer, &signed}
	}})
	const replicas = 30
	began := time.Now()
	var all sync.WaitGroup
	for range replicas {
		all.Go(func() {
			f := newFollower(svc)
			if f.catchUp(t); len(f.roles) != 1 || f.resets != 1 {
				t.Errorf("a follower has begun %d times and knows %d roles", f.resets, len(f.roles))
			}
		})
	}
	all.Wait()
	seconds := int64(time.Since(began)/time.Second) + 1
	if n := signed.Load(); n > 4*seconds {
		t.Errorf("%d followers that began together cost %d signatures in %d seconds", replicas, n, seconds)
	}
}

// A server that is told to stop answers those who wait at once; and only so many may wait.
func TestChangesManyWait(t *testing.T) {
	t.Parallel()
	const most = 1000
	for range 3 { // a busy machine may take until the slot ends for one of them, but hardly for each
		late := stopMany(t, most)
		if late <= most/2 {
			return
		}
		t.Logf("%d of %d who waited were answered when the slot ended", late, most)
	}
	t.Error("who waits when the server is told to stop is answered when the slot ends")
}

// stopMany stops a server for which most requests wait, as many as may, and returns how many were still answered by the
// end of their slot.
func stopMany(t *testing.T, most int64) int64 {
	t.Helper()
	stop := make(chan struct{})
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) { o.Stopping = stop }})
	ask := func(ctx context.Context, cursor string, wait int) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(ctx, "GET", fmt.Sprintf("%s?wait_ms=%d&after=%s", changesPath, wait, cursor), nil)
		r.Header.Set("Authorization", "Bearer "+svc.AdminToken)
		svc.Handler.ServeHTTP(w, r)
		return w
	}
	var waiting sync.WaitGroup
	var stopped atomic.Bool
	var late atomic.Int64
	for range most {
		waiting.Go(func() { // again and again, since the slot turns
			for cursor := ""; ; {
				w := ask(t.Context(), cursor, 25_000)
				if w.Code == http.StatusNotModified && stopped.Load() {
					return
				}
				if w.Code != http.StatusOK && w.Code != http.StatusNotModified {
					t.Errorf("%d %s", w.Code, w.Body)
					return
				}
				if w.Code == http.StatusOK {
					if stopped.Load() {
						late.Add(1)
					}
					cursor = strings.Trim(w.Header().Get("ETag"), `"`)
				}
			}
		})
	}
	// Once they are all waiting, one more is not kept. One that is kept waits for longer than a slot, and so for 200.
	deadline, refused := time.Now().Add(apitest.Patience), false
	for !refused && time.Now().Before(deadline) {
		cursor := strings.Trim(ask(t.Context(), "", 0).Header().Get("ETag"), `"`)
		cursor = strings.Trim(ask(t.Context(), cursor, 0).Header().Get("ETag"), `"`)
		refused = ask(t.Context(), cursor, 25_000).Code == http.StatusNotModified
	}
	if !refused {
		t.Errorf("more than %d requests may wait", most)
	}
	if into := time.Since(time.Now().Truncate(slot)); into > slot/2 {
		time.Sleep(slot - into) // so that who is answered 200 was not told to stop
	}
	stopped.Store(true)
	close(stop)
	waiting.Wait()
	return late.Load()
}
