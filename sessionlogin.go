package users

import (
	"context"
	"errors"
	"strings"
	"time"
)

// LoginSession is Login, and begins a session, all of whose tokens are for the audience. Its errors are those of Login.
func (s *Service) LoginSession(ctx context.Context, in LoginRequest) (SessionResult, error) {
	proven, err := s.authenticateLogin(ctx, in)
	if err != nil {
		return SessionResult{}, err
	}
	account, narrowing := proven.access.Account, proven.narrowing
	now := s.now()
	token := refreshToken{}
	s.Random(token.locator[:])
	s.Random(token.secret[:])
	session := Session{
		ID: s.NewID(), Account: account.ID, Version: account.TokenVersion, CreatedAt: now, UsedAt: now,
		IdleUntil: now.Add(s.Sessions.Idle), EndsAt: now.Add(s.Sessions.Absolute),
		TokensUntil: now.Add(s.Sessions.AccessLife).Truncate(time.Second), Client: in.From.bounded(),
		Audience: narrowing.Audience,
	}
	session = session.bounded()
	secret := SessionSecret{Locator: digestSecret(token.locator[:]), Current: digestSecret(token.secret[:])}
	err = s.Store.InRowTx(ctx, func(tx RowTx) error {
		if err := tx.InsertSession(ctx, session, secret); err != nil {
			return err
		}
		return s.record(ctx, tx, s.attribute(account.Subject(), now, []Event{sessionEvent(SessionStarted, account, session.ID)}))
	})
	if errors.Is(err, ErrNotFound) {
		return SessionResult{}, credentials() // disabled, deleted or given another password at this moment
	}
	if err != nil {
		return SessionResult{}, err
	}
	if err := s.endSurplus(ctx, account, now); err != nil {
		return SessionResult{}, err
	}
	signed, err := s.signUntil(proven.access, session.ID, narrowing, session.TokensUntil)
	if err != nil {
		return SessionResult{}, err
	}
	signed, err = s.withDevice(ctx, signed, proven)
	return SessionResult{LoginResult: signed, RefreshToken: token.String(), Session: session}, err
}

// bounded returns the session with no time after its end.
func (s Session) bounded() Session {
	if s.IdleUntil.After(s.EndsAt) {
		s.IdleUntil = s.EndsAt
	}
	if s.TokensUntil.After(s.EndsAt) {
		s.TokensUntil = s.EndsAt.Truncate(time.Second)
	}
	return s
}

// bounded returns what is kept of a client.
func (c Client) bounded() Client {
	agent := strings.ToValidUTF8(strings.ReplaceAll(c.UserAgent, "\x00", ""), "")
	if len(agent) > maxUserAgent {
		agent = strings.ToValidUTF8(agent[:maxUserAgent], "")
	}
	return Client{Address: c.Address, UserAgent: agent}
}

// endSurplus ends the sessions of an account beyond maxSessions, those that were not used for longest.
func (s *Service) endSurplus(ctx context.Context, account Account, now time.Time) error {
	sessions, err := s.Store.Sessions(ctx, account.ID, now)
	if err != nil || len(sessions) <= maxSessions {
		return err
	}
	return s.Store.InTx(ctx, func(tx Tx) error {
		return s.decide(ctx, tx, Caller{Subject: account.Subject()}, func(c *Change) error {
			sessions, err := c.Sessions(ctx, account.ID, now)
			if err != nil {
				return err
			}
			for _, surplus := range sessions[min(len(sessions), maxSessions):] {
				if err := endSession(ctx, c, SessionEnded, account, surplus.ID); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
