package api_test

import (
	"context"
	"sync"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

// expiring is a Recorder that keeps what events tell of expiring API keys: the days that are left, by the id of the key.
type expiring struct {
	mu   sync.Mutex
	told map[string][]int64
}

func (e *expiring) Record(_ context.Context, _ any, events []users.Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range events {
		if event.Kind != users.APIKeyExpiring {
			continue
		}
		for _, f := range event.Fields {
			if days, ok := f.After.Get().(int64); ok && f.Field == users.FieldDaysLeft {
				e.told[event.Target.ID.String()] = append(e.told[event.Target.ID.String()], days)
			}
		}
	}
	return nil
}

// TestAPIKeysAboutToExpire: of each key an event tells 14 days and 3 days before its end, once each, however many replicas look.
func TestAPIKeysAboutToExpire(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		clock, recorder := &apitest.Clock{}, &expiring{told: map[string][]int64{}}
		svc := apitest.Start(t, apitest.Options{Engine: engine, Now: clock.Now, Recorders: []users.Recorder{recorder}})
		other := svc.Replica(t, nil)
		svc.NewPermission(t, "docs:read")
		login := func(a apitest.Account) string { return svc.Login(t, a.Email, a.Password) }
		ada := svc.NewAccount(t, svc.NewRole(t, "", "docs:read"))
		newKey := func(name string, life any) string {
			body := map[string]any{"name": name, "permissions": []string{"docs:read"}}
			if life, ok := life.(time.Duration); ok {
				body["expires_at"] = clock.Now().Add(life).UTC().Format(time.RFC3339)
			}
			return svc.Send(t, apitest.Request{Method: "POST", Path: apitest.APIKeysPath, Token: login(ada), Body: body}).Want(t, 201, "").Text(t, "id")
		}
		const day = 24 * time.Hour
		long, month, week, short := newKey("long", nil), newKey("month", 30*day), newKey("week", 7*day), newKey("short", 2*day)
		rotated := newKey("rotated", 20*day)
		svc.RotateAPIKey(t, login(ada), apitest.APIKey{ID: rotated}, "10d")
		step := func(pass time.Duration, want map[string][]int64) {
			t.Helper()
			clock.Pass(pass)
			var wait sync.WaitGroup
			for _, s := range []*apitest.Service{svc, other, svc} {
				wait.Go(func() {
					if err := s.Users.WarnOfExpiringAPIKeys(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
			for name, id := range map[string]string{"long": long, "month": month, "week": week, "short": short, "rotated": rotated} {
				got := recorder.told[id]
				if len(got) != len(want[name]) || len(got) > 0 && got[len(got)-1] != want[name][len(got)-1] {
					t.Errorf("%s: told with %v days left, want %v", name, got, want[name])
				}
			}
		}
		step(0, nil)
		step(4*day+time.Hour, map[string][]int64{"week": {3}})
		step(11*day, map[string][]int64{"week": {3}})
		step(2*day, map[string][]int64{"week": {3}, "month": {13}})
		step(time.Hour, map[string][]int64{"week": {3}, "month": {13}})
		step(11*day, map[string][]int64{"week": {3}, "month": {13, 2}})
		step(60*day+10*time.Hour, map[string][]int64{"week": {3}, "month": {13, 2}, "long": {2}}) // looked at too late for the first
		step(10*day, map[string][]int64{"week": {3}, "month": {13, 2}, "long": {2}})
	})
}
