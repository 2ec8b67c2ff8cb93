package keys

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/store/storetest"
)

// issued is a token that the service has issued.
type issued struct {
	token, key string
	expires    time.Time
}

// load is clients that log in, and verifiers that verify what they got.
type load struct {
	*replicas
	stop    chan struct{}
	running sync.WaitGroup

	mu       sync.Mutex
	tokens   []issued
	verified map[string]map[string]bool // keys whose tokens a verifier has accepted, by its name
	count    int                        // of accepted tokens
	revoked  string                     // a key that is being revoked, or is
	stolen   issued                     // a token of it
	refused  map[string]int             // how often a verifier has refused that, by its name
}

// begin has clients log in and each verifier verify the newest token, or an older one that is still valid, again and again.
func (l *load) begin(verifiers []verifier) {
	for range 2 {
		l.running.Go(func() {
			for l.going() {
				if err := l.logIn(); err != nil {
					l.t.Errorf("a login: %v", err)
					return
				}
			}
		})
	}
	eventually(l.t, "tokens are issued", func() bool { return l.t.Failed() || len(l.keys().Keys) > 0 && l.drawn() })
	for _, v := range verifiers {
		l.running.Go(func() {
			for l.going() {
				one := l.draw()
				err := v.verify(one.token)
				if !l.judge(v, one, err) {
					return
				}
			}
		})
	}
}

func (l *load) going() bool {
	select {
	case <-l.stop:
		return false
	default:
		return !l.t.Failed()
	}
}

// logIn gets a token.
func (l *load) logIn() error {
	body, err := json.Marshal(map[string]string{"email": adminEmail, "password": adminPassword})
	if err != nil {
		return err
	}
	response, err := http.Post(l.url+"/api/v1/auth/login", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct {
		Message string
		Data    struct{ Token string }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return nil
	default:
		return fmt.Errorf("%d %s", response.StatusCode, answer.Message)
	}
	one, err := read(answer.Data.Token)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens = append(slices.DeleteFunc(l.tokens, func(t issued) bool { return time.Now().After(t.expires) }), one)
	return nil
}

// read reads the key and the end of a token.
func read(token string) (issued, error) {
	var head struct{ KID string }
	var claims struct{ Exp int64 }
	parts := strings.Split(token, ".")
	for i, v := range []any{&head, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(raw, v)
		}
		if err != nil {
			return issued{}, err
		}
	}
	return issued{token, head.KID, time.Unix(claims.Exp, 0)}, nil
}

func (l *load) drawn() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.tokens) > 0
}

// draw returns the newest token, or any other.
func (l *load) draw() issued {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch n := rand.N(4); {
	case n < 2:
		return l.tokens[len(l.tokens)-1]
	case n == 2 && l.revoked != "":
		return l.stolen
	}
	return l.tokens[rand.N(len(l.tokens))]
}

// judge reports whether a verifier was right about a token.
func (l *load) judge(v verifier, one issued, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.revoked != "" && one.key == l.revoked:
		switch {
		case !time.Now().Before(l.stolen.expires):
			l.t.Errorf("%s refuses tokens of a revoked key only as they expire", v.name)
			return l.refused[v.name] > 0
		case one != l.stolen: // asked for before it was revoked, perhaps
		case err != nil:
			l.refused[v.name]++
		case l.refused[v.name] > 0:
			l.t.Errorf("%s accepts a token of a revoked key again", v.name)
			return false
		}
	case err == nil:
		if l.verified[v.name] == nil {
			l.verified[v.name] = map[string]bool{}
		}
		l.verified[v.name][one.key] = true
		l.count++
	case time.Now().Before(one.expires):
		l.t.Errorf("%s refuses a valid token of the key %s: %v", v.name, one.key, err)
		return false
	}
	return true
}

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

// awaitVerified waits until each verifier has accepted a token of a key.
func (l *load) awaitVerified(key string, verifiers []verifier) {
	l.t.Helper()
	for _, v := range verifiers {
		eventually(l.t, v.name+" has verified a token of each key", func() bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.t.Failed() || l.verified[v.name][key]
		})
	}
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
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, l.url+"/api/v1/keys/"+key.ID, http.NoBody)
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
