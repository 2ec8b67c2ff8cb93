package app_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/importer"
)

// manyRecords are accounts of several transactions.
func manyRecords(n int) iter.Seq2[importer.Record, error] {
	return func(yield func(importer.Record, error) bool) {
		for i := range n {
			r := importer.Record{Line: i + 1, Email: fmt.Sprintf("many%d@example.org", i), Roles: []string{"Import Fresh"}, Password: &importer.Hash{Text: importHash}, Disabled: i%2 == 1}
			if !yield(r, nil) {
				return
			}
		}
	}
}

const manyImported = 1700

// wantCounted fails the test unless there are so many accounts by all that counts them.
func wantCounted(t *testing.T, svc *apitest.Service, want int) {
	t.Helper()
	role := users.AccountFilter{Query: "many"}
	for _, count := range []struct {
		filter users.AccountFilter
		want   int
	}{{users.AccountFilter{}, want + 1}, {role, want}, {users.AccountFilter{Active: new(bool)}, want / 2}} {
		if n, err := svc.Store.CountAccounts(t.Context(), count.filter, 0); n != count.want || err != nil {
			t.Errorf("%d accounts of %+v, want %d, %v", n, count.filter, count.want, err)
		}
	}
	if n := total(t, svc); n != want+1 {
		t.Errorf("%d accounts are listed, want %d", n, want+1)
	}
}

// An import that ends early has done whole transactions, and another goes on from there.
func TestImportGoesOn(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		im := asOperator(svc, nil)
		broken := errors.New("the report can't be written")
		summary, err := im.Run(t.Context(), users.AsOperator(), manyRecords(manyImported), importer.Options{CreateRoles: true}, func(r importer.Result) error {
			if r.Line == 700 {
				return broken
			}
			return nil
		})
		if !errors.Is(err, broken) || summary.Records != 700 {
			t.Fatal(err, summary)
		}
		wantCounted(t, svc, 1000)
		ctx, cancel := context.WithCancel(t.Context())
		_, err = im.Run(ctx, users.AsOperator(), manyRecords(manyImported), importer.Options{CreateRoles: true}, func(r importer.Result) error {
			if r.Line == 1200 {
				cancel()
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		wantCounted(t, svc, 1500)
		gone := errors.New("the disk is gone")
		cut := func(yield func(importer.Record, error) bool) {
			for r, err := range manyRecords(manyImported) {
				if r.Line == 1600 {
					yield(importer.Record{}, gone)
					return
				}
				if !yield(r, err) {
					return
				}
			}
		}
		if _, err = im.Run(t.Context(), users.AsOperator(), cut, importer.Options{CreateRoles: true}, func(importer.Result) error { return nil }); !errors.Is(err, gone) {
			t.Fatal(err)
		}
		wantCounted(t, svc, 1599)
		_, summary = runImport(t, im, manyRecords(manyImported), importer.Options{CreateRoles: true})
		if summary.Of[importer.Created] != manyImported-1599 || summary.Of[importer.Unchanged] != 1599 || len(summary.Roles) > 0 {
			t.Errorf("%+v", summary)
		}
		wantCounted(t, svc, manyImported)
	})
}

// Two imports of the same at once, while accounts are created and roles changed, make each account once.
func TestImportsAtOnce(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		importers := []*importer.Importer{asOperator(svc, nil), asOperator(svc.Replica(t, nil), nil)}
		var running sync.WaitGroup
		summaries := make([]importer.Summary, len(importers))
		for i, im := range importers {
			running.Go(func() {
				_, summaries[i] = runImport(t, im, manyRecords(manyImported), importer.Options{CreateRoles: true})
			})
		}
		other := svc.NewRole(t, "")
		for i := range 20 {
			svc.Patch(t, "/api/v1/roles/"+other, map[string]any{"description": fmt.Sprint(i)}).Want(t, 200, "")
		}
		running.Wait()
		made := summaries[0].Of[importer.Created] + summaries[1].Of[importer.Created]
		if made != manyImported || summaries[0].Records != manyImported || summaries[1].Records != manyImported || len(summaries[0].Roles)+len(summaries[1].Roles) != 1 {
			t.Errorf("%+v", summaries)
		}
		wantCounted(t, svc, manyImported)
	})
}

// awayStore is a Store whose transactions are away for some time: some before they begin, and some after their commit, whose
// answer is lost.
type awayStore struct {
	users.Store
	mu    sync.Mutex
	calls int
}

func (s *awayStore) InTx(ctx context.Context, fn func(tx users.Tx) error) error {
	s.mu.Lock()
	s.calls++
	n := s.calls
	s.mu.Unlock()
	away := &users.Error{Kind: users.ErrUnavailable, RetryAfter: 3 * time.Second}
	switch n % 3 {
	case 1:
		return away
	case 2:
		return errors.Join(s.Store.InTx(ctx, fn), away)
	}
	return s.Store.InTx(ctx, fn)
}

// A database that is away is waited for, and no account is lost or made twice; one that stays away ends the import.
func TestImportWaitsForTheDatabase(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		var waited []time.Duration
		im := asOperator(svc, func(p *importer.Ports) {
			rules := p.Service.Ports
			rules.Store = &awayStore{Store: rules.Store}
			p.Service = users.New(rules)
			p.Wait = func(_ context.Context, d time.Duration) error {
				waited = append(waited, d)
				return nil
			}
		})
		_, summary := runImport(t, im, manyRecords(manyImported), importer.Options{CreateRoles: true})
		if summary.Of[importer.Created]+summary.Of[importer.Unchanged] != manyImported || len(waited) < 4 || waited[0] != 3*time.Second {
			t.Errorf("%+v, waited %v", summary, waited)
		}
		wantCounted(t, svc, manyImported)

		waited = nil
		im = asOperator(svc, func(p *importer.Ports) {
			p.Store = unavailableStore{}
			p.Wait = func(_ context.Context, d time.Duration) error {
				waited = append(waited, d)
				return nil
			}
		})
		_, err := im.Run(t.Context(), users.AsOperator(), manyRecords(1), importer.Options{CreateRoles: true}, nil)
		if !errors.Is(err, users.ErrUnavailable) || len(waited) != 60 {
			t.Errorf("%v after %d waits", err, len(waited))
		}
	})
}

type unavailableStore struct{ importer.Store }

func (unavailableStore) AccountsByEmails(context.Context, []users.Email) ([]users.Account, error) {
	return nil, &users.Error{Kind: users.ErrUnavailable}
}
