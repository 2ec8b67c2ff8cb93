package system

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// A failed login does not reveal its reason: all refusals have the same bytes and headers, and take the same time. The
// test is not parallel, since it measures time.
func TestFailedLoginsAreAlike(t *testing.T) {
	s := serveWith(t, manyGuesses(sqliteURL(t)), "--demo")
	token := s.login("admin@example.com", "admin123")
	role := s.want(http.StatusOK, http.MethodGet, "/api/v1/auth/me", token, nil).text("role_id")
	known, disabled := newEmail(), newEmail()
	password, long := newPassword(), newLongPassword()
	s.want(http.StatusCreated, http.MethodPost, "/api/v1/accounts", token, newAccount(known, password, role))
	s.want(http.StatusCreated, http.MethodPost, "/api/v1/accounts", token,
		map[string]any{"email": disabled, "password": password, "role_id": role, "is_active": false})
	ways := map[string]map[string]any{
		"a wrong password":                credentials(known, newPassword()),
		"a wrong password, too long":      credentials(known, long),
		"a wrong password, with NUL":      credentials(known, newPassword()+"\x00"),
		"a wrong password of 8,000 bytes": credentials(known, strings.Repeat("a\u0301", 8000/3)),
		"an unknown e-mail":               credentials(newEmail(), password),
		"an unknown e-mail, too long":     credentials(newEmail(), long),
		"a disabled account":              credentials(disabled, password),
		"a disabled account, and a wrong": credentials(disabled, newPassword()),
		"a malformed e-mail":              credentials("no address", password),
		"an empty e-mail":                 credentials("", password),
	}
	times := map[string][]time.Duration{}
	var first *answer
	// Whatever else the machine does only adds to a time, so the shortest of several says most of the work itself. How
	// many that takes depends on how busy the machine is; what differs by itself does so however many there are.
	least := rounds(t, 7)
	for round := 1; round <= least || round <= mostRounds && len(unlike(times)) > 0; round++ {
		for name, body := range ways { // in an order that differs each time
			began := time.Now()
			a := s.want(http.StatusUnauthorized, http.MethodPost, "/api/v1/auth/login", "", body)
			times[name] = append(times[name], time.Since(began))
			a.header.Del("Date")
			a.header.Del("X-Request-Id")
			if first == nil {
				first = &a
			}
			if !bytes.Equal(a.body, first.body) || !reflect.DeepEqual(a.header, first.header) {
				t.Errorf("%s is answered %v %s, another %v %s", name, a.header, a.body, first.header, first.body)
			}
		}
	}
	for name, list := range times {
		t.Logf("%-32s %v, median %v of %d", name, slices.Min(list), median(list), len(list))
	}
	for _, name := range unlike(times) {
		t.Errorf("%s takes %v, a wrong password %v", name, slices.Min(times[name]), slices.Min(times["a wrong password"]))
	}
}

// manyGuesses are settings of a server that counts attempts, and has room for all of these.
func manyGuesses(database string) []string {
	return []string{"DATABASE_URL=" + database, "THROTTLE_ADDRESS=100000/1ms", "THROTTLE_ACCOUNT=100000/1ms"}
}

// mostRounds bounds how often failed logins are compared on a machine that is too busy to compare them.
const mostRounds = 70

// unlike returns the ways to fail that take clearly more or less time than a wrong password.
func unlike(times map[string][]time.Duration) []string {
	standard := slices.Min(times["a wrong password"])
	var names []string
	for name, list := range times {
		if shortest := slices.Min(list); shortest < standard*6/10 || shortest > standard*17/10 {
			names = append(names, name)
		}
	}
	return names
}

func median(list []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// enoughPairs is from how many on the AUC of two samples from one distribution stays within the bounds.
const enoughPairs = 500

// A stopwatch tells a known e-mail from an unknown one no better than a coin does: the chance that the one takes
// longer than the other (the area under the ROC curve, by rank sum) is a half.
func TestLoginTimeTellsNothing(t *testing.T) {
	s := serveWith(t, manyGuesses(sqliteURL(t)), "--demo")
	s.timeTellsNothing(http.StatusUnauthorized, number(t, "SYSTEM_TIMING_PAIRS", 20), newEmail)
}

// Nor does it where both have no attempt left.
func TestThrottledTimeTellsNothing(t *testing.T) {
	s := serveWith(t, []string{"DATABASE_URL=" + sqliteURL(t), "THROTTLE_ACCOUNT=1/24h"}, "--demo")
	unknown := newEmail()
	for _, email := range []string{"user@example.com", unknown} {
		s.want(http.StatusUnauthorized, http.MethodPost, "/api/v1/auth/login", "", credentials(email, newPassword()))
	}
	// Without a hash an answer takes a hundredth of the time, and many are soon sent.
	s.timeTellsNothing(http.StatusTooManyRequests, 10*number(t, "SYSTEM_TIMING_PAIRS", 20), func() string { return unknown })
}

// timeTellsNothing compares the times of logins with a known e-mail and with others, all of which get the same status.
func (s *server) timeTellsNothing(status, pairs int, unknown func() string) {
	t := s.t
	t.Helper()
	var took [2][]time.Duration // of the known, of the unknown
	for range pairs {
		for _, i := range rand.Perm(2) {
			email := [2]string{"user@example.com", unknown()}[i]
			began := time.Now()
			s.want(status, http.MethodPost, "/api/v1/auth/login", "", credentials(email, newPassword()))
			took[i] = append(took[i], time.Since(began))
		}
	}
	auc := rankSum(took[0], took[1])
	t.Logf("AUC of %d pairs: %.3f; medians %v and %v", pairs, auc, median(took[0]), median(took[1]))
	if pairs >= enoughPairs && (auc < 0.45 || auc > 0.55) {
		t.Errorf("the AUC is %.3f", auc)
	}
	if auc < 0.1 || auc > 0.9 {
		t.Errorf("the AUC of %d pairs is %.3f already", pairs, auc)
	}
}

// rankSum is the share of pairs (one of a, one of b) in which that of a is longer, ties counted by half.
func rankSum(a, b []time.Duration) float64 {
	sorted := slices.Sorted(slices.Values(b))
	sum := 0.0
	for _, x := range a {
		below, _ := slices.BinarySearch(sorted, x)
		notAbove, _ := slices.BinarySearch(sorted, x+1)
		sum += float64(below+notAbove) / 2
	}
	return sum / float64(len(a)*len(b))
}

func TestRankSum(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b []time.Duration
		want float64
	}{
		{[]time.Duration{3, 4}, []time.Duration{1, 2}, 1},
		{[]time.Duration{1, 2}, []time.Duration{3, 4}, 0},
		{[]time.Duration{1, 1}, []time.Duration{1, 1}, 0.5},
		{[]time.Duration{1, 4}, []time.Duration{2, 3}, 0.5},
		{[]time.Duration{2}, []time.Duration{1, 2, 3, 1}, 0.625},
	} {
		if got := rankSum(test.a, test.b); got != test.want {
			t.Errorf("rankSum(%v, %v) = %v, want %v", test.a, test.b, got, test.want)
		}
	}
}
