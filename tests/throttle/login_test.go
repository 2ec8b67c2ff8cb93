package throttle

import (
	"bytes"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/limit"
	"github.com/svc-users/svc-users/internal/throttle"
)

// A hundred guesses at the same moment, from a hundred addresses, at two replicas: no more than the limit are compared,
// whether or not the account exists. A device that is known is not concerned, and a replica that starts later knows it all.
func TestHundredGuessesAtOnce(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine, throttle.Rates{})
		replicas := []*apitest.Service{w.Service, w.Replica(t, w.edge)}
		device := w.device(t)
		limit := int64(throttle.DefaultRates().Account.Burst)
		for _, email := range []string{w.account.Email, "unknown@example.com"} {
			w.hashes.Store(0)
			var compared, refused atomic.Int64
			var running sync.WaitGroup
			for n := range 100 {
				running.Go(func() {
					a := login{email: email, password: wrong, address: address(n)}.send(t, replicas[n%2])
					switch a.Status {
					case 401:
						compared.Add(1)
					case 429:
						refused.Add(1)
						retryAfter(t, a)
					default:
						t.Errorf("%d %s", a.Status, a.Body)
					}
				})
			}
			running.Wait()
			if compared.Load() != limit || refused.Load() != 100-limit || w.hashes.Load() != limit {
				t.Errorf("%s: %d were compared and %d refused, with %d hashes", email, compared.Load(), refused.Load(), w.hashes.Load())
			}
		}
		third := w.Replica(t, w.edge)
		for _, at := range append(replicas, third) {
			w.right("203.0.113.1", "").send(t, at).Want(t, 429, "") // the right password, from a device that is not known
			w.right("203.0.113.1", device).send(t, at).Want(t, 200, "")
		}
		// One more is there in time.
		w.clock.Pass(w.refuse(t, w.guess("203.0.113.2", "")))
		w.fail(t, 1, w.guess("203.0.113.2", ""))
		w.refuse(t, w.guess("203.0.113.2", ""))
	})
}

// Answers to logins with an e-mail that an account has, and with one of none, are the same.
func TestThrottledAnswersAreAlike(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine, throttle.Rates{})
		at := time.Now()
		w.clock.Pass(-time.Since(at)) // it goes on, as any clock
		var known, unknown []*apitest.Answer
		for range throttle.DefaultRates().Account.Burst + 3 {
			known = append(known, w.guess("203.0.113.1", "").send(t, w.Service))
			unknown = append(unknown, login{email: "unknown@example.com", password: wrong, address: "203.0.113.2"}.send(t, w.Service))
		}
		for i, a := range known {
			b := unknown[i]
			for _, x := range []*apitest.Answer{a, b} {
				x.Body = bytes.ReplaceAll(x.Body, []byte(x.Header.Get("X-Request-Id")), nil)
				if x.Status == 429 {
					retryAfter(t, x)
				}
				for _, name := range []string{"Date", "X-Request-Id", "Retry-After"} {
					x.Header.Del(name)
				}
			}
			if a.Status != b.Status || !bytes.Equal(a.Body, b.Body) || !apitest.SameHeader(a.Header, b.Header) {
				t.Errorf("attempt %d: %d %s %v\nand %d %s %v", i, a.Status, a.Body, a.Header, b.Status, b.Body, b.Header)
			}
		}
		if last := known[len(known)-1].Status; last != 429 {
			t.Errorf("the last is %d", last)
		}
	})
}

// An e-mail is counted in the form in which addresses are compared.
func TestSpellingsAreOneEmail(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine, throttle.Rates{Address: limit.Rate{Burst: 1000, Every: time.Second}, Account: limit.Rate{Burst: 3, Every: time.Hour}, Device: limit.Rate{Burst: 1, Every: time.Hour}})
		for i, email := range []string{"zoë@example.com", "ZOË@EXAMPLE.COM", "zoe\u0308@Example.com"} {
			login{email: email, password: wrong, address: address(i)}.send(t, w.Service).Want(t, 401, "")
		}
		w.refuse(t, login{email: "Zoë@example.com", password: wrong, address: address(9)})
		// What is no address is counted too, and apart.
		for i := range 3 {
			login{email: "no address", password: wrong, address: address(i)}.send(t, w.Service).Want(t, 401, "")
		}
		w.refuse(t, login{email: "no address", password: wrong, address: address(9)})
		w.fail(t, 1, login{email: "no other address", password: wrong, address: address(9)})
	})
}

