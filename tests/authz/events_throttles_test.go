package authz

import (
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/throttle"
)

// countedAttempt counts an attempt of a budget, and returns its id.
func (w *eventWorld) countedAttempt(kind throttle.Kind, subject string) string {
	draw := throttle.Draw{ID: users.NewID(), Kind: kind, Subject: subject, Rate: throttle.DefaultRates().Account}
	_, err := w.Store.TakeAttempts(w.t.Context(), time.Now(), []throttle.Draw{draw})
	must(w.t, err)
	return draw.ID.String()
}

func clearThrottleSteps(w *eventWorld) []eventStep {
	path := "/throttles/" + w.countedAttempt(throttle.KindAccount, w.AdminID)
	return []eventStep{
		on(get, "/throttles", nil, 200, ""),
		on(del, path, nil, 200, "throttle.cleared"),
		on(del, path, nil, 404, ""),
	}
}

func clearThrottlesSteps(w *eventWorld) []eventStep {
	for _, address := range []string{"203.0.113.7", "2001:db8::/64", "192.0.2.1"} {
		w.countedAttempt(throttle.KindAddress, address)
	}
	w.countedAttempt(throttle.KindDevice, w.AdminID)
	return []eventStep{
		on(del, "/throttles?kind=none", nil, 422, ""),
		on(del, "/throttles?kind=password", nil, 200, ""),
		on(del, "/throttles?subject=2001:db8::1", nil, 200, "throttle.cleared"),
		on(del, "/throttles?kind=address&subject=203.0.113.7", nil, 200, "throttle.cleared"),
		on(del, "/throttles?kind=device", nil, 200, "throttle.cleared"),
		on(del, "/throttles", nil, 200, "throttle.cleared"),
		on(del, "/throttles", nil, 200, ""),
	}
}
