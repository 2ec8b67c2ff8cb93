package store

import "github.com/svc-users/svc-users"

// history is the last changes of accounts that were heard of, in their order, from a stamp on that a heartbeat has
// carried. Some of them may be forged.
type history struct {
	last    string             // stamp; empty before anything is known
	marks   map[string]mark    // of the stamps
	changes []change           // the oldest first, before it what was there at the beginning
	changed map[users.ID]int64 // the number of the change that last named an account
	unnamed int64              // the number of the last change that named nobody
}

// mark is what is known of a stamp.
type mark struct {
	number int64 // in the order of the changes; what was there at the beginning has 0
	// proven says that a heartbeat has carried the stamp when it was the last. Only then is it known that it came
	// after all changes with lower numbers, and that all real changes since have higher ones: the place of a stamp
	// that was merely told may be a forger's choice.
	proven bool
}

type change struct {
	stamp string
	who   []users.ID
}

// start begins with a stamp that a heartbeat has carried.
func (h *history) start(stamp string) {
	*h = history{last: stamp, marks: map[string]mark{stamp: {proven: true}}, changed: map[users.ID]int64{}, changes: []change{{stamp: stamp}}}
}

// add notes a change that made stamp the latest. It may have changed anything if it names nobody. A stamp never comes
// back, so add refuses one that does: it is nothing that our triggers have sent.
func (h *history) add(stamp string, who []users.ID) bool {
	if _, known := h.marks[stamp]; known {
		return false
	}
	number := h.marks[h.last].number + 1
	h.last, h.marks[stamp] = stamp, mark{number: number}
	h.changes = append(h.changes, change{stamp, who})
	for _, id := range who {
		h.changed[id] = number
	}
	if who == nil {
		h.unnamed = number
	}
	if len(h.changes) > remembers {
		h.forget()
	}
	return true
}

// forget drops the oldest change. The stamp of the one before it went earlier, so nobody can ask any more whether
// an account was among those that this one named.
func (h *history) forget() {
	oldest := h.changes[0]
	number := h.marks[oldest.stamp].number
	delete(h.marks, oldest.stamp)
	for _, id := range oldest.who {
		if h.changed[id] == number {
			delete(h.changed, id)
		}
	}
	h.changes = h.changes[1:]
}

// prove notes that a heartbeat has carried the last stamp.
func (h *history) prove() {
	m := h.marks[h.last]
	m.proven = true
	h.marks[h.last] = m
}

// unchanged reports whether an account is under the last stamp what it was under an earlier one.
func (h *history) unchanged(id users.ID, stamp string) bool {
	m := h.marks[stamp]
	return m.proven && h.unnamed <= m.number && h.changed[id] <= m.number
}
