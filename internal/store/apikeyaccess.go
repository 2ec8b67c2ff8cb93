package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/lease"
)

// apiKeySecretName names the secret under which API keys are digested. It is made with the first of them, and in every
// copy of the database, so that a key is valid on all replicas and after a restore.
const apiKeySecretName = "api_keys"

// digestAPIKey returns what is kept of the secret of an API key: its HMAC-SHA-256 in base64url without padding.
func digestAPIKey(key []byte, secret users.APIKeySecret) users.Digest {
	mac := hmac.New(sha256.New, key)
	mac.Write(secret[:])
	return users.Digest(base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
}

// cachedAPIKey is an API key and a revision at which it was so, both read by one statement, as a cachedAccount is. It counts
// for as long as nothing of its account has changed.
type cachedAPIKey struct {
	key      users.APIKey
	revision users.Revision
	readAt   time.Time // when that statement began
}

// readAPIKey reads the key with a digest, the revision and the secret under which keys are digested, in one statement.
// ErrNotFound if there is no such key, with the secret, or nil if there are no keys at all.
func (q queries) readAPIKey(ctx context.Context, digest users.Digest) (found cachedAPIKey, digestKey []byte, err error) {
	const doing = "read an API key and the revision"
	var roles, accounts sql.NullString
	var standby bool
	found, err = row(ctx, q, doing, func(r *sql.Rows) (found cachedAPIKey, err error) {
		var secret string
		var k apiKeyRow
		if err := r.Scan(k.columns(&secret, &roles, &accounts, &standby)...); err != nil {
			return found, err
		}
		if digestKey, err = hex.DecodeString(secret); err != nil {
			return found, &badValue{"a secret"}
		}
		found.key, err = k.key()
		return found, err
	}, `SELECT `+q.dialect.hex("x.value")+`, s.stamp, s.account_stamp, `+q.traits.standby+`, `+apiKeyColumns+`
		FROM service_secrets x LEFT JOIN authorization_stamp s ON true LEFT JOIN api_keys k ON k.digest = $2 WHERE x.name = $1`,
		apiKeySecretName, string(digest))
	if errors.Is(err, users.ErrNotFound) { // there are no keys at all, which is said by no standby
		return found, nil, cmp.Or(q.refuseStandby(ctx, doing), err)
	}
	if err == nil && !roles.Valid {
		return found, nil, q.failNoRevision()
	}
	if err = q.failOnStandby(standby, doing, err); err == nil && found.key.ID.IsZero() {
		err = users.ErrNotFound
	}
	found.revision = users.Revision{Roles: roles.String, Accounts: accounts.String}
	return found, digestKey, err
}

// FindAPIKey implements users.APIKeyFinder. The secret under which keys are digested is kept in memory; where it turns out
// to be another, as with the first key, the key is looked for again.
func (s *Store) FindAPIKey(ctx context.Context, secret users.APIKeySecret) (users.APIKeyAccess, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (users.APIKeyAccess, error) {
		for {
			digestKey := s.digestKey()
			found, current, err := s.apiKeyAccess(ctx, digestAPIKey(digestKey, secret))
			if !errors.Is(err, users.ErrNotFound) || current == nil || bytes.Equal(current, digestKey) {
				return found, err
			}
			s.apiKeySecret.Store(&current)
		}
	})
}

// digestKey is the secret under which keys are digested, as it was read last; nil if it was not.
func (s *Store) digestKey() []byte {
	if key := s.apiKeySecret.Load(); key != nil {
		return *key
	}
	return nil
}

// APIKeyAccess implements users.AccessReader.
func (s *Store) APIKeyAccess(ctx context.Context, digest users.Digest) (users.APIKeyAccess, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (users.APIKeyAccess, error) {
		found, _, err := s.apiKeyAccess(ctx, digest)
		return found, err
	})
}

