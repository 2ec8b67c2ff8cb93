package users

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"
)

// SessionResult is what a login with a session, and each refresh of it, gives.
type SessionResult struct {
	LoginResult
	RefreshToken string // svcr_…
	Session      Session
}

// The parts of a refresh token, in bytes.
const (
	locatorSize = 16
	secretSize  = 32
)

// refreshToken is a refresh token in its parts: the locator finds the session and stays the same, the secret is another
// in each token.
type refreshToken struct {
	locator [locatorSize]byte
	secret  [secretSize]byte
}

// String is the token as it is sent.
func (t refreshToken) String() string {
	return formatCredential(RefreshTokenPrefix, append(t.locator[:], t.secret[:]...))
}

func parseRefreshToken(text string) (refreshToken, bool) {
	both, ok := parseCredential(RefreshTokenPrefix, text, locatorSize+secretSize)
	if !ok {
		return refreshToken{}, false
	}
	var t refreshToken
	copy(t.locator[:], both)
	copy(t.secret[:], both[locatorSize:])
	return t, true
}

// deriveSuccessor returns the token that follows t in a rotation with a salt. Whatever presents t again derives the same
// one with the salt that the store has; neither t nor the salt alone is enough.
func (t refreshToken) deriveSuccessor(salt string) refreshToken {
	mac := hmac.New(sha256.New, t.secret[:])
	mac.Write([]byte("svc-users refresh token\x00"))
	mac.Write(t.locator[:])
	mac.Write([]byte(salt))
	next := refreshToken{locator: t.locator}
	mac.Sum(next.secret[:0])
	return next
}

// Refresh continues a session: it returns an access token with the rights of now, and the refresh token that counts from
// now on. Within SessionOptions.ReuseWindow after that, the old one gives the same result again. After it, the old token
// works once in 24 hours and only while the new one was never presented, for a client that has lost the answer
// (SessionRecovered is recorded). Any other token that once belonged to the session ends it (SessionReused is recorded),
// because then two clients have it.
//
// ErrCredentials for a token that does not count, for whatever reason; ErrTooMany after too many of these from the address of
// the client.
func (s *Service) Refresh(ctx context.Context, token string, from Client) (SessionResult, error) {
	presented, ok := parseRefreshToken(token)
	if !ok {
		return SessionResult{}, &Error{Kind: ErrCredentials, Message: refreshNotValid, Cause: errors.New("the refresh token is malformed")}
	}
	result, err := s.refreshPresented(ctx, presented, from)
	if err != nil {
		return SessionResult{}, s.CountGuess(ctx, from.Address, err)
	}
	return result, nil
}

func (s *Service) refreshPresented(ctx context.Context, presented refreshToken, from Client) (SessionResult, error) {
	rotation := s.newRotation(presented, from)
	next := presented.deriveSuccessor(rotation.Salt)
	rotation.Next = digestSecret(next.secret[:])
	session, err := s.Store.RotateSession(ctx, rotation)
	if errors.Is(err, ErrNotFound) {
		session, next, err = s.repeatRefresh(ctx, presented, rotation)
	}
	if err != nil {
		return SessionResult{}, err
	}
	return s.continueSession(ctx, session, next)
}

// newRotation is a rotation that begins now, but for its successor.
func (s *Service) newRotation(presented refreshToken, from Client) Rotation {
	now := s.now()
	salt := make([]byte, 16)
	s.Random(salt)
	return Rotation{
		Locator: digestSecret(presented.locator[:]), Presented: digestSecret(presented.secret[:]),
		Salt: base64.RawURLEncoding.EncodeToString(salt),
		Now:  now, IdleUntil: now.Add(s.Sessions.Idle), TokensUntil: now.Add(s.Sessions.AccessLife).Truncate(time.Second),
		Client: from.bounded(),
	}
}

// errSessionChanged is why a refresh was not repeated: another client was first with the same.
var errSessionChanged = errors.New("the session has changed meanwhile")

// repeatRefresh decides about a token that did not count when it was presented. Where another client changes the session
// at the same moment, it looks again: after a laptop wakes, all tabs of a browser come at once.
func (s *Service) repeatRefresh(ctx context.Context, presented refreshToken, r Rotation) (session Session, next refreshToken, err error) {
	for range 3 {
		session, next, err = s.repeatRefreshOnce(ctx, presented, r)
		if !errors.Is(err, errSessionChanged) {
			break
		}
	}
	return session, next, err
}

