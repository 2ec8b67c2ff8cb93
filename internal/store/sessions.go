package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/svc-users/svc-users"
)

const sessionColumns = `id, account_id, token_version, created_at, used_at, idle_until, ends_at, tokens_until, address, user_agent, audience`

// sessionFields are where the columns of a session go, and those that a query has besides.
func sessionFields(s *users.Session, besides ...any) []any {
	return append([]any{
		(*idColumn)(&s.ID), (*idColumn)(&s.Account), &s.Version, (*timeColumn)(&s.CreatedAt), (*timeColumn)(&s.UsedAt),
		(*timeColumn)(&s.IdleUntil), (*timeColumn)(&s.EndsAt), (*timeColumn)(&s.TokensUntil), &s.Client.Address, &s.Client.UserAgent, (*string)(&s.Audience),
	}, besides...)
}

func scanSession(r *sql.Rows) (s users.Session, err error) { return s, r.Scan(sessionFields(&s)...) }

// Sessions implements users.SessionReader.
func (q queries) Sessions(ctx context.Context, account users.ID, now time.Time) ([]users.Session, error) {
	return rows(ctx, q, "read the sessions of an account", scanSession,
		`SELECT `+sessionColumns+` FROM account_sessions WHERE account_id = $1 AND idle_until > $2 AND ends_at > $2
		ORDER BY used_at DESC, id DESC`, account.String(), instant(now))
}

// Sessions implements users.SessionReader.
func (s *Store) Sessions(ctx context.Context, account users.ID, now time.Time) ([]users.Session, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]users.Session, error) {
		return s.reads().Sessions(ctx, account, now)
	})
}

// PresentedSession implements users.SessionRotator. That there is no session ends nothing, and is said by no standby.
func (s *Store) PresentedSession(ctx context.Context, locator users.Digest) (users.PresentedSession, error) {
	const doing = "read the session of a refresh token"
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (p users.PresentedSession, err error) {
		q := s.reads()
		if err := q.refuseStandby(ctx, doing); err != nil {
			return p, err
		}
		return row(ctx, q, doing, func(r *sql.Rows) (p users.PresentedSession, err error) {
			var recovered nullTimeColumn
			err = r.Scan(sessionFields(&p.Session, &p.Secret.Locator, &p.Secret.Current, &p.Secret.Previous, &p.Secret.Salt,
				(*timeColumn)(&p.RotatedAt), &recovered, (*timeColumn)(&p.Now))...)
			p.RecoveredAt = time.Time(recovered)
			return p, err
		}, `SELECT `+sessionColumns+`, locator_digest, token_digest, previous_digest, salt, rotated_at, recovered_at, `+q.traits.preciseClock+`
			FROM account_sessions WHERE locator_digest = $1`, string(locator))
	})
}

// refuseStandby fails on a standby.
func (q queries) refuseStandby(ctx context.Context, doing string) error {
	standby, err := row(ctx, q, doing, scanBool, `SELECT `+q.traits.standby)
	return q.failOnStandby(standby, doing, err)
}

// accountStands is a condition of a statement on account_sessions: the session's account is active and still has its
// token version.
const accountStands = `EXISTS (SELECT 1 FROM accounts a WHERE a.id = account_sessions.account_id AND a.is_active
	AND a.token_version = account_sessions.token_version)`

// RotateSession implements users.SessionRotator. Where one connection writes at a time, it waits for its turn as
// transactions do.
func (s *Store) RotateSession(ctx context.Context, r users.Rotation) (rotated users.Session, err error) {
	if !s.traits.oneWriter {
		return retry(ctx, s, s.readLimit, func(ctx context.Context) (users.Session, error) { return s.reads().rotateSession(ctx, r) })
	}
	err = s.transact(ctx, rowLocks, func(t *tx) error {
		rotated, err = t.rotateSession(ctx, r)
		return err
	})
	return rotated, err
}

func (q queries) rotateSession(ctx context.Context, r users.Rotation) (users.Session, error) {
	return row(ctx, q, "rotate a refresh token", scanSession,
		`UPDATE account_sessions SET previous_digest = token_digest, token_digest = $3, salt = $4, used_at = $5, rotated_at = `+q.traits.preciseClock+`,
			idle_until = CASE WHEN ends_at < $6 THEN ends_at ELSE $6 END, tokens_until = CASE WHEN ends_at < $7 THEN ends_at ELSE $7 END,
			address = $8, user_agent = $9
		WHERE locator_digest = $1 AND token_digest = $2 AND idle_until > $5 AND ends_at > $5 AND `+accountStands+`
		RETURNING `+sessionColumns,
		string(r.Locator), string(r.Presented), string(r.Next), r.Salt, instant(r.Now), instant(r.IdleUntil), instant(r.TokensUntil),
		r.Client.Address, r.Client.UserAgent)
}

