package system

import (
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const changesPath = "/api/v1/auth/changes"

// On SIGTERM a server answers the waiting requests of the change feed first: all of them get an answer at once, and do
// not delay the stop.
func TestSIGTERMEndsTheWaitForChanges(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		s := serve(t, database, "--demo")
		token := s.login("admin@example.com", "admin123")
		// Answers come by themselves when the tenth second turns; what is tested is that they come before.
		const turn = 10 * time.Second
		time.Sleep(time.Until(time.Now().Truncate(turn).Add(turn)))
		cursor := s.want(http.StatusOK, http.MethodGet, changesPath, token, nil).text("cursor")
		cursor = s.want(http.StatusOK, http.MethodGet, changesPath+"?after="+cursor, token, nil).text("cursor")
		const waiters = 50
		answers := make(chan answer, waiters)
		var asking sync.WaitGroup
		for range waiters {
			asking.Add(1)
			go func() {
				asking.Done()
				answers <- s.send(http.MethodGet, changesPath+"?wait_ms=25000&after="+cursor, token, nil)
			}()
		}
		asking.Wait()
		time.Sleep(time.Second)
		if len(answers) > 0 {
			t.Fatalf("%d were answered before the signal", len(answers))
		}
		s.signal(syscall.SIGTERM)
		if status := s.wait(stopWithin); status != 0 {
			t.Errorf("the server ended with status %d", status)
		}
		turned := 0
		for range waiters {
			a := <-answers
			if !a.is(http.StatusNotModified, http.StatusOK) {
				t.Errorf("who waited is answered %d %s %v", a.status, a.Message, a.err)
			}
			if a.is(http.StatusOK) {
				turned++
			}
		}
		if turned == waiters {
			t.Error("no waiting request was answered before the tenth second turned")
		}
	})
}

// soon is far longer than it takes to tell a follower of a change, and less than until the tenth second turns, by the
// machine's clock.
const soon = 5 * time.Second

// Followers of one process are told soon of changes through another, with nothing between the two but the database.
func TestFollowersOfAnotherProcess(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		one := serve(t, database, "--demo")
		other := serve(t, database)
		token := one.login("admin@example.com", "admin123")
		cursor := other.want(http.StatusOK, http.MethodGet, changesPath, token, nil).text("cursor")
		told := make(chan answer, 1)
		go func() {
			for {
				a := other.send(http.MethodGet, changesPath+"?wait_ms=25000&after="+cursor, token, nil)
				if a.err != nil || strings.Contains(statementOf(a), `"feed:test"`) {
					told <- a
					return
				}
				if next := a.text("cursor"); next != "" {
					cursor = next
				}
			}
		}()
		time.Sleep(200 * time.Millisecond)
		began := machineTime()
		one.want(http.StatusCreated, http.MethodPost, "/api/v1/permissions", token, map[string]any{"name": "feed:test"})
		select {
		case a := <-told:
			if a.err != nil {
				t.Fatal(a.err)
			}
			took := machineSince(began)
			t.Logf("told after %v", took)
			if took > soon {
				t.Errorf("a follower of another process was told after %v", took)
			}
		case <-time.After(patience):
			t.Error("a follower of another process was not told of a change")
		}
	})
}

// statementOf is what a statement of changes says, "" where there is none. That it is signed is tested elsewhere.
func statementOf(a answer) string {
	parts := strings.Split(a.text("statement"), ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	return string(payload)
}
