package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"time"

	"github.com/svc-users/svc-users"
)

// clientSecretsKey names the secret under which client secrets are digested. It is made with the first of them, and is in
// every copy of the database, so that a client secret is valid on all replicas and after a restore.
const clientSecretsKey = "client_secrets"

// digestClientSecret returns what is kept of a client secret: its HMAC-SHA-256 in base64url without padding.
func digestClientSecret(key []byte, value users.ClientSecretValue) users.Digest {
	mac := hmac.New(sha256.New, key)
	mac.Write(value[:])
	return users.Digest(base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
}

const clientSecretColumns = `c.id, c.account_id, c.last_four, c.created_at, c.expires_at, c.used_at` //nolint:gosec // names of columns

// clientSecretRow is where the columns of a client secret go, all of which are NULL where there is none.
type clientSecretRow struct {
	id, account            idColumn
	lastFour               sql.NullString
	created, expires, used nullTimeColumn
}

func (r *clientSecretRow) columns(before ...any) []any {
	return append(before, &r.id, &r.account, &r.lastFour, &r.created, &r.expires, &r.used)
}

func (r *clientSecretRow) secret() users.ClientSecret {
	return users.ClientSecret{
		ID: users.ID(r.id), Account: users.ID(r.account), LastFour: r.lastFour.String,
		CreatedAt: time.Time(r.created), ExpiresAt: time.Time(r.expires), UsedAt: time.Time(r.used),
	}
}

// ClientSecrets implements users.ClientSecretReader.
func (q queries) ClientSecrets(ctx context.Context, account users.ID) ([]users.ClientSecret, error) {
	return rows(ctx, q, "read the secrets of a service account", func(r *sql.Rows) (users.ClientSecret, error) {
		var c clientSecretRow
		err := r.Scan(c.columns()...)
		return c.secret(), err
	}, `SELECT `+clientSecretColumns+` FROM client_secrets c WHERE c.account_id = $1 ORDER BY c.created_at, c.id`, account.String())
}

// ClientSecrets implements users.ClientSecretReader.
func (s *Store) ClientSecrets(ctx context.Context, account users.ID) ([]users.ClientSecret, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]users.ClientSecret, error) {
		return s.reads().ClientSecrets(ctx, account)
	})
}

// FindClientSecret implements users.ClientSecretFinder. It is one statement, whether or not there is such an account, and
// answers on no standby, which may still have a secret that was deleted. All digests are compared, each in constant time.
func (s *Store) FindClientSecret(ctx context.Context, account users.ID, value users.ClientSecretValue) (users.ClientSecret, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (users.ClientSecret, error) {
		return s.reads().findClientSecret(ctx, account, value)
	})
}

func (q queries) findClientSecret(ctx context.Context, account users.ID, value users.ClientSecretValue) (users.ClientSecret, error) {
	const doing = "read the secrets of a client"
	var found users.ClientSecret
	var standby bool
	_, err := rows(ctx, q, doing, func(r *sql.Rows) (struct{}, error) {
		var c clientSecretRow
		var key, digest sql.NullString
		if err := r.Scan(c.columns(&standby, &key, &digest)...); err != nil {
			return struct{}{}, err
		}
		under, err := hex.DecodeString(key.String)
		if err != nil {
			return struct{}{}, &badValue{"a secret"}
		}
		same := hmac.Equal([]byte(digestClientSecret(under, value)), []byte(digest.String))
		if same && key.Valid && digest.Valid {
			found = c.secret()
		}
		return struct{}{}, nil
	}, `SELECT `+q.traits.standby+`, `+q.dialect.hex("x.value")+`, c.digest, `+clientSecretColumns+`
		FROM authorization_stamp s LEFT JOIN service_secrets x ON x.name = $1 LEFT JOIN client_secrets c ON c.account_id = $2`,
		clientSecretsKey, account.String())
	if err = q.failOnStandby(standby, doing, err); err == nil && found.ID.IsZero() {
		err = users.ErrNotFound
	}
	return found, err
}

// InsertClientSecret implements users.ClientSecretWriter.
func (q queries) InsertClientSecret(ctx context.Context, c users.ClientSecret, value users.ClientSecretValue) error {
	key, err := q.makeSecret(ctx, clientSecretsKey)
	if err != nil {
		return err
	}
	return q.change(ctx, "make a client secret", users.ErrBadReference,
		`INSERT INTO client_secrets (id, account_id, digest, last_four, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		c.ID.String(), c.Account.String(), string(digestClientSecret(key, value)), c.LastFour, instant(c.CreatedAt), optionalInstant(c.ExpiresAt))
}

// DeleteClientSecret implements users.ClientSecretWriter.
func (q queries) DeleteClientSecret(ctx context.Context, account, id users.ID) error {
	return q.change(ctx, "delete a client secret", users.ErrInUse,
		`DELETE FROM client_secrets WHERE id = $1 AND account_id = $2`, id.String(), account.String())
}

// NoteClientSecretUse implements users.ClientSecretFinder.
func (s *Store) NoteClientSecretUse(c users.ClientSecret, at time.Time) {
	s.secretUses.note(c.ID, c.UsedAt, at)
}
