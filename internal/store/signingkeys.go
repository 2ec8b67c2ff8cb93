package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/keyring"
)

var (
	_ keyring.Store = (*Store)(nil)
	_ keyring.Tx    = (*tx)(nil)
)

// SigningKeys implements keyring.Store.
func (s *Store) SigningKeys(ctx context.Context) (keyring.Snapshot, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (keyring.Snapshot, error) { return s.reads().SigningKeys(ctx) })
}

// SigningKeys implements keyring.Tx. It is one statement, so that the keys, their stamp and the time are of one moment.
// Tokens are believed by them, so it answers on no standby.
func (q queries) SigningKeys(ctx context.Context) (keyring.Snapshot, error) {
	const doing = "read the signing keys"
	var found keyring.Snapshot
	var standby bool
	records, err := rows(ctx, q, doing, func(r *sql.Rows) (keyring.Record, error) {
		var k signingKeyRow
		err := r.Scan(k.columns(&found.Stamp, (*timeColumn)(&found.Now), &standby)...)
		if err != nil {
			return keyring.Record{}, err
		}
		return k.record()
	}, `SELECT s.key_stamp, `+q.traits.preciseClock+`, `+q.traits.standby+`, k.slot, k.kid, k.algorithm, k.public_key, k.private_key,
			k.published_at, k.signs_from, k.signs_until, k.token_life, k.revoked_at
		FROM authorization_stamp s LEFT JOIN signing_keys k ON true ORDER BY k.slot`)
	if err == nil && len(records) == 0 {
		return keyring.Snapshot{}, q.failNoRevision()
	}
	if err := q.failOnStandby(standby, doing, err); err != nil {
		return keyring.Snapshot{}, err
	}
	if records[0].Slot != 0 { // the one row without a key, where there are none
		found.Keys = records
	}
	return found, nil
}

// signingKeyRow is where the columns of a signing key go, all of which are NULL where there is none.
type signingKeyRow struct {
	slot, life                             sql.NullInt64
	kid, algorithm, public, private        sql.NullString
	published, signsFrom, signsUntil, ends nullTimeColumn
}

func (k *signingKeyRow) columns(before ...any) []any {
	return append(before, &k.slot, &k.kid, &k.algorithm, &k.public, &k.private, &k.published, &k.signsFrom, &k.signsUntil, &k.life, &k.ends)
}

// record is the key. One whose public part cannot be read has none, and is left to the reader to leave out.
func (k *signingKeyRow) record() (keyring.Record, error) {
	public, err := base64.StdEncoding.DecodeString(k.public.String)
	if err != nil {
		public = nil
	}
	return keyring.Record{
		Slot: k.slot.Int64, ID: k.kid.String, Algorithm: k.algorithm.String, Public: public, Sealed: k.private.String,
		PublishedAt: time.Time(k.published), SignsFrom: time.Time(k.signsFrom), SignsUntil: time.Time(k.signsUntil),
		TokenLife: time.Duration(k.life.Int64) * time.Microsecond, RevokedAt: time.Time(k.ends),
	}, nil
}

// keyStamp is the stamp of the keys at a revision of the accounts, which changes whenever the stamp does.
type keyStamp struct{ accounts, keys string }

// KeyStamp implements keyring.Store. While the revision of the accounts is known without a query, and is the one at which
// the stamp was read last, the stamp is known too.
func (s *Store) KeyStamp(ctx context.Context) (string, error) {
	rev, known := s.revisions.cachedRevision()
	if !known {
		rev, known = s.revisions.leasedRevision()
	}
	if kept := s.keyStamp.Load(); known && kept != nil && kept.accounts == rev.Accounts {
		return kept.keys, nil
	}
	found, err := retry(ctx, s, s.readLimit, func(ctx context.Context) (read keyStamp, err error) {
		q := s.reads()
		query := func() (rev users.Revision, err error) {
			rev, read.keys, err = q.readStamps(ctx)
			read.accounts = rev.Accounts
			return rev, err
		}
		_, err = s.revisions.currentRevision(query)
		var f *failure
		if err != nil && !errors.As(err, &f) {
			return read, q.failure(ctx, readingRevision, err)
		}
		if err == nil && read == (keyStamp{}) {
			_, err = query() // the revision was known without it
		}
		return read, err
	})
	if err != nil {
		return "", err
	}
	s.keyStamp.Store(&found)
	return found.keys, nil
}

// InsertSigningKey implements keyring.Tx.
func (t *tx) InsertSigningKey(ctx context.Context, r keyring.Record) (bool, error) {
	n, err := t.exec(ctx, "insert a signing key", `INSERT INTO signing_keys
		(slot, kid, algorithm, public_key, private_key, published_at, signs_from, signs_until, token_life)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		r.Slot, r.ID, r.Algorithm, base64.StdEncoding.EncodeToString(r.Public), r.Sealed,
		instant(r.PublishedAt), instant(r.SignsFrom), instant(r.SignsUntil), r.TokenLife.Microseconds())
	return n == 1, err
}

// UpdateSigningKey implements keyring.Tx.
func (t *tx) UpdateSigningKey(ctx context.Context, r keyring.Record) error {
	return t.queries.change(ctx, "change a signing key", nil, `UPDATE signing_keys
		SET private_key = $2, signs_from = $3, signs_until = $4, token_life = $5, revoked_at = $6 WHERE slot = $1`,
		r.Slot, r.Sealed, instant(r.SignsFrom), instant(r.SignsUntil), r.TokenLife.Microseconds(), optionalInstant(r.RevokedAt))
}

// DeleteSigningKey implements keyring.Tx.
func (t *tx) DeleteSigningKey(ctx context.Context, slot int64) error {
	return t.queries.change(ctx, "delete a signing key", nil, `DELETE FROM signing_keys WHERE slot = $1`, slot)
}

// NameSigningKey implements keyring.Tx.
func (t *tx) NameSigningKey(ctx context.Context, id, thumbprint string) (string, error) {
	first := func() (string, error) {
		return row(ctx, t.queries, "read what a key id names", scanText, `SELECT thumbprint FROM signing_key_names WHERE kid = $1`, id)
	}
	found, err := first()
	if !errors.Is(err, users.ErrNotFound) {
		return found, err // as at nearly every start, which then writes nothing
	}
	if _, err := t.exec(ctx, "note what a key id names",
		`INSERT INTO signing_key_names (kid, thumbprint, named_at) VALUES ($1, $2, `+t.traits.clock+`) ON CONFLICT DO NOTHING`, id, thumbprint); err != nil {
		return "", err
	}
	return first()
}

// HasNamedKeys implements keyring.Tx.
func (t *tx) HasNamedKeys(ctx context.Context) (bool, error) {
	return row(ctx, t.queries, "look whether key ids were noted", scanBool, `SELECT EXISTS (SELECT 1 FROM signing_key_names)`)
}
