package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// serve answers on one end of a pipe until it is closed.
func serve(conn net.Conn, answer func(*http.Request) *http.Response) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		w := answer(r)
		w.ProtoMajor, w.ProtoMinor = 1, 1
		if err := w.Write(conn); err != nil {
			return
		}
	}
}

// piped is a pool of n connections to a server that answers so, and is done before the test is.
func piped(t *testing.T, ctx context.Context, n int, answer func(*http.Request) *http.Response) Pool {
	t.Helper()
	var pool Pool
	var servers sync.WaitGroup
	t.Cleanup(servers.Wait)
	for range n {
		client, server := net.Pipe()
		servers.Go(func() { serve(server, answer) })
		c := &Conn{ctx: ctx}
		c.attach(client)
		pool = append(pool, c)
	}
	return pool
}

func refusal(retryAfter string) *http.Response {
	return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {retryAfter}}}
}

func TestPatientClientsWaitAsTheyAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var asked atomic.Int64
		pool := piped(t, ctx, 3, func(*http.Request) *http.Response {
			asked.Add(1)
			return refusal("2")
		})
		f := startFlood(ctx, cancel, pool, true, Same(Get("/", "")))
		for _, want := range []int64{3, 3, 6, 6, 9} {
			synctest.Wait()
			if got := asked.Load(); got != want {
				t.Errorf("after %v: %d requests, want %d", f.Elapsed(), got, want)
			}
			time.Sleep(time.Second)
		}
		tally, err := f.Stop()
		if err != nil || len(tally.Served) != 0 || tally.Refused != 9 || tally.Other != 0 {
			t.Errorf("%+v, %v", tally, err)
		}
	})
}

func TestImpatientClientsDoNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var asked atomic.Int64
		pool := piped(t, ctx, 1, func(*http.Request) *http.Response {
			time.Sleep(10 * time.Millisecond)
			asked.Add(1)
			return refusal("60")
		})
		f := startFlood(ctx, cancel, pool, false, Same(Get("/", "")))
		time.Sleep(time.Second + time.Millisecond)
		if got := asked.Load(); got != 100 {
			t.Errorf("%d requests in a second, want 100", got)
		}
		if _, err := f.Stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestTally(t *testing.T) {
	t.Parallel()
	var tally Tally
	for i, a := range []Answer{
		{Status: http.StatusOK},
		{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"1"}}},
		{Status: http.StatusServiceUnavailable},
		{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"soon"}}},
		{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"-1"}}},
		{Status: http.StatusInternalServerError},
	} {
		tally.add(a, time.Duration(i), time.Duration(10-i))
	}
	if len(tally.Served) != 1 || tally.Refused != 1 || tally.Other != 4 || tally.Slowest != 10 {
		t.Errorf("%+v", tally)
	}
}