// Failures are counted by address, those of an IPv6 network together, and only where the proxy is trusted by what it says.
func TestAddresses(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		rates := throttle.DefaultRates()
		rates.Address = limit.Rate{Burst: 4, Every: time.Hour}
		w := newWorld(t, engine, rates)
		n := 0
		from := func(address string) login { // a different e-mail each time
			n++
			return login{email: fmt.Sprintf("person%d@elsewhere.example", n), password: wrong, address: address}
		}
		for _, c := range []struct{ same, other string }{
			{"203.0.113.1", "203.0.113.2"}, {"::ffff:203.0.113.3", "203.0.113.4"}, {"127.0.0.1, 203.0.113.5", "203.0.113.6"},
		} {
			for range 4 {
				w.fail(t, 1, from(c.same))
			}
			w.refuse(t, from(c.same))
			w.fail(t, 1, from(c.other))
		}
		w.refuse(t, from("::ffff:203.0.113.1"))
		for i := range 4 {
			w.fail(t, 1, from(fmt.Sprintf("2001:db8:0:1:%x::7", i)))
		}
		w.refuse(t, from("2001:db8:0:1:ffff::1"))
		w.fail(t, 1, from("2001:db8:0:2::1"))

		// Without a trusted proxy the header says nothing.
		direct := w.Replica(t, nil)
		for range 4 {
			from(address(n)).send(t, direct).Want(t, 401, "")
		}
		from(address(n)).send(t, direct).Want(t, 429, "")
	})
}

// Logins with the right password are never counted, however many there are and from however many clients at once.
func TestRightLoginsAreFree(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		least := limit.Rate{Burst: 1, Every: 24 * time.Hour}
		w := newWorld(t, engine, throttle.Rates{Address: least, Account: least, Device: least})
		var running sync.WaitGroup
		for n := range 64 {
			running.Go(func() {
				l := w.right("203.0.113.1", "")
				if n%2 == 0 {
					l.more = map[string]any{"session": true}
				}
				// A machine that is too busy for 64 logins in the time of a request answers 503, which is no throttle.
				if a := l.send(t, w.Service); a.Status != 200 && a.Status != 503 {
					t.Errorf("%d %s", a.Status, a.Body)
				}
			})
		}
		running.Wait()
		w.fail(t, 1, w.guess("203.0.113.1", ""))
		w.refuse(t, w.right("203.0.113.1", ""))
	})
}

// A request that is wrong by itself is no attempt, and a login that only asks for an unknown audience is a right one.
func TestWhatIsNoAttempt(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		rates := throttle.DefaultRates()
		rates.Account = limit.Rate{Burst: 2, Every: time.Hour}
		w := newWorld(t, engine, rates)
		for range 5 {
			w.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: map[string]any{"email": w.account.Email}}).Want(t, 422, "")
			l := w.right("203.0.113.1", "")
			l.more = map[string]any{"audience": "unheard-of"}
			l.send(t, w.Service).WantFaults(t, "audience")
			l.more = map[string]any{"device_token": 7}
			l.send(t, w.Service).WantFaults(t, "device_token")
			l.more = map[string]any{"session": true, "transport": "cookie"}
			w.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: map[string]any{
				"email": w.account.Email, "password": wrong, "session": true, "transport": "cookie",
			}, Header: http.Header{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}}).Want(t, 403, "")
		}
		// A disabled account is one that the password does not open, and counts.
		w.Patch(t, "/api/v1/accounts/"+w.account.ID, map[string]any{"is_active": false}).Want(t, 200, "")
		w.right("203.0.113.1", "").send(t, w.Service).Want(t, 401, "")
		w.right("203.0.113.1", "").send(t, w.Service).Want(t, 401, "")
		w.refuse(t, w.right("203.0.113.1", ""))
	})
}
