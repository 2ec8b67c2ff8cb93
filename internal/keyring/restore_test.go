package keyring_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/keyring"
)

// TestBackupRestored: an old backup is restored. Tokens of keys that it does not have are refused, and keys that should
// have ended are followed by new ones.
func TestBackupRestored(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		age  time.Duration
		want string // the states of the keys begin so
	}{
		"of today":      {0, "next signing"},
		"of two months": {61 * day, "next signing expired"}, // the next key goes on until another is known
		"of a year":     {365 * day, "next signing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "test.db")
			p := place("sqlite://" + file)
			p.seals = sealing(t, 0)
			migrate(t, p.url)
			before := started(t, p)
			kept := before.issue(t)
			must(t, before.store.Close())
			backup, err := os.ReadFile(file)
			must(t, err)

			later := started(t, p)
			for range 2 { // the first is to a key that the backup has
				_, err = later.Rotate(t.Context(), users.AsOperator(), true)
				must(t, err)
			}
			lost := later.issue(t)
			must(t, later.store.Close())
			must(t, os.WriteFile(file, backup, 0o600))
			for _, column := range []string{"published_at", "signs_from", "signs_until"} {
				sql(t, p.url, fmt.Sprintf("UPDATE signing_keys SET %s = %s - %d", column, column, c.age.Microseconds()))
			}

			restored := started(t, p)
			if _, err := restored.tokens.Verify(lost, time.Now()); !errors.Is(err, users.ErrUnknownKey) {
				t.Errorf("a token of a key that was made after the backup: %v", err)
			}
			if _, err := restored.tokens.Verify(kept, time.Now()); (err == nil) != (c.age == 0) {
				t.Errorf("a token of a key of the backup: %v", err)
			}
			if got := restored.states(t); !strings.HasPrefix(got, c.want) {
				t.Errorf("the keys are %q, want %q", got, c.want)
			}
			if _, err := restored.tokens.Verify(restored.issue(t), time.Now()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestNamesAfterRestore: no key id names two keys, whatever is made before and after a backup is restored, and an id that
// had named a key when the backup was made is refused for another.
func TestNamesAfterRestore(t *testing.T) {
	onEngines(t, func(t *testing.T, url string) {
		p := place(url)
		p.seals, p.environment = sealing(t, 0), named(t, "main")
		imported := started(t, p)
		_, err := imported.Import(t.Context(), users.AsOperator())
		must(t, err)
		main := p.environment
		p.environment = nil
		tables := []string{"signing_keys", "signing_key_names"}
		for _, table := range tables {
			sql(t, url, "CREATE TABLE backup_of_"+table+" AS SELECT * FROM "+table)
		}
		keys := map[string]string{} // the public half of each key, by its id
		note := func(r *replica) {
			t.Helper()
			found, err := r.store.SigningKeys(t.Context())
			must(t, err)
			for _, k := range found.Keys {
				if first, known := keys[k.ID]; known && first != string(k.Public) {
					t.Errorf("the id %s names two keys", k.ID)
				}
				keys[k.ID] = string(k.Public)
			}
		}
		later := started(t, p)
		for range 3 {
			_, err = later.Rotate(t.Context(), users.AsOperator(), true)
			must(t, err)
			note(later)
		}
		before := len(keys)
		for _, table := range tables {
			sql(t, url, "DELETE FROM "+table)
			sql(t, url, "INSERT INTO "+table+" SELECT * FROM backup_of_"+table)
		}
		restored := started(t, p)
		for range 3 { // in the slots of the keys that are gone
			_, err = restored.Rotate(t.Context(), users.AsOperator(), true)
			must(t, err)
			note(restored)
		}
		if len(keys) != before+3 {
			t.Errorf("there were %d keys before, and %d in all", before, len(keys))
		}
		p.environment = named(t, "main")
		var taken *keyring.NameTakenError
		if err := newReplica(t, p).Start(t.Context(), false); !errors.As(err, &taken) || taken.ID != "main" {
			t.Errorf("another key under an id of before the backup: %v", err)
		}
		p.environment = main
		started(t, p)
	})
}
