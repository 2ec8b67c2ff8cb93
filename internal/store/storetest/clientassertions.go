package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/federation"
	"github.com/svc-users/svc-users/internal/store"
)

// clientTx is a transaction that keeps keys and trusts.
type clientTx interface {
	users.Tx
	federation.Tx
}

// doClient runs a change of keys or trusts, and expects its error.
func (f *fixture) doClient(what string, want error, fn func(tx clientTx) error) {
	f.t.Helper()
	f.try(what, want, func(tx users.Tx) error { return fn(tx.(clientTx)) })
}

func testClientKeys(t *testing.T, f *fixture) {
	ctx := t.Context()
	other := open(t, f.url)
	a, b := f.addClient("orders"), f.addClient("billing")
	public := federation.Key{
		ID: users.NewID(), Account: a.ID, KeyID: "2026", Algorithm: "EdDSA", Thumbprint: "thumb", JWK: `{"kty":"OKP"}`, CreatedAt: now().Add(time.Minute),
	}
	byURL := federation.Key{ID: users.NewID(), Account: a.ID, URL: "https://keys.example/jwks", CreatedAt: now()}
	theirs := federation.Key{ID: users.NewID(), Account: b.ID, Thumbprint: "thumb", JWK: `{"kty":"OKP"}`, CreatedAt: now()}
	for _, k := range []federation.Key{public, byURL, theirs} {
		f.doClient("a key", nil, func(tx clientTx) error { return tx.InsertClientKey(ctx, k) })
	}
	list := func(what string, account users.ID, want ...federation.Key) {
		t.Helper()
		for name, s := range map[string]*store.Store{"this process": f.Store, "another": other} {
			got, err := s.ClientKeys(ctx, account)
			wantError(t, what, err, nil)
			same(t, what+", "+name, got, want)
		}
		f.doClient(what, nil, func(tx clientTx) error {
			got, err := tx.ClientKeys(ctx, account)
			same(t, what+", in a transaction", got, want)
			return err
		})
	}
	list("the oldest first", a.ID, byURL, public)
	list("of another account", b.ID, theirs)
	list("of none", users.NewID())
	f.doClient("the same key again", users.ErrTaken, func(tx clientTx) error {
		again := public
		again.ID = users.NewID()
		return tx.InsertClientKey(ctx, again)
	})
	f.doClient("an unknown account", users.ErrBadReference, func(tx clientTx) error {
		return tx.InsertClientKey(ctx, federation.Key{ID: users.NewID(), Account: users.NewID(), URL: "u", CreatedAt: now()})
	})
	f.doClient("of another account", users.ErrNotFound, func(tx clientTx) error { return tx.DeleteClientKey(ctx, b.ID, public.ID) })
	f.doClient("a deletion", nil, func(tx clientTx) error { return tx.DeleteClientKey(ctx, a.ID, public.ID) })
	list("after a deletion", a.ID, byURL)
	f.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, a.ID) })
	list("of an account that is deleted", a.ID)
	list("of the other account", b.ID, theirs)
}

func testTrusts(t *testing.T, f *fixture) {
	ctx := t.Context()
	other := open(t, f.url)
	a, b := f.addClient("orders"), f.addClient("billing")
	ci := federation.Trust{
		ID: users.NewID(), Account: a.ID, Issuer: "https://ci.example", Subject: "repo:acme/orders:*", Audience: "https://us.example",
		Claims: map[string]string{"ref": "refs/heads/main", "ä\"": "ü\\\n"}, CreatedAt: now().Add(time.Minute),
	}
	cluster := federation.Trust{
		ID: users.NewID(), Account: a.ID, Issuer: "https://cluster.example", Subject: "system:serviceaccount:shop:orders", Audience: "users",
		Claims: map[string]string{}, KeysURL: "https://cluster.example/openid/v1/jwks", CreatedAt: now(),
	}
	theirs := cluster
	theirs.ID, theirs.Account = users.NewID(), b.ID
	for _, trust := range []federation.Trust{ci, cluster, theirs} {
		f.doClient("a trust", nil, func(tx clientTx) error { return tx.InsertTrust(ctx, trust) })
	}
	list := func(what string, account users.ID, want ...federation.Trust) {
		t.Helper()
		for name, s := range map[string]*store.Store{"this process": f.Store, "another": other} {
			got, err := s.Trusts(ctx, account)
			wantError(t, what, err, nil)
			same(t, what+", "+name, got, want)
		}
		f.doClient(what, nil, func(tx clientTx) error {
			got, err := tx.Trusts(ctx, account)
			same(t, what+", in a transaction", got, want)
			return err
		})
	}
	list("the oldest first", a.ID, cluster, ci)
	list("of another account", b.ID, theirs)
	list("of none", users.NewID())
	f.doClient("an unknown account", users.ErrBadReference, func(tx clientTx) error {
		return tx.InsertTrust(ctx, federation.Trust{ID: users.NewID(), Account: users.NewID(), CreatedAt: now()})
	})
	f.doClient("of another account", users.ErrNotFound, func(tx clientTx) error { return tx.DeleteTrust(ctx, b.ID, ci.ID) })
	f.doClient("a deletion", nil, func(tx clientTx) error { return tx.DeleteTrust(ctx, a.ID, cluster.ID) })
	list("after a deletion", a.ID, ci)
	// A requirement that cannot be read must refuse, not be passed over.
	for _, broken := range []string{`null`, ``, `[]`, `{"ref":1}`, `{"ref"`} {
		byHand(t, f.url, `UPDATE client_trusts SET claims = '`+broken+`'`)
		if got, err := f.Trusts(ctx, a.ID); err == nil {
			t.Errorf("with the claims %q the trusts are %v", broken, got)
		}
	}
	f.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, a.ID) })
	list("of an account that is deleted", a.ID)
}

// testUsedAssertions: of several processes that use an assertion at once, one is the first.
func testUsedAssertions(t *testing.T, f *fixture) {
	ctx := t.Context()
	processes := []*store.Store{f.Store, open(t, f.url), open(t, f.url)}
	until := now().Add(time.Hour)
	for round := range 5 {
		var wins atomic.Int32
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				first, err := processes[i%len(processes)].UseAssertion(ctx, users.Digest(fmt.Sprint("digest-", round)), until)
				if err != nil {
					t.Errorf("UseAssertion: %v", err)
				}
				if first {
					wins.Add(1)
				}
			})
		}
		all.Wait()
		if wins.Load() != 1 {
			t.Fatalf("%d of the uses were the first", wins.Load())
		}
	}
	use := func(digest users.Digest, until time.Time, want bool) {
		t.Helper()
		first, err := processes[1].UseAssertion(ctx, digest, until)
		wantError(t, "UseAssertion", err, nil)
		same(t, "whether it is the first", first, want)
	}
	use("old", now().Add(-time.Hour), true)
	use("old", until, false)
	use("digest-0", until, false)
	wantError(t, "SweepUsedAssertions", f.SweepUsedAssertions(ctx, now()), nil)
	use("old", until, true)
	use("digest-0", until, false)
}
