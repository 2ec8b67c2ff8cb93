package users

import (
	"context"
	"errors"
	"time"
)

// OwnSessions returns the caller's own sessions, the one used last first. ErrForbidden for a caller with an API key.
func (s *Service) OwnSessions(ctx context.Context, c Caller) ([]Session, error) {
	if err := c.RefuseRestricted(); err != nil {
		return nil, err
	}
	return s.Store.Sessions(ctx, c.Account.ID, s.now())
}

// AccountSessions needs sessions:read, and returns the sessions of an account, the one used last first. ErrNotFound for
// an unknown account; ErrForbidden for a caller with an API key.
func (s *Service) AccountSessions(ctx context.Context, c Caller, account string) ([]Session, error) {
	if err := c.RefuseRestricted(); err != nil {
		return nil, err
	}
	if err := c.Require(SessionsRead); err != nil {
		return nil, err
	}
	owner, err := person(accountNow(ctx, s.Store, account))
	if err != nil {
		return nil, err
	}
	return s.Store.Sessions(ctx, owner.ID, s.now())
}

// EndOwnSession ends one of the caller's sessions, the one that the caller's token is of included. ErrNotFound for an id
// that is none of theirs.
func (s *Service) EndOwnSession(ctx context.Context, c Caller, id string) error {
	return s.Change(ctx, c, "", func(tx *Change) error { return endOne(ctx, tx, tx.Caller.Account, id) })
}

// EndOtherSessions ends all of the caller's sessions but the one that the caller's token is of, and returns how many.
func (s *Service) EndOtherSessions(ctx context.Context, c Caller) (ended int, err error) {
	err = s.Change(ctx, c, "", func(tx *Change) error {
		ended, err = endAll(ctx, tx, tx.Caller.Account, tx.Caller.Session)
		return err
	})
	return ended, err
}

// EndAccountSession needs sessions:delete, and what changing the account takes; it ends one session of an account.
// ErrNotFound for an unknown account or session, ErrForbidden for an account that holds more than the caller.
func (s *Service) EndAccountSession(ctx context.Context, c Caller, account, id string) error {
	return s.Change(ctx, c, SessionsDelete, func(tx *Change) error {
		owner, err := sessionOwner(ctx, tx, account)
		if err != nil {
			return err
		}
		return endOne(ctx, tx, owner, id)
	})
}

// EndAccountSessions is EndAccountSession for all sessions of an account. It returns how many there were.
func (s *Service) EndAccountSessions(ctx context.Context, c Caller, account string) (ended int, err error) {
	err = s.Change(ctx, c, SessionsDelete, func(tx *Change) error {
		owner, err := sessionOwner(ctx, tx, account)
		if err != nil {
			return err
		}
		ended, err = endAll(ctx, tx, owner, ID{})
		return err
	})
	return ended, err
}

// endAtATime is how many sessions of all accounts end in one transaction, which others wait for.
const endAtATime = 1000

// EndEverySession ends the sessions of all accounts on behalf of a subject: it is for an emergency, such as a signing key in
// the wrong hands. It checks no right. The rule that calls it has found that the subject holds sessions:delete; the token
// that showed it, and the session of that, may be among what the emergency has ended. It returns how many sessions there
// were. They end in parts; after an error some are left, and a second call ends those.
func (s *Service) EndEverySession(ctx context.Context, by Subject) (ended int, err error) {
	for {
		some := 0
		err := s.Store.InTx(ctx, func(tx Tx) error {
			return s.decide(ctx, tx, Caller{Subject: by}, func(c *Change) error {
				list, err := c.EndSomeSessions(ctx, endAtATime)
				if err != nil {
					return err
				}
				some = len(list)
				return recordEnds(ctx, c, list)
			})
		})
		if err != nil {
			return ended, err
		}
		if ended += some; some < endAtATime {
			return ended, nil
		}
	}
}

// recordEnds records the end of each session.
func recordEnds(ctx context.Context, tx *Change, list []SessionOwner) error {
	if !tx.Recording() {
		return nil
	}
	for _, one := range list {
		owner, err := tx.Account(ctx, one.Account)
		if err != nil {
			return err
		}
		tx.Record(sessionEvent(SessionEnded, owner, one.Session))
	}
	return nil
}

