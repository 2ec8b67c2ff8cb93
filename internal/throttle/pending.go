package throttle

import (
	"context"
	"sync"

	users "github.com/svc-users/svc-users"
)

// pending knows what the attempts of this process do to the rows that they are counted in. Most attempts are right logins,
// which are given back: a budget that is used up by attempts that are not settled is no reason to refuse another, which waits
// for these.
//
//	watch ─→ begin ─→ took ─→ settle
//	           ↑        └─ none left: awaitReturn ─→ refused
//	           └────────────────────────┘
type pending struct {
	mu   sync.Mutex
	rows map[users.ID]*pendingRow
}

// pendingRow is what happens to a row. It is forgotten when nothing does.
type pendingRow struct {
	watched  int           // by how many attempts
	taking   int           // how many of them are being counted
	taken    int           // how many attempts are counted and not settled
	returned uint64        // how many have been given back
	changed  chan struct{} // closed with the next change of the others
}

// tell has those that wait look again. The lock is held.
func (r *pendingRow) tell() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// watch is the view of one attempt.
type watch struct {
	*pending
	draws []Draw
	seen  map[users.ID]uint64 // what pendingRow.returned was
}

// watch begins to look at the rows of draws. end must follow.
func (p *pending) watch(draws []Draw) *watch {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rows == nil {
		p.rows = map[users.ID]*pendingRow{}
	}
	w := &watch{p, draws, map[users.ID]uint64{}}
	for _, d := range draws {
		row := p.rows[d.ID]
		if row == nil {
			row = &pendingRow{changed: make(chan struct{})}
			p.rows[d.ID] = row
		}
		row.watched++
		w.seen[d.ID] = row.returned
	}
	return w
}

// each changes the rows, and forgets those that nothing happens to.
func (p *pending) each(draws []Draw, change func(*pendingRow)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range draws {
		row := p.rows[d.ID]
		change(row)
		row.tell()
		if row.watched == 0 && row.taken == 0 {
			delete(p.rows, d.ID)
		}
	}
}

func (w *watch) end() { w.each(w.draws, func(r *pendingRow) { r.watched-- }) }

// begin says that the attempt is being counted, and took whether it was.
func (w *watch) begin() { w.each(w.draws, func(r *pendingRow) { r.taking++ }) }

func (w *watch) took(taken bool) {
	w.each(w.draws, func(r *pendingRow) {
		r.taking--
		if taken {
			r.taken++
		}
	})
}

// settle says that a counted attempt is over.
func (p *pending) settle(draws []Draw, returned bool) {
	p.each(draws, func(r *pendingRow) {
		r.taken--
		if returned {
			r.returned++
		}
	})
}

// hope reports whether attempts have been given back to all budgets that were found empty, since the attempt looked at them
// last; if they have not and still may be, it returns what is closed with the next change.
func (w *watch) hope(empty []Exhausted) (returned bool, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range empty {
		row := w.rows[e.ID]
		switch {
		case row.returned != w.seen[e.ID]:
		case row.taken > 0 || row.taking > 0:
			return false, row.changed
		default:
			return false, nil
		}
	}
	for _, d := range w.draws {
		w.seen[d.ID] = w.rows[d.ID].returned
	}
	return true, nil
}

// awaitReturn reports whether it makes sense to try again: it waits until attempts have been given back to the budgets that
// were found empty, or no more can be. It returns the error of ctx when that ends.
func (w *watch) awaitReturn(ctx context.Context, empty []Exhausted) (bool, error) {
	for {
		returned, changed := w.hope(empty)
		if returned || changed == nil {
			return returned, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
