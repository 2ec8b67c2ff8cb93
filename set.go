package users

import (
	"iter"
	"math/bits"
	"slices"
)

// set is a set of permissions of one Graph, a bit for each. Sets of one graph have one length.
type set []uint64

func newSet(size int) set { return make(set, (size+63)/64) }

func (s set) add(bit int)      { s[bit/64] |= 1 << (bit % 64) }
func (s set) has(bit int) bool { return s[bit/64]&(1<<(bit%64)) != 0 }
func (s set) clone() set       { return slices.Clone(s) }

func (s set) fill(size int) {
	for bit := range size {
		s.add(bit)
	}
}

func (s set) union(other set) {
	for i, word := range other {
		s[i] |= word
	}
}

// minus returns what is in s and not in other.
func (s set) minus(other set) set {
	rest := s.clone()
	for i, word := range other {
		rest[i] &^= word
	}
	return rest
}

func (s set) len() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// all yields the bits of s in ascending order.
func (s set) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, word := range s {
			for ; word != 0; word &= word - 1 {
				if !yield(i*64 + bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}
