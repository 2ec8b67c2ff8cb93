package store

import "github.com/svc-users/svc-users"

// history is the last changes of one kind that were heard of since the connection was made, in their order.
type history struct {
	last    string             // stamp; empty before anything is known
	numbers map[string]int64   // of the stamps, in their order
	changes []change           // the oldest first, before it what was there at the beginning
	changed map[users.ID]int64 // the number of the change that last named an account
	unnamed int64              // the number of the last change that named nobody
	began   bool               // a heartbeat has been heard
	agreed  int64              // the number of the newest stamp that a heartbeat has seen
}

type change struct {
	stamp string
	who   []users.ID
}

// number is that of the last change. The first has 1; what was before it is 0.
func (h *history) number() int64 { return h.numbers[h.last] }

// add notes a change that made stamp the latest. It may have changed anything if it names nobody. A stamp never comes
// back, so one that does is nothing that our triggers have sent, and then nothing is known.
func (h *history) add(stamp string, who []users.ID) {
	if _, known := h.numbers[stamp]; known {
		*h = history{}
		return
	}
	number := h.number() + 1
	if h.numbers == nil {
		h.numbers, h.changed = map[string]int64{}, map[users.ID]int64{}
	}
	h.last, h.numbers[stamp] = stamp, number
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
}

// forget drops the oldest change. The stamp of the one before it went earlier, so nobody can ask any more whether
// an account was among those that this one named.
func (h *history) forget() {
	oldest := h.changes[0]
	number := h.numbers[oldest.stamp]
	delete(h.numbers, oldest.stamp)
	for _, id := range oldest.who {
		if h.changed[id] == number {
			delete(h.changed, id)
		}
	}
	h.changes = h.changes[1:]
}

// agree holds a stamp that was read from the database against what was heard, and reports whether all is well. The
// first one is where it begins. After that every stamp must have been heard of, and be no older than the one before:
// else there are changes that nobody tells of, and it begins anew. If the first one is not the beginning, because a
// change was heard of before, whether it is older or was never told shows only with the next.
func (h *history) agree(stamp string) bool {
	number, known := h.numbers[stamp]
	switch {
	case known && number >= h.agreed:
		h.began, h.agreed = true, number
		return true
	case !h.began && h.last == "":
		h.start(stamp)
		h.began = true
		return true
	case !h.began:
		h.began = true
		return false
	default:
		*h = history{}
		h.start(stamp)
		h.began = true
		return false
	}
}

func (h *history) start(stamp string) {
	h.last, h.numbers, h.changed = stamp, map[string]int64{stamp: 0}, map[users.ID]int64{}
	h.changes = []change{{stamp: stamp}}
}

// unchanged reports whether an account is under the last stamp what it was under an earlier one.
func (h *history) unchanged(id users.ID, stamp string) bool {
	number, known := h.numbers[stamp]
	return known && h.unnamed <= number && h.changed[id] <= number
}
