package users

import (
	"context"
	"time"
)

// Session is a login that is continued by refresh tokens (RFC 6749 §1.5): each refresh gives an access token with the
// rights of that moment, and another refresh token in place of the one that was presented.
//
// Its id is the claim sid of its access tokens. The refresh token does not have it: a token is found by its own locator,
// which nothing else shows, so that the sid, which stands in tokens and logs, is of no use against the session.
type Session struct {
	ID      ID
	Account ID
	// Version is the token version of the account that the session counts for; see Account.TokenVersion.
	Version   int64
	CreatedAt time.Time
	// UsedAt is when the session was last refreshed, or began.
	UsedAt time.Time
	// IdleUntil is when the session ends unless it is refreshed, EndsAt when it ends in any case.
	IdleUntil time.Time
	EndsAt    time.Time
	// TokensUntil is when the last of its access tokens expires, in whole seconds.
	TokensUntil time.Time
	// Client is what used the session last.
	Client Client
	// Audience is the declared audience that all its access tokens are for; empty for none.
	Audience AudienceName
}

// Client is what a request tells of the program that sent it.
type Client struct {
	Address   string // IP address without a port, such as 203.0.113.7; empty if unknown
	UserAgent string // header User-Agent, at most maxUserAgent bytes of it
}

// maxUserAgent bounds what is kept of the header User-Agent, in bytes.
const maxUserAgent = 256

// maxSessions is how many sessions an account can have. One login more ends the one that was not used for longest.
const maxSessions = 100

// SessionOptions are the times of sessions; see DefaultSessions.
type SessionOptions struct {
	AccessLife time.Duration // how long an access token of a session lives
	Idle       time.Duration // how long a session lasts without a refresh
	Absolute   time.Duration // how long a session lasts in any case
	// ReuseWindow is how long a refresh can be repeated, with the same result; 0 is not at all.
	ReuseWindow time.Duration
	// Recovery is how long after a refresh whose answer was lost it can be repeated once; 0 is not at all.
	Recovery time.Duration
}

// DefaultSessions returns the usual times: 10 minutes, 14 and 90 days, 10 seconds, 24 hours.
func DefaultSessions() SessionOptions {
	const day = 24 * time.Hour
	return SessionOptions{AccessLife: 10 * time.Minute, Idle: 14 * day, Absolute: 90 * day, ReuseWindow: 10 * time.Second, Recovery: day}
}

// Live reports whether the session has neither been idle for too long nor come to its end.
func (s Session) Live(now time.Time) bool { return now.Before(s.IdleUntil) && now.Before(s.EndsAt) }

// Expires is when the session ends unless it is refreshed.
func (s Session) Expires() time.Time {
	if s.EndsAt.Before(s.IdleUntil) {
		return s.EndsAt
	}
	return s.IdleUntil
}

// SessionSecret is what is kept of the refresh tokens of a session: no token can be made of it.
type SessionSecret struct {
	Locator  Digest // of the part of the tokens that stays the same
	Current  Digest // of the secret of the token that counts
	Previous Digest // of the token before it; empty before the first refresh
	// Salt is what the secret that counts was derived with from the one before, in base64url; see deriveSuccessor.
	Salt string
}

// Rotation is a refresh as the store makes it, in one statement.
type Rotation struct {
	Locator   Digest
	Presented Digest // must be the one that counts, else nothing is changed
	Next      Digest
	Salt      string
	Now       time.Time
	// IdleUntil and TokensUntil are of the session, which bounds both by its EndsAt.
	IdleUntil   time.Time
	TokensUntil time.Time
	Client      Client
}

// PresentedSession is a session as a refresh token that does not count finds it, all of it read by one statement.
type PresentedSession struct {
	Session
	Secret      SessionSecret
	RotatedAt   time.Time // of the last refresh, by the clock of the database
	RecoveredAt time.Time // of the last recovery, by the same clock; zero if there was none
	Now         time.Time // by the same clock
}

// SessionOwner is a session and the account that it is of.
type SessionOwner struct{ Session, Account ID }

// SessionReader reads sessions.
type SessionReader interface {
	// Sessions returns the sessions of an account that are not over at now, the one used last first.
	Sessions(ctx context.Context, account ID, now time.Time) ([]Session, error)
}

// SessionRotator continues sessions. It waits for no transaction of Store.InTx.
type SessionRotator interface {
	// RotateSession makes the next token of a session count, in one statement, if the one that was presented does and the
	// account is active and has the session's version. ErrNotFound if not, with nothing changed. Repeated, it changes
	// nothing more.
	RotateSession(ctx context.Context, r Rotation) (Session, error)
	// PresentedSession finds the session of a token. ErrNotFound if there is none.
	PresentedSession(ctx context.Context, locator Digest) (PresentedSession, error)
}

// SessionBeginner begins and recovers sessions, inside a transaction of Store.InRowTx.
type SessionBeginner interface {
	// InsertSession begins a session. ErrNotFound unless the account exists, is active and has the session's version.
	InsertSession(ctx context.Context, s Session, secret SessionSecret) error
	// RecoverSession notes that a refresh was repeated after its window, if the two tokens of r are still these and the
	// last recovery, if any, was before a time by the clock of the database. It moves IdleUntil and TokensUntil as a
	// refresh does. ErrNotFound if not.
	RecoverSession(ctx context.Context, r Rotation, before time.Time) (Session, error)
}

// SessionWriter ends sessions, inside a transaction of Store.InTx. The id of a session that ends before the last of its
// access tokens expires is in Access.Ended until then.
type SessionWriter interface {
	SessionReader
	// EndSession ends a session of an account. ErrNotFound if it has none with that id.
	EndSession(ctx context.Context, account, id ID) error
	// EndSessions ends all sessions of an account but one, whose id may be zero, and returns their ids, sorted.
	EndSessions(ctx context.Context, account, but ID) ([]ID, error)
	// EndSomeSessions ends at most limit sessions, of whatever accounts, and returns which, sorted by id.
	EndSomeSessions(ctx context.Context, limit int) ([]SessionOwner, error)
	// KeepSession makes a session count for another token version, and for access tokens until a time. ErrNotFound if the
	// account has none with that id.
	KeepSession(ctx context.Context, account, id ID, version int64, tokensUntil time.Time) error
}
