package keyring_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/token"
)

// TestStartOfMany: replicas that start at the same time on an empty database have the same keys, and take each other's
// tokens from the first moment on.
func TestStartOfMany(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		p := place(url)
		p.seals = sealing(t, 0)
		replicas := make([]*replica, 6)
		for i := range replicas {
			replicas[i] = newReplica(t, p)
		}
		var starting sync.WaitGroup
		begin := make(chan struct{})
		for _, r := range replicas {
			starting.Go(func() {
				<-begin
				if err := r.Start(t.Context(), false); err != nil {
					t.Error(err)
				}
			})
		}
		close(begin)
		starting.Wait()
		for i, r := range replicas {
			if r.published() != replicas[0].published() || strings.Count(r.published(), " ") != 1 {
				t.Errorf("replica %d has %q, the first %q", i, r.published(), replicas[0].published())
			}
			if got := r.states(t); got != "next signing" {
				t.Errorf("the keys are %q", got)
			}
			for _, other := range replicas {
				if _, err := other.tokens.Verify(r.issue(t), time.Now()); err != nil {
					t.Error(err)
				}
			}
			if err := r.Ready(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestEncryptionKey: a wrong one, or none, stops the start, and changes nothing; a change of it is made in the way that is
// documented.
func TestEncryptionKey(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		p := place(url)
		p.seals = sealing(t, 0)
		first := started(t, p)
		signed := first.issue(t)
		for name, numbers := range map[string][]int{"another": {1}, "none of the former ones": {1, 2}} {
			p.seals = sealing(t, numbers...)
			r := newReplica(t, p)
			err := r.Start(t.Context(), false)
			if err == nil || !strings.Contains(err.Error(), "ENCRYPTION_KEYS_OLD") || !strings.Contains(err.Error(), strings.Fields(first.published())[0]) {
				t.Errorf("%s: %v", name, err)
			}
			if r.states(t) != "next signing" {
				t.Errorf("%s: the keys are %q", name, r.states(t))
			}
		}
		p.seals = nil
		if err := newReplica(t, p).Start(t.Context(), false); err == nil || !strings.Contains(err.Error(), "ENCRYPTION_KEY is missing") {
			t.Errorf("none: %v", err)
		}

		p.seals = sealing(t, 1, 0)
		changing := started(t, p)
		if _, err := changing.tokens.Verify(signed, time.Now()); err != nil {
			t.Error(err)
		}
		p.seals = sealing(t, 1)
		if err := newReplica(t, p).Start(t.Context(), false); err == nil {
			t.Error("the former key is not needed before the keys are encrypted anew")
		}
		if n, err := changing.Rewrap(t.Context(), users.AsOperator()); n != 2 || err != nil {
			t.Errorf("encrypted %d keys anew, %v", n, err)
		}
		if _, err := started(t, p).tokens.Verify(signed, time.Now()); err != nil {
			t.Error(err)
		}
		p.seals = sealing(t, 0)
		if err := newReplica(t, p).Start(t.Context(), false); err == nil {
			t.Error("the former key opens what is encrypted under the new one")
		}
	})
}

// TestKeysAtRest: no private half is in the database in any form, and one that was copied to another row does not open.
func TestKeysAtRest(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		p := place(url)
		key, err := token.GenerateKey(token.RS256)
		must(t, err)
		p.seals, p.environment = sealing(t, 0), key
		r := started(t, p)
		_, err = r.Import(t.Context(), users.AsOperator())
		must(t, err)
		found, err := r.store.SigningKeys(t.Context())
		must(t, err)
		pair, err := key.Pair()
		must(t, err)
		private := base64.StdEncoding.EncodeToString(pair.Private)
		for _, k := range found.Keys {
			for _, part := range []string{private[:24], private[600:640], string(pair.Private[400:430]), encryptionKeys[0][:20]} {
				if strings.Contains(k.Sealed, part) || strings.Contains(string(k.Public), part) {
					t.Errorf("a part of a private half is in the row of %s", k.ID)
				}
			}
		}
		swapped := newReplica(t, p)
		sql(t, url, `UPDATE signing_keys SET private_key = (SELECT private_key FROM signing_keys WHERE slot = 1)`)
		if err := swapped.Start(t.Context(), false); err == nil || !strings.Contains(err.Error(), found.Keys[1].ID) || strings.Contains(err.Error(), found.Keys[0].ID) {
			t.Errorf("a private half in the row of another key: %v", err)
		}
	})
}

