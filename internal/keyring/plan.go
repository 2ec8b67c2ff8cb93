package keyring

import (
	"slices"
	"time"
)

// plan is what has to be written for the keys to be as they should be at a time. Every replica computes it from the
// records and the clock of the database; whichever writes first is first, and the plan of the others is empty then.
type plan struct {
	// insert are keys to be made, for the slots after the last: none, the next one, or the first one and the next. Only
	// Slot, PublishedAt, SignsFrom, SignsUntil and TokenLife are set.
	insert []Record
	// update are records with other times, or without a private part that is no longer needed.
	update []Record
	// remove are the slots of keys that expired long ago.
	remove []int64
}

func (p plan) empty() bool { return len(p.insert)+len(p.update)+len(p.remove) == 0 }

// plan returns what has to be written at a time. makes says that this process makes keys, which it does not where the
// environment has the one that signs.
//
//	one signs, one is next    nothing
//	one signs, none is next   a next one, which begins when the other is planned to end, and a lead from now at the earliest
//	none signs, one is next   the next one begins now, and another is next: the one that signed was revoked or deleted
//	none signs, one did       a next one, which begins a lead from now; until then the other goes on: all were stopped for
//	                          longer than a period
//	none at all               one that signs at once, since there is nothing to go on with, and a next one
func (c chain) plan(now time.Time, makes bool) plan {
	var p plan
	slot := c.lastSlot()
	if makes {
		p.insert, p.update = c.succession(now, slot)
	}
	for i, r := range c.keys {
		switch s := c.state(r, now); {
		case i == len(p.remove) && c.forgotten(r, now): // in order, since the end of a key is told by the one after it
			p.remove = append(p.remove, r.Slot)
		case c.spent(r, now):
			r.Sealed = ""
			p.update = append(p.update, r)
		case (s == StateSigning || s == StateNext) && r.TokenLife < c.Life && !p.updates(r.Slot):
			r.TokenLife = c.Life
			p.update = append(p.update, r)
		}
	}
	return p
}

// forgotten reports whether the record of a key is no longer kept. The last one is, since it counts the slots.
func (c chain) forgotten(r Record, now time.Time) bool {
	return r.Slot != c.lastSlot() && now.Sub(c.verifiesUntil(r)) >= kept
}

// spent reports whether a key has a private part that it will never need again.
func (c chain) spent(r Record, now time.Time) bool {
	_, succeeded := c.successor(r)
	return r.Sealed != "" && (r.Revoked() || succeeded && !now.Before(c.signedUntil(r).Add(c.Tail)))
}

func (p plan) updates(slot int64) bool {
	return slices.ContainsFunc(p.update, func(r Record) bool { return r.Slot == slot })
}

// succession returns the keys to be made, and the next key with other times if it has to begin now.
func (c chain) succession(now time.Time, slot int64) (insert, update []Record) {
	following := func(from time.Time) Record {
		slot++
		return Record{Slot: slot, PublishedAt: now, SignsFrom: from, SignsUntil: from.Add(c.Period), TokenLife: c.Life}
	}
	signer, signs := c.signer(now)
	next, hasNext := c.first(StateNext, now)
	switch {
	case signs && hasNext:
		return nil, nil
	case signs:
		return []Record{following(latest(signer.SignsUntil, now.Add(c.Lead)))}, nil
	case hasNext:
		next = c.moved(next, now)
		if _, another := c.after(next.Slot); !another {
			insert = []Record{following(latest(next.SignsUntil, now.Add(c.Lead)))}
		}
		return insert, []Record{next}
	}
	if ended, ok := c.last(StateVerifying, now); ok {
		if _, succeeded := c.successor(ended); !succeeded {
			return []Record{following(now.Add(c.Lead))}, nil
		}
	}
	signer = following(now)
	return []Record{signer, following(latest(signer.SignsUntil, now.Add(c.Lead)))}, nil
}

// moved is a key that begins at another time than planned.
func (c chain) moved(r Record, from time.Time) Record {
	r.SignsFrom, r.SignsUntil, r.TokenLife = from, from.Add(c.Period), max(r.TokenLife, c.Life)
	return r
}

// first returns the key of the lowest slot that is in a state and can sign.
func (c chain) first(s State, now time.Time) (Record, bool) {
	for _, r := range c.keys {
		if r.Sealed != "" && c.state(r, now) == s {
			return r, true
		}
	}
	return Record{}, false
}

// after returns a key of a higher slot that can come to sign.
func (c chain) after(slot int64) (Record, bool) {
	for _, r := range c.keys {
		if r.Slot > slot && r.Sealed != "" && !r.Revoked() {
			return r, true
		}
	}
	return Record{}, false
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// rotated returns the next key as it has to be written for it to begin as soon as verifiers know it: at once, if it has
// been published for a lead, or whenever atOnce is true. None if there is no next key, or it begins no later anyway.
func (c chain) rotated(now time.Time, atOnce bool) []Record {
	next, ok := c.first(StateNext, now)
	if !ok {
		return nil
	}
	from := latest(now, next.PublishedAt.Add(c.Lead))
	if atOnce {
		from = now
	}
	if !from.Before(next.SignsFrom) {
		return nil
	}
	return []Record{c.moved(next, from)}
}

// revoked is a key as it has to be written to be refused from now on.
func revoked(r Record, now time.Time) Record {
	r.RevokedAt, r.Sealed = now, ""
	return r
}

// with is the chain after records were written, in place of those of the same slots.
func (c chain) with(written ...Record) chain {
	keys := slices.DeleteFunc(slices.Clone(c.keys), func(r Record) bool {
		return slices.ContainsFunc(written, func(w Record) bool { return w.Slot == r.Slot })
	})
	return newChain(c.Policy, append(keys, written...))
}