func (s *Service) repeatRefreshOnce(ctx context.Context, presented refreshToken, r Rotation) (Session, refreshToken, error) {
	found, err := s.Store.PresentedSession(ctx, r.Locator)
	if errors.Is(err, ErrNotFound) {
		return Session{}, refreshToken{}, refusedRefresh(errors.New("there is no session of this refresh token"))
	}
	if err != nil {
		return Session{}, refreshToken{}, err
	}
	next := presented.deriveSuccessor(found.Secret.Salt)
	switch {
	case found.Secret.Current == r.Presented:
		return Session{}, refreshToken{}, refusedRefresh(errors.New("the session is over, or its account disabled"))
	case found.Secret.Previous != r.Presented || found.Secret.Current != digestSecret(next.secret[:]):
		return Session{}, refreshToken{}, s.endReused(ctx, found, r.Client)
	case !found.Live(r.Now):
		return Session{}, refreshToken{}, refusedRefresh(errors.New("the session is over"))
	case found.Now.Sub(found.lastAnswer()) <= s.Sessions.ReuseWindow:
		return found.Session, next, nil
	case found.Now.Sub(found.RotatedAt) > s.Sessions.Recovery || found.Now.Sub(found.RecoveredAt) <= recoveryInterval:
		return Session{}, refreshToken{}, s.endReused(ctx, found, r.Client)
	}
	r.Next = found.Secret.Current
	session, err := s.recoverSession(ctx, found, r)
	return session, next, err
}

// recoveryInterval is the least time between two recoveries of a session.
const recoveryInterval = 24 * time.Hour

// lastAnswer is when the token that counts was last answered.
func (p PresentedSession) lastAnswer() time.Time {
	if p.RecoveredAt.After(p.RotatedAt) {
		return p.RecoveredAt
	}
	return p.RotatedAt
}

// recoverSession notes that a refresh is repeated after its window. It is refused with errSessionChanged where another
// client was first.
func (s *Service) recoverSession(ctx context.Context, found PresentedSession, r Rotation) (Session, error) {
	account, err := s.Store.Account(ctx, found.Account)
	if errors.Is(err, ErrNotFound) {
		return Session{}, refusedRefresh(err)
	}
	if err != nil {
		return Session{}, err
	}
	var session Session
	err = s.Store.InRowTx(ctx, func(tx RowTx) error {
		var err error
		if session, err = tx.RecoverSession(ctx, r, found.Now.Add(-recoveryInterval)); err != nil {
			return err
		}
		return s.record(ctx, tx, s.attribute(account.Subject(), s.now(), []Event{sessionEvent(SessionRecovered, account, session.ID)}))
	})
	if errors.Is(err, ErrNotFound) {
		return Session{}, refusedRefresh(errSessionChanged)
	}
	if err == nil && s.RefreshRecovered != nil {
		s.RefreshRecovered(account.ID, session.ID, r.Client.Address)
	}
	return session, err
}

// endReused ends a session of which a token was presented that had been replaced, and returns the refusal.
func (s *Service) endReused(ctx context.Context, found PresentedSession, from Client) error {
	ended, err := s.endByToken(ctx, SessionReused, found.Account, found.ID)
	if err != nil {
		return err
	}
	if ended && s.RefreshReused != nil {
		s.RefreshReused(found.Account, found.ID, from.Address)
	}
	return refusedRefresh(errors.New("a refresh token was used again; the session has ended"))
}

// continueSession signs an access token of a session, with the rights of now, as far as the prefix goes that the audience
// of the session has now.
func (s *Service) continueSession(ctx context.Context, session Session, next refreshToken) (SessionResult, error) {
	access, err := s.Store.Access(ctx, session.Account)
	if errors.Is(err, ErrNotFound) {
		return SessionResult{}, refusedRefresh(err)
	}
	if err != nil {
		return SessionResult{}, err
	}
	if _, err := admit(access, Bearer{Account: session.Account, Version: session.Version, Session: session.ID}); err != nil {
		return SessionResult{}, refusedRefresh(err)
	}
	narrowing, err := s.narrowing(ctx, session.Audience)
	if errors.Is(err, ErrNotFound) {
		return SessionResult{}, refusedRefresh(errors.New("the audience of the session is no longer declared"))
	}
	if err != nil {
		return SessionResult{}, err
	}
	login, err := s.signUntil(access, session.ID, narrowing, session.TokensUntil)
	return SessionResult{LoginResult: login, RefreshToken: next.String(), Session: session}, err
}

const refreshNotValid = "The refresh token is not valid."

// refusedRefresh is the one answer to every refresh that fails. The cause is for the log.
func refusedRefresh(cause error) error {
	return &Error{Kind: ErrCredentials, Message: refreshNotValid, Cause: cause, Guess: true}
}
