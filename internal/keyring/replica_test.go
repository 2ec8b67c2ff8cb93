package keyring_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/seal"
	"github.com/svc-users/svc-users/internal/store"
	"github.com/svc-users/svc-users/internal/store/storetest"
	"github.com/svc-users/svc-users/internal/token"
)

const day = 24 * time.Hour

// patience only ends what hangs. It is far longer than anything takes that works, on however busy a machine.
const patience = 10 * time.Minute

// countingStore counts how often the keys are read.
type countingStore struct {
	*store.Store
	reads atomic.Int64
	away  atomic.Bool // the database does not answer
}

func (s *countingStore) SigningKeys(ctx context.Context) (keyring.Snapshot, error) {
	s.reads.Add(1)
	if s.away.Load() {
		return keyring.Snapshot{}, users.Unavailable("The database is not reachable.", time.Second, nil)
	}
	return s.Store.SigningKeys(ctx)
}

func (s *countingStore) KeyStamp(ctx context.Context) (string, error) {
	if s.away.Load() {
		return "", users.Unavailable("The database is not reachable.", time.Second, nil)
	}
	return s.Store.KeyStamp(ctx)
}

// replica is the keys of one process on a database.
type replica struct {
	*keyring.Manager
	tokens *token.Holder
	store  *countingStore
	ahead  atomic.Int64 // of its clock

	mu   sync.Mutex
	seen []keyring.Observation
}

// surroundings are what a replica is started in.
type surroundings struct {
	url         string
	environment *token.Key
	retired     []*token.Key
	seals       *seal.Ring
	policy      keyring.Policy
}

// place returns the surroundings of replicas on an empty database.
func place(url string) surroundings {
	return surroundings{url: url, policy: keyring.Policy{Period: 30 * day, Lead: day, Life: 7 * day, Tail: time.Hour}}
}

// onEngines runs a test on an empty database of each kind.
func onEngines(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Parallel()
	for name, fresh := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh(t))
		})
	}
}

// encryptionKeys are made once: the same number is the same key.
var encryptionKeys = func() (keys [3]string) {
	for i := range keys {
		keys[i] = seal.GenerateKey()
	}
	return keys
}()

// sealing is a ring of encryption keys, by their numbers, the current one first.
func sealing(t testing.TB, numbers ...int) *seal.Ring {
	t.Helper()
	var keys []*seal.Key
	for _, n := range numbers {
		key, err := seal.ParseKey(encryptionKeys[n])
		must(t, err)
		keys = append(keys, key)
	}
	ring, err := seal.NewRing(keys[0], keys[1:]...)
	must(t, err)
	return ring
}

func newReplica(t testing.TB, p surroundings) *replica {
	t.Helper()
	st, err := store.Open(context.Background(), p.url)
	must(t, err)
	st.SetLimits(patience, patience, patience)
	t.Cleanup(func() { _ = st.Close() }) // a test may have closed it
	options := token.Options{Issuer: "https://id.example", Audiences: []string{"https://api.example"}}
	none, err := token.NewKeySet(nil, nil, options)
	must(t, err)
	r := &replica{tokens: token.NewHolder(none), store: &countingStore{Store: st}}
	ports := keyring.Ports{
		Store: r.store, Tokens: token.Keys{Holder: r.tokens, Algorithm: token.ES256, Options: options}, Seals: p.seals, Policy: p.policy,
		Now: func() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }, Wait: wait,
		Observe: func(o keyring.Observation) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.seen = append(r.seen, o)
		},
	}
	if p.environment != nil {
		pair, err := p.environment.Pair()
		must(t, err)
		ports.Environment = &pair
	}
	for _, key := range p.retired {
		pair, err := key.PublicOnly().Pair()
		must(t, err)
		ports.Retired = append(ports.Retired, pair)
	}
	rules := users.New(users.Ports{Store: st, Tokens: r.tokens, Now: time.Now, NewID: users.NewID, TokenLife: p.policy.Life, Skeleton: strings.ToLower, Operator: true})
	must(t, rules.Bootstrap(t.Context()))
	r.Manager = keyring.NewManager(keyring.NewRing(ports), rules)
	return r
}

// started is a replica that has started.
func started(t testing.TB, p surroundings) *replica {
	t.Helper()
	r := newReplica(t, p)
	must(t, r.Start(t.Context(), false))
	return r
}

// run keeps a replica running until the test ends.
func (r *replica) run(t testing.TB) *replica {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return r
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// issue signs a token that is valid for an hour.
func (r *replica) issue(t testing.TB) string {
	t.Helper()
	now := time.Now()
	signed, _, err := r.tokens.Issue(users.Claims{
		Subject: users.NewID(), TokenID: users.NewID(), IssuedAt: now, NotBefore: now, Expires: now.Add(time.Hour), Version: 1,
		Email: "ada@example.com", Roles: []string{"Admin"},
	})
	must(t, err)
	return signed
}

// states are those of the keys, the newest first.
func (r *replica) states(t testing.TB) string {
	t.Helper()
	keys, err := r.List(t.Context(), users.AsOperator())
	must(t, err)
	var states []string
	for _, k := range keys {
		states = append(states, string(k.State))
	}
	return strings.Join(states, " ")
}

// published are the ids in the JWK set, the one that signs first.
func (r *replica) published() string {
	var ids []string
	for _, k := range r.tokens.Public() {
		ids = append(ids, k.ID)
	}
	return strings.Join(ids, " ")
}

// eventually waits for what comes about by itself.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for began := time.Now(); !done(); time.Sleep(time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("%s: it never comes about", what)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