// apiKeyAccess returns a key with the access of its account, both of one revision: mixed, they could show a key that has
// ended with rights that its account was given since. With ErrNotFound it returns the secret under which keys are digested.
func (s *Store) apiKeyAccess(ctx context.Context, digest users.Digest) (users.APIKeyAccess, []byte, error) {
	for range 3 {
		found, now, digestKey, err := s.lookupAPIKey(ctx, digest)
		if err != nil {
			return users.APIKeyAccess{}, digestKey, err
		}
		access, ok := s.fromCache(now, found.key.Account)
		if !ok {
			access, err = s.readAccess(ctx, found.key.Account)
			if err != nil && !errors.Is(err, users.ErrNotFound) {
				return users.APIKeyAccess{}, nil, err
			}
			ok = err == nil && access.Revision.Accounts == now.Accounts
		}
		if ok {
			return users.APIKeyAccess{Key: found.key, Access: access, Digest: digest}, nil, nil
		}
	}
	// Accounts change faster than they are read, as in Access.
	var digestKey []byte
	found, err := inSnapshot(ctx, s, func(q queries) (users.APIKeyAccess, error) {
		now := s.clock()
		key, secret, err := q.readAPIKey(ctx, digest)
		if digestKey = secret; err != nil {
			return users.APIKeyAccess{}, err
		}
		account, err := q.readAccount(ctx, key.key.Account, now)
		if err != nil {
			return users.APIKeyAccess{}, err
		}
		loaded, err := q.loadGraph(ctx, s.graphs.base(now), now)
		access := users.Access{Account: account.account, Graph: loaded.graph, Ended: account.ended, Keys: account.keys}
		return users.APIKeyAccess{Key: key.key, Access: access, Digest: digest}, err
	})
	return found, digestKey, err
}

// lookupAPIKey returns a key and the revision, both as of now. With ErrNotFound it returns the secret under which keys are
// digested.
func (s *Store) lookupAPIKey(ctx context.Context, digest users.Digest) (cachedAPIKey, users.Revision, []byte, error) {
	if kept, ok := s.keptAPIKey(digest); ok {
		now, err := s.currentRevision(ctx)
		if err != nil {
			return cachedAPIKey{}, users.Revision{}, nil, err
		}
		if now.Accounts == kept.revision.Accounts {
			return kept, now, nil, nil
		}
	}
	began := s.clock()
	found, digestKey, err := s.reads().readAPIKey(ctx, digest)
	if err != nil {
		if errors.Is(err, users.ErrNotFound) {
			s.apiKeys.Invalidate(digest)
		}
		return cachedAPIKey{}, users.Revision{}, digestKey, err
	}
	found.readAt = began
	s.apiKeys.Set(digest, found)
	return found, found.revision, nil, nil
}

// keptAPIKey returns the cache's entry of a key, unless it was read too long ago.
func (s *Store) keptAPIKey(digest users.Digest) (cachedAPIKey, bool) {
	kept, ok := s.apiKeys.GetIfPresent(digest)
	return kept, ok && lease.WithinMaxAge(kept.readAt, s.clock())
}

// CachedAPIKey implements users.APIKeyFinder. The key is proven to be the same at the leased revision as its account is in
// CachedAccess, and that revision is compared again after both were found.
func (s *Store) CachedAPIKey(secret users.APIKeySecret) (users.APIKeyAccess, bool) {
	rev, ok := s.revisions.leasedRevision()
	if !ok {
		return users.APIKeyAccess{}, false
	}
	digest := digestAPIKey(s.digestKey(), secret)
	kept, ok := s.keptAPIKey(digest)
	if !ok {
		return users.APIKeyAccess{}, false
	}
	same := kept.revision.Accounts == rev.Accounts
	if !same && !s.revisions.unchanged(kept.key.Account, kept.revision.Accounts, rev.Accounts) {
		return users.APIKeyAccess{}, false
	}
	access, ok := s.CachedAccess(kept.key.Account)
	if !ok {
		return users.APIKeyAccess{}, false
	}
	if last, ok := s.revisions.leasedRevision(); !ok || last != rev {
		return users.APIKeyAccess{}, false
	}
	if !same {
		kept.revision = rev
		s.apiKeys.Set(digest, kept)
	}
	return users.APIKeyAccess{Key: kept.key, Access: access, Digest: digest}, true
}

// APIKeyAccess implements users.AccessReader.
func (t *tx) APIKeyAccess(ctx context.Context, digest users.Digest) (users.APIKeyAccess, error) {
	found, _, err := t.readAPIKey(ctx, digest)
	if err != nil {
		return users.APIKeyAccess{}, err
	}
	access, err := t.Access(ctx, found.key.Account)
	return users.APIKeyAccess{Key: found.key, Access: access, Digest: digest}, err
}
