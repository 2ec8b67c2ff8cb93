package app

import (
	"context"
	"sync"
	"time"

	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/limit"
	"github.com/svc-users/svc-users/internal/throttle"
)

// throttles are the budgets of attempts; the default ones where none are configured.
func (c Config) throttles() throttle.Rates {
	if c.Throttles == (throttle.Rates{}) {
		return throttle.DefaultRates()
	}
	return c.Throttles
}

// throttleRates are the budgets of the settings.
func throttleRates(t config.Throttles) throttle.Rates {
	return throttle.Rates{Address: limit.Rate(t.Address), Account: limit.Rate(t.Account), Device: limit.Rate(t.Device)}
}

// devicePurpose is what the keys of device tokens are derived for; see package seal.
const devicePurpose = "device-tokens"

// deviceKeys returns what device tokens are signed under: keys that follow from ENCRYPTION_KEY and the former ones or,
// without these, a secret of the database. It may be called before the database has its schema.
func (a *App) deviceKeys() func(context.Context) ([][]byte, error) {
	if k := a.config.Keyring; k != nil && k.Seals != nil {
		derive := sync.OnceValues(func() ([][]byte, error) { return k.Seals.AuthenticationKeys(devicePurpose) })
		return func(context.Context) ([][]byte, error) { return derive() }
	}
	var mu sync.Mutex
	var keys [][]byte
	return func(ctx context.Context) ([][]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		if keys == nil {
			key, err := a.Store.DeviceKey(ctx)
			if err != nil {
				return nil, err
			}
			keys = [][]byte{key}
		}
		return keys, nil
	}
}

// warnBlocked warns of attempts that are refused, once an hour for each budget.
func (a *App) warnBlocked() func(throttle.Block) {
	log := a.config.Log
	if log == nil { // a command, which refuses no attempts
		return nil
	}
	blocked := newSeldom[throttle.Kind](time.Now)
	subjects := newSeldom[[2]string](time.Now)
	return func(b throttle.Block) {
		subject := [2]string{string(b.Kind), b.Subject}
		if b.Subject == "" && blocked.allows(b.Kind) || b.Subject != "" && subjects.allows(subject) {
			log.Warn("attempts are refused because there were too many; svc-users throttle list shows them",
				"kind", string(b.Kind), "subject", b.Subject, "retry_after", b.Wait.Round(time.Second).String())
		}
	}
}

func (a *App) sweepThrottles(ctx context.Context) error { return a.Throttle.Sweep(ctx) }
