package users

import (
	"iter"
	"math/bits"
	"slices"
)

// set is a set of permissions of one Graph: a bit for the slot of each. A nil page is empty, and so is one past the end.
//
// Pages are shared between sets: a role has its parent's page where it adds nothing to it. So a page never changes once its
// set is part of a graph, and each method that returns a set leaves its own alone.
type set []*page

// page holds the bits of pageBits consecutive slots.
type page [pageBits / 64]uint64

// pageBits is a compromise: a change of one bit copies a page of 64 bytes, and 20,000 permissions are 40 pages.
const pageBits = 512

// newSet returns the set of these slots.
func newSet(slots ...int) set {
	var s set
	for _, slot := range slots {
		if i := slot / pageBits; i >= len(s) {
			s = append(s, make(set, i+1-len(s))...)
		}
		p := &s[slot/pageBits]
		if *p == nil {
			*p = new(page)
		}
		(*p)[slot/64%len(page{})] |= 1 << (slot % 64)
	}
	return s
}

func (s set) has(slot int) bool {
	i := slot / pageBits
	return i < len(s) && s[i] != nil && s[i][slot/64%len(page{})]&(1<<(slot%64)) != 0
}

// union returns what is in s or in other. Its pages are those of other where s adds nothing to them.
func (s set) union(other set) set {
	all := slices.Clone(s)
	if len(other) > len(all) {
		all = append(all, make(set, len(other)-len(all))...)
	}
	for i, theirs := range other {
		ours := all[i]
		switch {
		case theirs == nil || theirs == ours:
		case ours == nil || theirs.holds(ours):
			all[i] = theirs
		case !ours.holds(theirs):
			both := *ours
			for w, word := range theirs {
				both[w] |= word
			}
			all[i] = &both
		}
	}
	return all
}

// minus returns what is in s and not in other.
func (s set) minus(other set) set {
	var rest set
	for i, ours := range s {
		if ours == nil || i < len(other) && other[i] == ours {
			continue
		}
		left := *ours
		if i < len(other) && other[i] != nil {
			for w, word := range other[i] {
				left[w] &^= word
			}
		}
		if left == (page{}) {
			continue
		}
		if rest == nil {
			rest = make(set, len(s))
		}
		rest[i] = &left
	}
	return rest
}

// intersect returns what is in both s and other.
func (s set) intersect(other set) set { return s.minus(s.minus(other)) }

// meets reports whether s and other have a slot in common.
func (s set) meets(other set) bool {
	for i := range min(len(s), len(other)) {
		if s[i] == nil || other[i] == nil {
			continue
		}
		for w, word := range s[i] {
			if word&other[i][w] != 0 {
				return true
			}
		}
	}
	return false
}

// holds reports whether all bits of other are bits of p.
func (p *page) holds(other *page) bool {
	for w, word := range other {
		if word&^p[w] != 0 {
			return false
		}
	}
	return true
}

func (s set) len() int {
	n := 0
	for _, p := range s {
		if p == nil {
			continue
		}
		for _, word := range p {
			n += bits.OnesCount64(word)
		}
	}
	return n
}

// all yields the slots in s in ascending order.
func (s set) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, p := range s {
			if p == nil {
				continue
			}
			for w, word := range p {
				for ; word != 0; word &= word - 1 {
					if !yield(i*pageBits + w*64 + bits.TrailingZeros64(word)) {
						return
					}
				}
			}
		}
	}
}
