package authz

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/seal"
)

// timeText is a time as events have it, of a column that was read as text.
func (d rawDatabase) timeText(t testing.TB, column string) string {
	t.Helper()
	if micro, err := strconv.ParseInt(column, 10, 64); err == nil {
		return time.UnixMicro(micro).UTC().Format(time.RFC3339Nano)
	}
	at, err := time.Parse("2006-01-02 15:04:05.999999999 -0700 MST", column)
	must(t, err)
	return at.UTC().Format(time.RFC3339Nano)
}

// sentTo sends a step to a replica.
func sentTo(replica *apitest.Service, s eventStep) eventStep {
	s.at = replica
	return s
}

// importSteps take the key of the environment into the database.
func importSteps(*eventWorld) []eventStep {
	return []eventStep{
		on(post, "/keys/rotate", map[string]any{}, 409, ""),
		on(post, "/keys/import", nil, 200, "key.created key.created"),
		on(post, "/keys/import", nil, 200, ""),
	}
}

// inDatabase is a replica whose keys are those of the database, once that has some.
func (w *eventWorld) inDatabase(change func(*app.Keyring)) *apitest.Service {
	w.keyring = func(k *app.Keyring) {
		k.Environment = nil
		change(k)
	}
	return w.Replica(w.t, nil)
}

func rotateSteps(w *eventWorld) []eventStep {
	replica := w.inDatabase(func(*app.Keyring) {})
	return []eventStep{
		sentTo(replica, on(post, "/keys/rotate", map[string]any{}, 200, "key.rescheduled")),
		sentTo(replica, on(post, "/keys/rotate", map[string]any{}, 200, "")),
		sentTo(replica, on(post, "/keys/rotate", map[string]any{"at_once": true}, 200, "key.rescheduled key.created")),
		sentTo(replica, on(post, "/keys/import", nil, 409, "")),
	}
}

// revokeSteps revoke the next key, and then the one that signs.
func revokeSteps(w *eventWorld) []eventStep {
	replica := w.inDatabase(func(*app.Keyring) {})
	found, err := w.Store.SigningKeys(w.t.Context())
	must(w.t, err)
	next, signs := found.Keys[len(found.Keys)-1].ID, found.Keys[len(found.Keys)-2].ID
	return []eventStep{
		sentTo(replica, on(del, "/keys/"+next, nil, 200, "key.revoked key.created")),
		sentTo(replica, on(del, "/keys/"+next, nil, 200, "")),
		sentTo(replica, on(del, "/keys/"+signs, nil, 200, "key.revoked key.created key.rescheduled")),
		sentTo(replica, on(del, "/keys/none", nil, 404, "")),
	}
}

// rewrapSteps encrypt the keys anew that can still come to sign: the imported one, the one that signs and the next.
func rewrapSteps(w *eventWorld) []eventStep {
	former, err := seal.ParseKey(apitest.EncryptionKey())
	must(w.t, err)
	current, err := seal.ParseKey(seal.GenerateKey())
	must(w.t, err)
	seals, err := seal.NewRing(current, former)
	must(w.t, err)
	replica := w.inDatabase(func(k *app.Keyring) { k.Seals = seals })
	rewrapped := strings.TrimSpace(strings.Repeat("key.rewrapped ", 3))
	return []eventStep{sentTo(replica, on(post, "/keys/rewrap", nil, 200, rewrapped)), sentTo(replica, on(post, "/keys/rewrap", nil, 200, ""))}
}
