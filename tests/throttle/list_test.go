package throttle

import (
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/throttle"
)

// shown is a throttle as the API has it.
type shown struct {
	ID, Kind, Subject string
	Failures, Limit   int
	BlockedUntil      *time.Time `json:"blocked_until"`
	FullAt            time.Time  `json:"full_at"`
}

// throttles lists them.
func (w *world) throttles(t testing.TB, query string) (list []shown) {
	t.Helper()
	w.Get(t, "/api/v1/throttles"+query).Want(t, 200, "Throttles retrieved successfully").Into(t, &list)
	return list
}

// An operator sees what was counted, and lifts it, with no e-mail in any answer.
func TestThrottlesAreSeenAndLifted(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine, throttle.Rates{})
		rates := throttle.DefaultRates()
		// An account was made, which counts for a moment.
		if list := w.throttles(t, "?subject="+w.AdminID); len(list) > 1 || len(list) == 1 && (list[0].Kind != "new_account" || list[0].Failures != 1) {
			t.Errorf("after right logins: %+v", list)
		}
		w.exhaust(t)
		w.fail(t, 3, login{email: "unknown@example.com", password: wrong, address: "2001:db8::7"})
		blocked := w.throttles(t, "?blocked=true")
		if len(blocked) != 1 || blocked[0].Kind != "account" || blocked[0].Subject != w.account.ID || blocked[0].Failures != rates.Account.Burst ||
			blocked[0].Limit != rates.Account.Burst || blocked[0].BlockedUntil == nil {
			t.Errorf("blocked: %+v", blocked)
		}
		if list := w.throttles(t, "?kind=account"); len(list) != 2 || list[0].ID != blocked[0].ID || list[1].Subject != "" || list[1].Failures != 3 || list[1].BlockedUntil != nil {
			t.Errorf("of accounts: %+v", list)
		}
		for _, query := range []string{"?subject=2001:db8::99", "?subject=2001:db8::/64", "?kind=address&subject=2001:db8::"} {
			if list := w.throttles(t, query); len(list) != 1 || list[0].Kind != "address" || list[0].Subject != "2001:db8::/64" {
				t.Errorf("%s: %+v", query, list)
			}
		}
		w.Get(t, "/api/v1/throttles?kind=none&blocked=yes").WantFaults(t, "kind", "blocked")
		w.Delete(t, "/api/v1/throttles?kind=none").WantFaults(t, "kind")
		w.Delete(t, "/api/v1/throttles/no-id").Want(t, 404, "Throttle not found")

		w.Delete(t, "/api/v1/throttles/"+blocked[0].ID).Want(t, 200, "Throttle cleared successfully")
		w.Delete(t, "/api/v1/throttles/"+blocked[0].ID).Want(t, 404, "Throttle not found")
		w.right("203.0.113.9", "").send(t, w.Service).Want(t, 200, "")

		w.exhaust(t)
		var cleared struct{ Cleared int }
		w.Delete(t, "/api/v1/throttles?subject="+w.account.ID).Want(t, 200, "Throttles cleared successfully").Into(t, &cleared)
		if cleared.Cleared != 1 {
			t.Errorf("%d were cleared", cleared.Cleared)
		}
		w.right("203.0.113.9", "").send(t, w.Service).Want(t, 200, "")
		w.Delete(t, "/api/v1/throttles").Want(t, 200, "").Into(t, &cleared)
		if list := w.throttles(t, ""); len(list) != 0 || cleared.Cleared < rates.Account.Burst {
			t.Errorf("%d were cleared, and there are %+v", cleared.Cleared, list)
		}
	})
}
