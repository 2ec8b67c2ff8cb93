package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/svc-users/svc-users"
)

const apiKeyColumns = `k.id, k.account_id, k.name, k.last_four, k.scope, k.created_at, k.expires_at, k.used_at, k.successor_id, k.warned_days`

// apiKeyRow is where the columns of an API key go, all of which are NULL where there is none.
type apiKeyRow struct {
	id, account, successor idColumn
	name, lastFour, scope  sql.NullString
	created, expires, used nullTimeColumn
	warned                 sql.NullInt64
}

func (r *apiKeyRow) columns(before ...any) []any {
	return append(before, &r.id, &r.account, &r.name, &r.lastFour, &r.scope, &r.created, &r.expires, &r.used, &r.successor, &r.warned)
}

// key is the API key; its id is zero where there is none.
func (r *apiKeyRow) key() (users.APIKey, error) {
	scope, ok := users.ParseScope(r.scope.String)
	if !ok {
		return users.APIKey{}, &badValue{"a scope"}
	}
	return users.APIKey{
		ID: users.ID(r.id), Account: users.ID(r.account), Name: r.name.String, LastFour: r.lastFour.String, Scope: scope,
		CreatedAt: time.Time(r.created), ExpiresAt: time.Time(r.expires), UsedAt: time.Time(r.used), Successor: users.ID(r.successor), Warned: int(r.warned.Int64),
	}, nil
}

// APIKeys implements users.APIKeyReader.
func (q queries) APIKeys(ctx context.Context, account users.ID, now time.Time) ([]users.APIKey, error) {
	return rows(ctx, q, "read the API keys of an account", scanAPIKey, `SELECT `+apiKeyColumns+` FROM api_keys k WHERE k.account_id = $1 AND (k.expires_at IS NULL OR k.expires_at > $2)
		ORDER BY k.created_at DESC, k.id DESC`, account.String(), instant(now))
}

// APIKeys implements users.APIKeyReader.
func (s *Store) APIKeys(ctx context.Context, account users.ID, now time.Time) ([]users.APIKey, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]users.APIKey, error) {
		return s.reads().APIKeys(ctx, account, now)
	})
}

func scanAPIKey(r *sql.Rows) (users.APIKey, error) {
	var k apiKeyRow
	if err := r.Scan(k.columns()...); err != nil {
		return users.APIKey{}, err
	}
	return k.key()
}

// DueAPIKeys implements users.APIKeyReader.
func (q queries) DueAPIKeys(ctx context.Context, now time.Time, days, limit int) ([]users.APIKey, error) {
	return rows(ctx, q, "read the API keys that are about to expire", scanAPIKey, `SELECT `+apiKeyColumns+` FROM api_keys k
		WHERE k.expires_at > $1 AND k.expires_at <= $2 AND k.successor_id IS NULL AND (k.warned_days IS NULL OR k.warned_days > $3)
		ORDER BY k.expires_at, k.id LIMIT $4`, instant(now), instant(now.Add(time.Duration(days)*24*time.Hour)), days, limit)
}

// DueAPIKeys implements users.APIKeyReader.
func (s *Store) DueAPIKeys(ctx context.Context, now time.Time, days, limit int) ([]users.APIKey, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]users.APIKey, error) {
		return s.reads().DueAPIKeys(ctx, now, days, limit)
	})
}

// NoteAPIKeyWarning implements users.APIKeyWriter.
func (q queries) NoteAPIKeyWarning(ctx context.Context, id users.ID, days int) error {
	return q.change(ctx, "note a warning of an API key", users.ErrInUse, `UPDATE api_keys SET warned_days = $2 WHERE id = $1`, id.String(), days)
}

// InsertAPIKey implements users.APIKeyWriter.
func (q queries) InsertAPIKey(ctx context.Context, k users.APIKey, secret users.APIKeySecret) error {
	digestKey, err := q.makeSecret(ctx, apiKeySecretName)
	if err != nil {
		return err
	}
	return q.change(ctx, "make an API key", users.ErrBadReference,
		`INSERT INTO api_keys (id, account_id, digest, name, last_four, scope, created_at, expires_at, warned_days) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		k.ID.String(), k.Account.String(), string(digestAPIKey(digestKey, secret)), k.Name, k.LastFour, k.Scope.String(),
		instant(k.CreatedAt), optionalInstant(k.ExpiresAt), sql.NullInt64{Int64: int64(k.Warned), Valid: k.Warned > 0})
}

// ReplaceAPIKey implements users.APIKeyWriter.
func (q queries) ReplaceAPIKey(ctx context.Context, k users.APIKey) error {
	return q.change(ctx, "replace an API key", users.ErrInUse,
		`UPDATE api_keys SET expires_at = $2, successor_id = $3 WHERE id = $1 AND successor_id IS NULL`,
		k.ID.String(), optionalInstant(k.ExpiresAt), optional(k.Successor))
}

// EndAPIKey implements users.APIKeyWriter. A trigger has every process read the account anew.
func (q queries) EndAPIKey(ctx context.Context, account, id users.ID) error {
	return q.change(ctx, "end an API key", users.ErrInUse, `DELETE FROM api_keys WHERE id = $1 AND account_id = $2`, id.String(), account.String())
}

// EndAPIKeys implements users.APIKeyWriter.
func (q queries) EndAPIKeys(ctx context.Context, account users.ID) error {
	_, err := q.exec(ctx, "end the API keys of an account", `DELETE FROM api_keys WHERE account_id = $1`, account.String())
	return err
}

// SweepAPIKeys deletes the API keys that expired before a time. It works in small statements that may be repeated.
// ErrUnavailable.
func (s *Store) SweepAPIKeys(ctx context.Context, before time.Time) error {
	for after := (users.ID{}); ; {
		last, err := s.sweepAPIKeys(ctx, after, before)
		if errors.Is(err, users.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		after = last
	}
}

// sweepAPIKeys does one batch, in the order of ids, and returns where it ends. ErrNotFound when there is none.
func (s *Store) sweepAPIKeys(ctx context.Context, after users.ID, before time.Time) (users.ID, error) {
	return retry(ctx, s, s.txLimit, func(ctx context.Context) (users.ID, error) {
		q := s.reads()
		last, err := row(ctx, q, "look for expired API keys", scanText,
			`SELECT id FROM (SELECT id FROM api_keys WHERE id > $1 ORDER BY id LIMIT $2) AS batch ORDER BY id DESC LIMIT 1`,
			after.String(), sweepBatch)
		if err != nil {
			return users.ID{}, err
		}
		_, err = q.exec(ctx, "delete expired API keys",
			`DELETE FROM api_keys WHERE id > $1 AND id <= $2 AND expires_at < $3`, after.String(), last, instant(before))
		id, ok := users.ParseID(last)
		if !ok && err == nil {
			err = &badValue{"an id"}
		}
		return id, err
	})
}

// NoteAPIKeyUse implements users.APIKeyFinder.
func (s *Store) NoteAPIKeyUse(k users.APIKey, at time.Time) { s.keyUses.note(k.ID, k.UsedAt, at) }