// RecoverSession implements users.SessionBeginner.
func (t rowTx) RecoverSession(ctx context.Context, r users.Rotation, before time.Time) (users.Session, error) {
	return row(ctx, t.queries, "recover a session", scanSession,
		`UPDATE account_sessions SET used_at = $4, recovered_at = `+t.queries.traits.preciseClock+`,
			idle_until = CASE WHEN ends_at < $5 THEN ends_at ELSE $5 END, tokens_until = CASE WHEN ends_at < $6 THEN ends_at ELSE $6 END,
			address = $7, user_agent = $8
		WHERE locator_digest = $1 AND previous_digest = $2 AND token_digest = $3 AND (recovered_at IS NULL OR recovered_at < $9)
			AND idle_until > $4 AND ends_at > $4 AND `+accountStands+`
		RETURNING `+sessionColumns,
		string(r.Locator), string(r.Presented), string(r.Next), instant(r.Now), instant(r.IdleUntil), instant(r.TokensUntil),
		r.Client.Address, r.Client.UserAgent, instant(before))
}

// InsertSession implements users.SessionBeginner.
func (t rowTx) InsertSession(ctx context.Context, s users.Session, secret users.SessionSecret) error {
	q := t.queries
	return q.change(ctx, "begin a session", users.ErrNotFound,
		`INSERT INTO account_sessions (`+sessionColumns+`, locator_digest, token_digest, previous_digest, salt, rotated_at)
		SELECT $1, a.id, a.token_version, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, `+q.traits.preciseClock+`
		FROM accounts a WHERE a.id = $2 AND a.is_active AND a.token_version = $3`,
		s.ID.String(), s.Account.String(), s.Version, instant(s.CreatedAt), instant(s.UsedAt), instant(s.IdleUntil), instant(s.EndsAt),
		instant(s.TokensUntil), s.Client.Address, s.Client.UserAgent, string(s.Audience),
		string(secret.Locator), string(secret.Current), string(secret.Previous), secret.Salt)
}

// EndSession implements users.SessionWriter. A trigger notes what has ended.
func (q queries) EndSession(ctx context.Context, account, id users.ID) error {
	return q.change(ctx, "end a session", users.ErrInUse,
		`DELETE FROM account_sessions WHERE id = $1 AND account_id = $2`, id.String(), account.String())
}

// EndSessions implements users.SessionWriter.
func (q queries) EndSessions(ctx context.Context, account, but users.ID) ([]users.ID, error) {
	ended, err := rows(ctx, q, "end the sessions of an account", func(r *sql.Rows) (id users.ID, err error) {
		return id, r.Scan((*idColumn)(&id))
	}, `DELETE FROM account_sessions WHERE account_id = $1 AND id <> $2 RETURNING id`, account.String(), but.String())
	slices.SortFunc(ended, users.ID.Compare)
	return ended, err
}

// KeepSession implements users.SessionWriter.
func (q queries) KeepSession(ctx context.Context, account, id users.ID, version int64, tokensUntil time.Time) error {
	return q.change(ctx, "keep a session", users.ErrInUse,
		`UPDATE account_sessions SET token_version = $3, tokens_until = CASE WHEN ends_at < $4 THEN ends_at ELSE $4 END
		WHERE id = $1 AND account_id = $2`, id.String(), account.String(), version, instant(tokensUntil))
}

// EndSomeSessions implements users.SessionWriter.
func (q queries) EndSomeSessions(ctx context.Context, limit int) ([]users.SessionOwner, error) {
	ended, err := rows(ctx, q, "end sessions of all accounts", func(r *sql.Rows) (one users.SessionOwner, err error) {
		return one, r.Scan((*idColumn)(&one.Session), (*idColumn)(&one.Account))
	}, `DELETE FROM account_sessions WHERE id IN (SELECT id FROM account_sessions ORDER BY id LIMIT $1) RETURNING id, account_id`, limit)
	slices.SortFunc(ended, func(a, b users.SessionOwner) int { return a.Session.Compare(b.Session) })
	return ended, err
}
