package authz

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

// ledger is a Recorder that keeps all events of changes that were committed or, where a change is undone after it was
// recorded, not.
type ledger struct {
	mu     sync.Mutex
	events []users.Event
}

func (l *ledger) Record(_ context.Context, _ any, events []users.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, events...)
	return nil
}

// take returns the events since it was called last.
func (l *ledger) take() []users.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := l.events
	l.events = nil
	return events
}

// kinds are those of events, in their order.
func kinds(events []users.Event) string {
	list := make([]string, len(events))
	for i, e := range events {
		list[i] = string(e.Kind)
	}
	return strings.Join(list, " ")
}

// watch makes a change and checks that the events account for exactly the rows that differ after it.
func watch(t *testing.T, raw rawDatabase, l *ledger, actor users.Subject, change func()) []users.Event {
	t.Helper()
	before, began := raw.dbTables(t), time.Now().Add(-time.Minute)
	l.take()
	change()
	after, events := raw.dbTables(t), l.take()
	for _, problem := range unaccounted(before, after, events) {
		t.Error(problem)
	}
	ids := map[users.ID]bool{}
	for i, e := range events {
		if e.ID.IsZero() || ids[e.ID] || e.Time.Before(began) || e.Time != events[0].Time || e.Actor != actor {
			t.Errorf("%s: id %s, time %s, actor %v, want %v", e.Kind, e.ID, e.Time, e.Actor, actor)
		}
		ids[e.ID] = true
		if e.Kind == users.AccountImpersonated { // which changes nothing
			continue
		}
		rest := slices.Delete(slices.Clone(events), i, i+1)
		if tableOf[e.Target.Kind] != "" && len(unaccounted(before, after, rest)) == 0 {
			t.Errorf("without %s the events account for everything too", e.Kind)
		}
		if tableOf[e.Target.Kind] != "" && len(unaccounted(after, after, []users.Event{e})) == 0 {
			t.Errorf("%s accounts for no change", e.Kind)
		}
		for _, row := range after["accounts"] {
			if strings.Contains(fmt.Sprintf("%+v", e), row["password_hash"]) {
				t.Errorf("%s has a hash in it", e.Kind)
			}
		}
	}
	return events
}

// TestEveryChangeRecordsItsEvents makes calls of every operation that changes something: what the tables have before and
// after, and the events of the call, must agree.
func TestEveryChangeRecordsItsEvents(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			l := &ledger{}
			w := newEventWorld(t, engine, l)
			untested := set{}
			for op, r := range routes {
				untested[op] = r.method != get && !r.reads
			}
			quiet := set{"planDeclaration": true} // a plan changes nothing
			for _, group := range eventSteps() {
				delete(untested, group.op)
				recorded := false
				for _, s := range group.steps(w) {
					recorded = w.make(t, l, s) || recorded
				}
				if recorded == quiet[group.op] {
					t.Errorf("whether calls of %s have recorded anything: %v", group.op, recorded)
				}
			}
			for op, yes := range untested {
				if yes {
					t.Errorf("%s changes something, and no call of it is made here", op)
				}
			}
		})
	}
}

// make makes a step, and reports whether it has recorded anything.
func (w *eventWorld) make(t *testing.T, l *ledger, s eventStep) bool {
	t.Helper()
	id := w.AdminID
	if s.call.Token == "" {
		s.call.Token = w.AdminToken
	} else {
		id = s.actor
	}
	parsed, _ := users.ParseID(id)
	account, err := w.Store.Account(t.Context(), parsed)
	if err != nil {
		t.Fatal(err)
	}
	actor := account.Subject()
	events := watch(t, w.raw, l, actor, func() {
		if answer := cmp.Or(s.at, w.Service).Send(t, s.call); answer.Status != s.status {
			t.Fatalf("%s: %d %s", s.what, answer.Status, answer.Body)
		}
	})
	if got := kinds(events); got != s.kinds {
		t.Errorf("%s %v has recorded %q, want %q", s.what, s.call.Body, got, s.kinds)
	}
	return len(events) > 0
}

// rerunStore runs each transaction twice, as a store does whose engine asks for that.
type rerunStore struct{ users.Store }

var errRerun = errors.New("the transaction is run again")

func (s rerunStore) InTx(ctx context.Context, fn func(users.Tx) error) error {
	err := s.Store.InTx(ctx, func(tx users.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errRerun
	})
	if !errors.Is(err, errRerun) {
		return err
	}
	return s.Store.InTx(ctx, fn)
}

// A transaction that is run again records anew, and a recorder that fails undoes the change.
func TestRecordersAndTransactions(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	raw, l := openRaw(t, svc.Database), &ledger{}
	ports := svc.Users.Ports
	ports.Store, ports.Recorders = rerunStore{svc.Store}, []users.Recorder{l}
	if _, err := users.New(ports).CreateAdministrator(t.Context(), "second@example.com", "a-fresh-secret"); err != nil {
		t.Fatal(err)
	}
	if events := l.take(); kinds(events) != "account.created account.created" || events[0].Target.ID == events[1].Target.ID {
		t.Errorf("of two runs the events are %v", events)
	}
	ports.Store, ports.Recorders = svc.Store, []users.Recorder{l, failing{}}
	before := fmt.Sprint(raw.dbTables(t))
	if _, err := users.New(ports).CreateAdministrator(t.Context(), "third@example.com", "a-fresh-secret"); !errors.Is(err, errFailing) {
		t.Errorf("the error is %v", err)
	}
	if now := fmt.Sprint(raw.dbTables(t)); now != before {
		t.Error("a change was made that could not be recorded")
	}
}

var errFailing = errors.New("there is no room for events")

type failing struct{}

func (failing) Record(context.Context, any, []users.Event) error { return errFailing }
