package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
)

const cursorKey = "cursor"

// CursorKey returns the 32 random bytes under which all processes on this database sign their cursors. The
// first process that asks makes them; they never change. ErrUnavailable.
func (s *Store) CursorKey(ctx context.Context) ([]byte, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]byte, error) {
		return s.reads().makeSecret(ctx, cursorKey)
	})
}

// makeSecret returns the secret of a name, 32 random bytes, and makes it if there is none.
func (q queries) makeSecret(ctx context.Context, name string) ([]byte, error) {
	key, err := q.secret(ctx, name)
	if key != nil || err != nil {
		return key, err
	}
	fresh := make([]byte, 32)
	if _, err := rand.Read(fresh); err != nil {
		return nil, err
	}
	// Another process may be doing the same; the first to arrive is kept, and all read that one.
	if _, err := q.exec(ctx, "keep a secret",
		`INSERT INTO service_secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, fresh); err != nil {
		return nil, err
	}
	return q.secret(ctx, name)
}

// secret returns nil if there is none of that name. PostgreSQL writes bytes as bytea_output says, so they are read as
// digits.
func (q queries) secret(ctx context.Context, name string) ([]byte, error) {
	found, err := rows(ctx, q, "read a secret", func(r *sql.Rows) ([]byte, error) {
		digits, err := scanText(r)
		if err != nil {
			return nil, err
		}
		value, err := hex.DecodeString(digits)
		if err != nil {
			return nil, &badValue{"a secret"}
		}
		return value, nil
	}, `SELECT `+q.dialect.hex("value")+` FROM service_secrets WHERE name = $1`, name)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}
