package app

import (
	"context"
	"sync"
	"time"

	users "github.com/svc-users/svc-users"
)

const (
	// warnEvery is how long one thing is not warned of again.
	warnEvery = time.Hour
	// maxWarned bounds of how many things of a kind there is a warning in that time, and what is remembered of them.
	maxWarned = 1024
)

// logWarnings has logged what no answer says and the operator should know.
func (a *App) logWarnings() {
	log := a.config.Log
	hashes, roles := newSeldom[users.ID](time.Now), newSeldom[users.ID](time.Now)
	a.UnreadableHash = func(account users.ID) {
		if hashes.allows(account) {
			log.Warn("the stored password hash of an account can't be read, so no password is right: set a new password", "account", account.String())
		}
	}
	a.PermissionsOmitted = func(role users.Role) {
		if roles.allows(role.ID) {
			log.Warn("tokens of a role are issued without the claim permissions, which would make them longer than JWT_MAX_BYTES", "role", string(role.Name), "role_id", role.ID.String())
		}
	}
	// Each ends a session, or is one of its day, so there cannot be many.
	a.RefreshReused = func(account, session users.ID, address string) {
		log.Warn("a refresh token was used again after it had been replaced, so two clients have had it: the session has ended",
			"account_id", account.String(), "session_id", session.String(), "client", address)
	}
	a.RefreshRecovered = func(account, session users.ID, address string) {
		log.Info("a refresh was repeated by a client that had lost the answer", "account_id", account.String(), "session_id", session.String(), "client", address)
	}
	a.Impersonated = func(impersonator, account, token users.ID) {
		log.Info("an account impersonates another", "actor_id", impersonator.String(), "account_id", account.String(), "token_id", token.String())
	}
	a.APIKeyExpiring = func(key users.APIKey, daysLeft int) {
		log.Info("an API key is about to expire", "api_key_id", key.ID.String(), "account_id", key.Account.String(), "days_left", daysLeft,
			"expires_at", key.ExpiresAt.UTC().Format(time.RFC3339))
	}
}

// warnOfCreators logs which other users of the database may create functions where the service looks for its own. It
// is safe from those, but there is no reason to let them.
func (a *App) warnOfCreators(ctx context.Context) error {
	others, err := a.Store.Creators(ctx)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		a.config.Log.Warn("other database users may create objects in the service's schema: REVOKE CREATE ON SCHEMA … FROM them, or use a schema of its own", "users", others)
	}
	return nil
}

// logListening logs whether the replica receives change notifications. Without them it is correct too, and slower.
func (a *App) logListening(receives bool, why string) {
	if receives {
		a.config.Log.Info("receiving change notifications from the database")
		return
	}
	a.config.Log.Warn("change notifications lost; querying the database on every request", "cause", why)
}

// logCertificate logs that the certificate in use is another, or why a new one is not used.
func (a *App) logCertificate(problem error) {
	leaf := a.config.TLS.Leaf()
	record := []any{"subject", leaf.Subject.String(), "names", leaf.DNSNames, "serial", leaf.SerialNumber.Text(16), "until", leaf.NotAfter.UTC().Format(time.RFC3339)}
	switch {
	case problem != nil:
		a.config.Log.Warn("the certificate in TLS_CERT_FILE and TLS_KEY_FILE has changed and can't be used: keeping the former", append(record, "cause", problem.Error())...)
	case time.Now().After(leaf.NotAfter):
		a.config.Log.Error("the certificate in TLS_CERT_FILE has expired: clients refuse it", record...)
	default:
		a.config.Log.Info("certificate in use", record...)
	}
}

// logFile says that the file of the database is not the one that was opened, or that it is again.
func (a *App) logFile(problem string) {
	if problem == "" {
		a.config.Log.Info("the database file is back: serving again")
		return
	}
	a.config.Log.Error("the database file is not the one that was opened: refusing all requests", "cause", problem)
}

// seldom lets through one warning in an hour about each thing, and about no more than maxWarned things.
type seldom[K comparable] struct {
	now func() time.Time

	mu   sync.Mutex
	last map[K]time.Time
}

func newSeldom[K comparable](now func() time.Time) *seldom[K] {
	return &seldom[K]{now: now, last: map[K]time.Time{}}
}

// allows reports whether there should be a warning now.
func (s *seldom[K]) allows(thing K) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if last, ok := s.last[thing]; ok && now.Sub(last) < warnEvery {
		return false
	}
	if len(s.last) >= maxWarned {
		for other, last := range s.last {
			if now.Sub(last) >= warnEvery {
				delete(s.last, other)
			}
		}
	}
	if _, ok := s.last[thing]; !ok && len(s.last) >= maxWarned {
		return false
	}
	s.last[thing] = now
	return true
}