// TestNames: a key id never names another key than it did first.
func TestNames(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		one, other := named(t, "main"), named(t, "main")
		p := place(url)
		p.environment = one
		started(t, p)
		started(t, p)
		p.environment = other
		var taken *keyring.NameTakenError
		if err := newReplica(t, p).Start(t.Context(), false); !errors.As(err, &taken) || taken.ID != "main" {
			t.Errorf("another key of the same name: %v", err)
		}
		p.environment = named(t, "second")
		started(t, p)
		p.environment, p.retired = named(t, "third"), []*token.Key{one}
		r := started(t, p)
		if !strings.Contains(r.published(), "main") {
			t.Errorf("the JWK set has %q", r.published())
		}

		// Without a key in the environment the first one of the database would refuse all tokens that there are.
		p.environment, p.retired, p.seals = nil, nil, sealing(t, 0)
		refused := newReplica(t, p)
		if err := refused.Start(t.Context(), false); !errors.Is(err, keyring.ErrImportFirst) {
			t.Errorf("a first key after one of the environment: %v", err)
		}
		if got := refused.states(t); got != "" {
			t.Errorf("the keys are %q", got)
		}
		if _, err := refused.Rotate(t.Context(), users.AsOperator(), false); !errors.Is(err, users.ErrConflict) {
			t.Errorf("a rotation: %v", err)
		}
		if _, err := refused.Rotate(t.Context(), users.AsOperator(), true); err != nil || refused.states(t) != "next signing" {
			t.Errorf("a rotation at once: %v, and the keys are %q", err, refused.states(t))
		}
		started(t, p)
	})
}

// TestRevokedEnvironment: a key that was imported and revoked is refused in the environment, too.
func TestRevokedEnvironment(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		p := place(url)
		p.seals, p.environment = sealing(t, 0), named(t, "main")
		r := started(t, p).run(t)
		_, err := r.Import(t.Context(), users.AsOperator())
		must(t, err)
		signed := r.issue(t)
		p.environment = nil
		other := started(t, p)
		_, err = other.Revoke(t.Context(), users.AsOperator(), "main", false)
		must(t, err)
		eventually(t, "the replica with the revoked key refuses its tokens", func() bool {
			_, err := r.tokens.Verify(signed, time.Now())
			return errors.Is(err, users.ErrUnknownKey)
		})
		if err := r.Ready(); !errors.Is(err, users.ErrUnavailable) {
			t.Errorf("a replica without a key to sign with is ready: %v", err)
		}
		if _, _, err := r.tokens.Issue(users.Claims{}); !errors.Is(err, users.ErrUnavailable) {
			t.Errorf("it signs: %v", err)
		}
		p.environment = named(t, "main")
		if err := newReplica(t, p).Start(t.Context(), false); err == nil || !strings.Contains(err.Error(), "revoked") {
			t.Errorf("a start with it: %v", err)
		}
		if _, err := r.Import(t.Context(), users.AsOperator()); !errors.Is(err, users.ErrConflict) {
			t.Errorf("imported again: %v", err)
		}
	})
}

// named is a key with an id of its own.
func named(t testing.TB, id string) *token.Key {
	t.Helper()
	key, err := token.GenerateKey(token.ES256)
	must(t, err)
	der, err := key.PrivateDER()
	must(t, err)
	key, err = token.ParsePKCS8(der, id)
	must(t, err)
	return key
}
