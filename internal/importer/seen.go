package importer

import "hash/maphash"

// seen remembers on which line a text was first. Of each text it keeps 64 bits of a hash under a random key, so that a
// million take some 40 MB: that two texts of a million are taken for one has a chance of 1 in 30 million.
type seen struct {
	seed  maphash.Seed
	lines map[uint64]uint32
}

func newSeen() *seen { return &seen{maphash.MakeSeed(), map[uint64]uint32{}} }

// before returns the line on which a text was before, or notes that it is on this one.
func (s *seen) before(text string, line int) (int, bool) {
	h := maphash.String(s.seed, text)
	if first, twice := s.lines[h]; twice {
		return int(first), true
	}
	s.lines[h] = uint32(line) //nolint:gosec // G115: a file has fewer than 2^32 lines, and only a sentence names them
	return 0, false
}
