package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/federation"
)

var (
	_ federation.Store = (*Store)(nil)
	_ federation.Tx    = (*tx)(nil)
)

// ClientKeys implements federation.Tx.
func (q queries) ClientKeys(ctx context.Context, account users.ID) ([]federation.Key, error) {
	return credentials(ctx, q, "read the keys of a service account", func(r *sql.Rows, standby *bool) (federation.Key, bool, error) {
		var id, owner idColumn
		var created nullTimeColumn
		var kid, algorithm, thumbprint, jwk, url sql.NullString
		err := r.Scan(standby, &id, &owner, &kid, &algorithm, &thumbprint, &jwk, &url, &created)
		return federation.Key{
			ID: users.ID(id), Account: users.ID(owner), KeyID: kid.String, Algorithm: algorithm.String, Thumbprint: thumbprint.String,
			JWK: jwk.String, URL: url.String, CreatedAt: time.Time(created),
		}, !users.ID(id).IsZero(), err
	}, `SELECT `+q.traits.standby+`, k.id, k.account_id, k.kid, k.algorithm, k.thumbprint, k.jwk, k.url, k.created_at
		FROM authorization_stamp s LEFT JOIN client_keys k ON k.account_id = $1 ORDER BY k.created_at, k.id`, account)
}

// ClientKeys implements federation.Store.
func (s *Store) ClientKeys(ctx context.Context, account users.ID) ([]federation.Key, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]federation.Key, error) {
		return s.reads().ClientKeys(ctx, account)
	})
}

// Trusts implements federation.Tx.
func (q queries) Trusts(ctx context.Context, account users.ID) ([]federation.Trust, error) {
	return credentials(ctx, q, "read the trusts of a service account", func(r *sql.Rows, standby *bool) (federation.Trust, bool, error) {
		var id, owner idColumn
		var created nullTimeColumn
		var issuer, subject, audience, claims, url sql.NullString
		if err := r.Scan(standby, &id, &owner, &issuer, &subject, &audience, &claims, &url, &created); err != nil || users.ID(id).IsZero() {
			return federation.Trust{}, false, err
		}
		t := federation.Trust{
			ID: users.ID(id), Account: users.ID(owner), Issuer: issuer.String, Subject: federation.Pattern(subject.String),
			Audience: audience.String, KeysURL: url.String, CreatedAt: time.Time(created),
		}
		// A requirement that cannot be read must not be left out.
		if json.Unmarshal([]byte(claims.String), &t.Claims) != nil || t.Claims == nil {
			return federation.Trust{}, false, &badValue{"the claims of a trust"}
		}
		return t, true, nil
	}, `SELECT `+q.traits.standby+`, k.id, k.account_id, k.issuer, k.subject, k.audience, k.claims, k.url, k.created_at
		FROM authorization_stamp s LEFT JOIN client_trusts k ON k.account_id = $1 ORDER BY k.created_at, k.id`, account)
}

// Trusts implements federation.Store.
func (s *Store) Trusts(ctx context.Context, account users.ID) ([]federation.Trust, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]federation.Trust, error) {
		return s.reads().Trusts(ctx, account)
	})
}

// credentials returns what a service account authenticates with. Scan reads a row and reports whether it has any: where the
// account has none there is one row without. On a standby, which may still have what was deleted, nothing is answered.
func credentials[T any](ctx context.Context, q queries, doing string, scan func(r *sql.Rows, standby *bool) (T, bool, error), query string, account users.ID) ([]T, error) {
	var standby bool
	var list []T
	_, err := rows(ctx, q, doing, func(r *sql.Rows) (struct{}, error) {
		one, is, err := scan(r, &standby)
		if is && err == nil {
			list = append(list, one)
		}
		return struct{}{}, err
	}, query, account.String())
	if err := q.failOnStandby(standby, doing, err); err != nil {
		return nil, err
	}
	return list, nil
}

// InsertClientKey implements federation.Tx.
func (t *tx) InsertClientKey(ctx context.Context, k federation.Key) error {
	return t.queries.change(ctx, "register a key of a service account", users.ErrBadReference,
		`INSERT INTO client_keys (id, account_id, kid, algorithm, thumbprint, jwk, url, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		k.ID.String(), k.Account.String(), k.KeyID, k.Algorithm, k.Thumbprint, k.JWK, k.URL, instant(k.CreatedAt))
}

// DeleteClientKey implements federation.Tx.
func (t *tx) DeleteClientKey(ctx context.Context, account, id users.ID) error {
	return t.queries.change(ctx, "delete a key of a service account", users.ErrInUse,
		`DELETE FROM client_keys WHERE id = $1 AND account_id = $2`, id.String(), account.String())
}

// InsertTrust implements federation.Tx.
func (t *tx) InsertTrust(ctx context.Context, in federation.Trust) error {
	if in.Claims == nil {
		in.Claims = map[string]string{}
	}
	claims, err := json.Marshal(in.Claims, json.Deterministic(true))
	if err != nil {
		return err
	}
	return t.queries.change(ctx, "register a trust of a service account", users.ErrBadReference,
		`INSERT INTO client_trusts (id, account_id, issuer, subject, audience, claims, url, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		in.ID.String(), in.Account.String(), in.Issuer, string(in.Subject), in.Audience, string(claims), in.KeysURL, instant(in.CreatedAt))
}

// DeleteTrust implements federation.Tx.
func (t *tx) DeleteTrust(ctx context.Context, account, id users.ID) error {
	return t.queries.change(ctx, "delete a trust of a service account", users.ErrInUse,
		`DELETE FROM client_trusts WHERE id = $1 AND account_id = $2`, id.String(), account.String())
}

// UseAssertion implements federation.Store. If the connection breaks after the statement was committed, the second attempt
// finds the row of the first, and the assertion counts as used: the client has to sign another.
func (s *Store) UseAssertion(ctx context.Context, digest users.Digest, until time.Time) (bool, error) {
	n, err := retry(ctx, s, s.txLimit, func(ctx context.Context) (int64, error) {
		return s.reads().exec(ctx, "note a used assertion",
			`INSERT INTO used_assertions (digest, until_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, string(digest), instant(until))
	})
	return n == 1, err
}

// SweepUsedAssertions forgets the assertions that were noted until a time that is before another, in small statements.
// ErrUnavailable.
func (s *Store) SweepUsedAssertions(ctx context.Context, before time.Time) error {
	for {
		n, err := retry(ctx, s, s.txLimit, func(ctx context.Context) (int64, error) {
			return s.reads().exec(ctx, "forget used assertions",
				`DELETE FROM used_assertions WHERE digest IN (SELECT digest FROM used_assertions WHERE until_at < $1 LIMIT $2)`,
				instant(before), sweepBatch)
		})
		if err != nil || n < sweepBatch {
			return err
		}
	}
}
