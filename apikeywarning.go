package users

import (
	"context"
	"time"
)

// The days before the end of an API key at which an event tells of it.
const (
	earlyWarning = 14
	lateWarning  = 3
)

// warningBatch is how many keys one transaction warns of.
const warningBatch = 100

// WarnOfExpiringAPIKeys records APIKeyExpiring for API keys that end within 14 days, and within 3 days: each once, however many
// processes do this. Nothing is recorded of a key that was made so near to its end, or that has a successor.
func (s *Service) WarnOfExpiringAPIKeys(ctx context.Context) error {
	for _, days := range []int{lateWarning, earlyWarning} { // of a key that is due for both, the late one alone
		for {
			due, err := s.Store.DueAPIKeys(ctx, s.now(), days, 1)
			if err != nil {
				return err
			}
			if len(due) == 0 {
				break
			}
			if err := s.warnOfAPIKeys(ctx, days); err != nil {
				return err
			}
		}
	}
	return nil
}

// warnOfAPIKeys records the events of some keys that are due.
func (s *Service) warnOfAPIKeys(ctx context.Context, days int) error {
	var due []APIKey
	var now time.Time
	err := s.ChangeByItself(ctx, func(tx *Change) (err error) {
		now = tx.Now
		if due, err = tx.DueAPIKeys(ctx, now, days, warningBatch); err != nil {
			return err
		}
		for _, key := range due {
			owner, err := tx.Account(ctx, key.Account)
			if err != nil {
				return err
			}
			if err := tx.NoteAPIKeyWarning(ctx, key.ID, days); err != nil {
				return err
			}
			tx.Record(apiKeyExpiring(owner, key, key.daysLeft(now)))
		}
		return nil
	})
	if err == nil && s.APIKeyExpiring != nil {
		for _, key := range due {
			s.APIKeyExpiring(key, key.daysLeft(now))
		}
	}
	return err
}

// daysLeft is how many days it takes until the key ends, of which the last may have begun.
func (k APIKey) daysLeft(now time.Time) int {
	const day = 24 * time.Hour
	return int((k.ExpiresAt.Sub(now) + day - 1) / day)
}

// warnedWhenMade is Warned of a key that is made now.
func (k APIKey) warnedWhenMade() int {
	switch left := k.daysLeft(k.CreatedAt); {
	case k.ExpiresAt.IsZero() || left > earlyWarning:
		return 0
	case left > lateWarning:
		return earlyWarning
	}
	return lateWarning
}