// sessionOwner finds a person whose sessions the caller may end.
func sessionOwner(ctx context.Context, tx *Change, account string) (Account, error) {
	owner, err := person(accountNow(ctx, tx, account))
	if err != nil {
		return Account{}, err
	}
	return owner, tx.Caller.mayChangeAccount(owner)
}

// changeableAccount finds an account that the caller may change, whose API keys it may end.
func changeableAccount(ctx context.Context, tx *Change, account string) (Account, error) {
	owner, err := accountNow(ctx, tx, account)
	if err != nil {
		return Account{}, err
	}
	return owner, tx.Caller.mayChangeAccount(owner)
}

func endOne(ctx context.Context, tx *Change, owner Account, text string) error {
	id, ok := ParseID(text)
	if !ok {
		return notFound("Session")
	}
	err := endSession(ctx, tx, SessionEnded, owner, id)
	if errors.Is(err, ErrNotFound) {
		return notFound("Session")
	}
	return err
}

// endSession ends a session and records an event of that kind: SessionEnded or SessionReused.
func endSession(ctx context.Context, tx *Change, kind EventKind, owner Account, id ID) error {
	if err := tx.EndSession(ctx, owner.ID, id); err != nil {
		return err
	}
	tx.Record(sessionEvent(kind, owner, id))
	return nil
}

// endAll ends all sessions of an account but one, whose id may be zero, and returns how many.
func endAll(ctx context.Context, tx *Change, owner Account, but ID) (int, error) {
	ended, err := tx.EndSessions(ctx, owner.ID, but)
	for _, id := range ended {
		tx.Record(sessionEvent(SessionEnded, owner, id))
	}
	return len(ended), err
}

// endOtherSessions ends all sessions of an account whose token version was raised, but one, whose id may be zero. That
// one goes on with the new version, and has access tokens until a time.
func endOtherSessions(ctx context.Context, tx *Change, owner Account, kept ID, tokensUntil time.Time) error {
	if _, err := endAll(ctx, tx, owner, kept); err != nil || kept.IsZero() {
		return err
	}
	err := tx.KeepSession(ctx, owner.ID, kept, owner.TokenVersion, tokensUntil)
	if errors.Is(err, ErrNotFound) {
		return nil // it is over, but for its last access token
	}
	return err
}

// RevokeRefreshToken ends the session that a refresh token belongs to, also a token that has been replaced. A token of no
// session is no error: what it was for is over (RFC 7009 §2.2).
func (s *Service) RevokeRefreshToken(ctx context.Context, token string) error {
	presented, ok := parseRefreshToken(token)
	if !ok {
		return nil
	}
	found, err := s.Store.PresentedSession(ctx, digestSecret(presented.locator[:]))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.endByToken(ctx, SessionEnded, found.Account, found.ID)
	return err
}

// RevokeAccessToken ends the session that an access token is of. A session that has ended is no error. ErrUnauthenticated
// for a token that is not ours or has expired, ErrConflict for one without a session: it cannot be ended by itself.
func (s *Service) RevokeAccessToken(ctx context.Context, token string) error {
	bearer, err := verifyToken(ctx, s, token, s.Tokens.Bearer)
	if err != nil {
		return err
	}
	switch {
	case bearer.Exchanged:
		return conflict("An exchanged token stays valid until it expires, or what it was issued for ends.")
	case bearer.Service:
		return conflict("An access token of a service account stays valid until it expires. Disabling the account ends it.")
	case bearer.Session.IsZero():
		return conflict("This access token belongs to no session, so it stays valid until it expires. A change of the password ends it.")
	}
	_, err = s.endByToken(ctx, SessionEnded, bearer.Account, bearer.Session)
	return err
}

// endByToken ends a session on behalf of its account, by a token that is proof enough, and reports whether it did. A session
// that is over is no error.
func (s *Service) endByToken(ctx context.Context, kind EventKind, account, id ID) (ended bool, err error) {
	err = s.Store.InTx(ctx, func(tx Tx) error {
		owner, err := tx.Account(ctx, account)
		if err != nil {
			return err
		}
		return s.decide(ctx, tx, Caller{Subject: owner.Subject()}, func(c *Change) error {
			return endSession(ctx, c, kind, owner, id)
		})
	})
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
