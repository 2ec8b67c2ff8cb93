package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/report"
	"github.com/svc-users/svc-users/bench/stats"
	"github.com/svc-users/svc-users/bench/target"
)

const (
	// subjects are changed in turn, four of each kind, one every liveEvery, so that each is watched for longer than
	// the second after which no stale right may be granted.
	subjects  = 4 * len(subjectKinds)
	liveEvery = 80 * time.Millisecond
	watched   = time.Duration(subjects) * liveEvery
	// liveRate is how many questions a second each replica is asked, over liveConns connections.
	liveRate  = 500
	liveConns = 2
)

// live changes rights while it asks all replicas, to measure how long after a change a replica still answers as before.
func live(ctx context.Context, r *run, database string) error {
	for _, n := range []int{2, 3} {
		s, hasher, err := r.env.Installed(ctx, r.binary, database, cheapCost)
		if err != nil {
			return err
		}
		if err := target.CreateAdmin(ctx, s, adminEmail, password); err != nil {
			return err
		}
		if err := r.env.replicas(ctx, s, n, func(replicas []*target.Service) error {
			a, err := newAdmin(ctx, replicas)
			if err != nil {
				return err
			}
			defer a.Close()
			w := &watch{}
			for i := range subjects {
				s, err := newSubject(ctx, replicas[0], a, plan(few, hasher), i)
				if err != nil {
					return err
				}
				w.subjects = append(w.subjects, s)
			}
			if err := w.run(ctx, replicas, r.scale.changes); err != nil {
				return err
			}
			return r.addLive(database, n, w)
		}); err != nil {
			return fmt.Errorf("%d replicas: %w", n, err)
		}
	}
	return nil
}

// watch records the changes and the answers of the replicas during them.
type watch struct {
	subjects []*subject
	begin    time.Time
	changed  atomic.Int64 // how many changes have been asked for
	changes  []change
	mu       sync.Mutex
	verdicts []verdict
}

// run asks all replicas while it makes the given number of changes, and for the time watched after the last one.
func (w *watch) run(ctx context.Context, replicas []*target.Service, changes int) error {
	pools, err := dialAll(ctx, replicas, liveConns)
	if err != nil {
		return err
	}
	defer closeAll(pools)
	asking, stop := context.WithCancel(ctx)
	defer stop()
	var group errgroup.Group
	w.begin = time.Now()
	for replica, pool := range pools {
		group.Go(func() error {
			defer stop() // one failed pool ends all
			return pool.Paced(liveRate, func(int) bool { return asking.Err() == nil }, func(turn int) load.Question { return w.ask(replica, turn) })
		})
	}
	group.Go(func() error {
		defer stop()
		if err := w.change(asking, changes); err != nil {
			return err
		}
		sleep(asking, watched)
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// change revokes and grants the right, one subject after the other.
func (w *watch) change(ctx context.Context, changes int) error {
	due := w.begin
	for i := range changes {
		sleep(ctx, time.Until(due))
		due = time.Now().Add(liveEvery)
		if ctx.Err() != nil {
			return nil // the goroutine that cancelled returns the error
		}
		c := change{subject: i % subjects, given: i/subjects%2 == 1}
		do := w.subjects[c.subject].take
		if c.given {
			do = w.subjects[c.subject].give
		}
		w.changed.Store(int64(i) + 1)
		c.asked = time.Since(w.begin)
		if err := do(); err != nil {
			return err
		}
		c.acked = time.Since(w.begin)
		w.changes = append(w.changes, c)
	}
	return nil
}

// chooseSubject returns the index of the subject to ask for. Every other turn it is the subject of the newest change;
// the remaining turns alternate between the subject of the change before it and all subjects in turn.
func chooseSubject(changed, turn int) int {
	newest := changed + subjects - 1
	switch turn % 4 {
	case 1:
		return (newest - 1) % subjects
	case 3:
		return turn / 4 % subjects
	default:
		return newest % subjects
	}
}

// ask returns the question of a turn to a replica: may the chosen subject read another account?
func (w *watch) ask(replica, turn int) load.Question {
	who := chooseSubject(int(w.changed.Load()), turn)
	return load.Question{Request: *w.subjects[who].ask.Load(), Got: func(e load.Exchange) error {
		yes, err := parseVerdict(e.Answer)
		if err != nil {
			return err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.verdicts = append(w.verdicts, verdict{replica, who, yes, e.Asked.Sub(w.begin), e.Received.Sub(w.begin)})
		return nil
	}}
}

// addLive adds the rows of a number of replicas.
func (r *run) addLive(database string, replicas int, w *watch) error {
	all, err := computeConvergence(w.changes, w.verdicts, replicas)
	if err != nil {
		return err
	}
	var taken, given []time.Duration
	seen := 0
	for i, took := range all {
		if took > 0 {
			seen++
		}
		if w.changes[i].given {
			given = append(given, took)
		} else {
			taken = append(taken, took)
		}
	}
	r.results.Notef("%s, %d replicas: %d permissions revoked, %d granted; after %d of these changes a response was wrong", database, replicas, len(taken), len(given), seen)
	key := fmt.Sprintf("live.%d.", replicas)
	r.results.Add(report.Row{
		Key: key + "p50", What: fmt.Sprintf("a permission revoked or an account disabled: until %d replicas obey, p50", replicas), Database: database,
		Figure: millis(stats.Quantile(taken, 0.5)), Unit: "ms",
	})
	r.results.Add(report.Row{
		Key: key + "p99", What: "… p99", Database: database, Figure: millis(stats.Quantile(taken, 0.99)), Unit: "ms", Goal: report.Max(report.Figure, 100),
	})
	r.results.Add(report.Row{
		Key: key + "worst", What: "… the worst", Database: database, Figure: stats.Quantile(taken, 1).Seconds(), Unit: "s", Goal: report.Max(report.Figure, 1),
	})
	r.results.Add(report.Row{
		Key: key + "given", What: "… a permission granted: until all of them allow it, p99", Database: database, Figure: millis(stats.Quantile(given, 0.99)), Unit: "ms", Goal: report.Max(report.Figure, 100),
	})
	return nil
}