// start starts a server and returns its host:port.
func start(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestRequestsArriveAsMeant(t *testing.T) {
	t.Parallel()
	addr := start(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("ETag", `"1"`)
		_, _ = io.WriteString(w, strings.Join([]string{r.Method, r.URL.String(), r.Header.Get("Authorization"), r.Header.Get("If-None-Match"), r.Header.Get("Content-Type"), string(body)}, "|"))
	})
	conn, err := Dial(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, test := range []struct {
		request Request
		want    string
	}{
		{Get("/a?b=c", "token", `If-None-Match: "1"`), `GET|/a?b=c|Bearer token|"1"||`},
		{Get("/a", ""), "GET|/a||||"},
		{Send(http.MethodPost, "/p", "", `{"a":"ä"}`), `POST|/p|||application/json|{"a":"ä"}`},
		{Send(http.MethodPatch, "/p", "token", `{}`), `PATCH|/p|Bearer token||application/json|{}`},
		{Send(http.MethodDelete, "/p", "token", ""), `DELETE|/p|Bearer token|||`},
	} {
		answer, err := conn.Do(test.request)
		if err != nil || string(answer.Body) != test.want || answer.Expect(http.StatusOK) != nil || answer.Header.Get("ETag") != `"1"` {
			t.Errorf("%q: %d %q, %v", test.request, answer.Status, answer.Body, err)
		}
		if answer.Expect(http.StatusCreated) == nil {
			t.Error("200 passes for 201")
		}
	}
}

// A body that comes in pieces, and is longer than what was read before, is read whole.
func TestChunkedAnswers(t *testing.T) {
	t.Parallel()
	piece := bytes.Repeat([]byte("x"), 3000)
	addr := start(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 4 {
			_, _ = w.Write(piece)
			w.(http.Flusher).Flush()
		}
	})
	conn, err := Dial(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range 2 {
		if answer, err := conn.Do(Get("/", "")); err != nil || len(answer.Body) != 4*len(piece) {
			t.Errorf("%d bytes, %v", len(answer.Body), err)
		}
	}
}

func TestClosedConnectionsAreMadeAnew(t *testing.T) {
	t.Parallel()
	addr := start(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
	conn, err := Dial(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i := range 3 {
		if _, err := conn.Do(Get("/", "")); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
	}
}

func TestPool(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	addr := start(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1); r.URL.Path == "/refused" {
			w.WriteHeader(http.StatusForbidden)
		}
	})
	pool, err := NewPool(t.Context(), addr, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	finished, err := pool.Each(10, Same(Get("/", "")), http.StatusOK)
	if err != nil || len(finished) != 10 || asked.Load() != 10 {
		t.Errorf("%d of %d requests are said to have been answered, %v", len(finished), asked.Load(), err)
	}
	asked.Store(0)
	served, err := pool.Run(time.Second, Same(Get("/", "")), http.StatusOK)
	if err != nil || served == 0 || int64(served) != asked.Load() {
		t.Errorf("%d of %d requests are said to have been answered, %v", served, asked.Load(), err)
	}
	if _, err := pool.Run(time.Minute, Same(Get("/refused", "")), http.StatusOK); err == nil {
		t.Error("a refusal passes for an answer")
	}
}

// Each connection asks in its turns, as long as there are any, and an answer that is not as it should be ends it all.
func TestPaced(t *testing.T) {
	t.Parallel()
	addr := start(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })
	pool, err := NewPool(t.Context(), addr, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	const turns, rate = 10, 1000
	var mu sync.Mutex
	begin, got := time.Now(), map[string]bool{}
	err = pool.Paced(rate, func(turn int) bool { return turn < turns }, func(turn int) Question {
		chosen, path := time.Now(), "/"+strconv.Itoa(turn)
		return Question{Get(path, ""), func(e Exchange) error {
			mu.Lock()
			defer mu.Unlock()
			got[string(e.Body)] = true
			if string(e.Body) != path || e.Asked.After(chosen) || e.Asked.Before(e.Due) || e.Received.Before(chosen) || e.Due.Before(begin.Add(time.Duration(turn)*time.Second/rate)) {
				t.Errorf("turn %d, chosen at %v: %s, due %v, asked %v, received %v", turn, chosen, e.Body, e.Due, e.Asked, e.Received)
			}
			return e.Expect(http.StatusOK)
		}}
	})
	if err != nil || len(got) != turns {
		t.Errorf("answered: %v, %v", got, err)
	}
	wrong := errors.New("wrong")
	if err := pool.Paced(rate, func(turn int) bool { return turn < turns }, func(int) Question {
		return Question{Get("/", ""), func(Exchange) error { return wrong }}
	}); !errors.Is(err, wrong) {
		t.Errorf("a wrong answer passes: %v", err)
	}
}

// An open loop sends while nothing is answered, which a closed one would not.
func TestOpenLoopDoesNotWaitForAnswers(t *testing.T) {
	t.Parallel()
	const n = 20
	var asked atomic.Int64
	all := make(chan struct{})
	addr := start(t, func(_ http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == n {
			close(all)
		}
		select {
		case <-all:
		case <-r.Context().Done():
		}
	})
	tally, err := Open(t.Context(), addr, 1000, n*time.Millisecond, Same(Get("/", "")))
	if err != nil || len(tally.Served) != n {
		t.Errorf("%+v, %v", tally, err)
	}
}

// A late answer makes those behind it late, since their time counts from when they were due.
func TestProbeCountsFromWhenItWasDue(t *testing.T) {
	t.Parallel()
	const held, apart = 60 * time.Millisecond, 10 * time.Millisecond
	var asked atomic.Int64
	addr := start(t, func(http.ResponseWriter, *http.Request) {
		if asked.Add(1) == 1 {
			time.Sleep(held)
		}
	})
	took, err := Probe(t.Context(), addr, 1, float64(time.Second/apart), 5*apart, Same(Get("/", "")), http.StatusOK)
	if err != nil || len(took) != 5 {
		t.Fatalf("%v, %v", took, err)
	}
	for i, got := range took {
		if least := held - time.Duration(i)*apart; got < least {
			t.Errorf("request %d is said to have taken %v, it cannot have been less than %v", i, got, least)
		}
	}
}
