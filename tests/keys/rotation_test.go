package keys

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/store/storetest"
)

// steps are the steps of a rotation. Each says whether the keys have come to it, if a key of a slot is to begin next.
var steps = []struct {
	name    string
	reached func(s keyring.Snapshot, slot int64) bool
}{
	{"the next key has just been made", func(s keyring.Snapshot, slot int64) bool { return bySlot(s, slot).ID != "" }},
	{"the next key is about to sign", func(s keyring.Snapshot, slot int64) bool {
		return bySlot(s, slot).ID != "" && !s.Now.Before(bySlot(s, slot).SignsFrom.Add(-50*time.Millisecond))
	}},
	{"the next key has just begun to sign", func(s keyring.Snapshot, slot int64) bool { return begun(s, slot) }},
}

func bySlot(s keyring.Snapshot, slot int64) keyring.Record {
	for _, r := range s.Keys {
		if r.Slot == slot {
			return r
		}
	}
	return keyring.Record{}
}

func begun(s keyring.Snapshot, slot int64) bool {
	return bySlot(s, slot).ID != "" && !s.Now.Before(bySlot(s, slot).SignsFrom)
}

// TestRotationsUnderLoad lets keys follow one another while clients verify every token, and kills each replica at each
// step. No valid token is refused, and none of a revoked key is accepted once that is known.
func TestRotationsUnderLoad(t *testing.T) {
	for engine, fresh := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			l := &load{replicas: startReplicas(t, fresh(t)), stop: make(chan struct{}), verified: map[string]map[string]bool{}, refused: map[string]int{}}
			verifiers := newVerifiers(t, l.url)
			l.begin(verifiers)
			end := sync.OnceFunc(func() { close(l.stop); l.running.Wait() })
			defer end()
			first := signing(l.keys())
			for n := range *rotations {
				signs := signing(l.keys())
				l.awaitVerified(signs.ID, verifiers)
				slot := signs.Slot + 1
				step := steps[n%len(steps)]
				eventually(t, step.name, func() bool { return t.Failed() || step.reached(l.keys(), slot) })
				l.kill(n / len(steps) % 2)
				eventually(t, "the next key signs", func() bool { return t.Failed() || begun(l.keys(), slot) })
				if t.Failed() {
					return
				}
			}
			last := signing(l.keys())
			l.awaitVerified(last.ID, verifiers)
			l.revoke(last, verifiers)
			end()
			t.Logf("%d tokens of %d keys were verified", l.count, last.Slot-first.Slot+1)
		})
	}
}

// signing returns the key that signs.
func signing(s keyring.Snapshot) (found keyring.Record) {
	for _, r := range s.Keys {
		if !r.Revoked() && !s.Now.Before(r.SignsFrom) {
			found = r
		}
	}
	return found
}

// revoke revokes the key that signs. From then on the service refuses its tokens, and each verifier does when it reads the
// keys anew: one that follows changes at once, one that begins at once, and every other with the next key that it does not
// know. None that has refused the token accepts it again.
func (l *load) revoke(key keyring.Record, verifiers []verifier) {
	t := l.t
	t.Helper()
	// The next key signs at once, so that clients must have had the time to hear of it, as they have in any other rotation.
	eventually(t, "the next key has been published for a while", func() bool {
		s := l.keys()
		next := bySlot(s, key.Slot+1)
		return t.Failed() || next.ID != "" && s.Now.Sub(next.PublishedAt) >= l.settings.Policy.Lead
	})
	l.mu.Lock()
	l.revoked = key.ID
	for _, one := range l.tokens {
		if one.key == key.ID {
			l.stolen = one
		}
	}
	stolen := l.stolen
	l.mu.Unlock()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, l.url+"/api/v1/keys/"+key.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+stolen.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("the key is not revoked: %d", response.StatusCode)
	}
	for _, v := range verifiers {
		eventually(t, v.name+" refuses a token of the revoked key", func() bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			return t.Failed() || l.refused[v.name] > 3
		})
	}
	for _, v := range newVerifiers(t, l.url) {
		if v.verify(stolen.token) == nil {
			t.Errorf("a new client, %s, accepts a token of the revoked key", v.name)
		}
	}
}
