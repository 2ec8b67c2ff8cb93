// Package confusable makes the skeletons by which names that look alike are found (UTS 39, §4):
//
//	c := confusable.New()
//	c.Skeleton("Аdmin") == c.Skeleton("Admin") // the first begins with a Cyrillic letter
//
// The table is that of a library; docs/decisions/0011-names-by-sight.md says why. Skeletons are cached, because each new
// name is compared with all existing ones.
package confusable

import (
	"github.com/maypok86/otter/v2"
	"go.mau.fi/util/confusable"
)

// maxKept bounds the cache, in bytes of texts and their skeletons: enough for the names of 100,000 roles of the usual
// length, in two forms each.
const maxKept = 16 << 20

// overhead is what an entry takes beside its texts, more or less.
const overhead = 100

// Skeletons computes and caches skeletons. It is safe for concurrent use.
type Skeletons struct{ kept *otter.Cache[string, string] }

// New returns Skeletons with an empty cache.
func New() *Skeletons {
	return &Skeletons{otter.Must(&otter.Options[string, string]{
		MaximumWeight: maxKept,
		Weigher:       func(text, skeleton string) uint32 { return uint32(len(text) + len(skeleton) + overhead) }, //nolint:gosec // names have at most 100 characters
	})}
}

// Skeleton returns the skeleton of a text (UTS 39, §4). Two texts look alike if their skeletons are equal.
func (s *Skeletons) Skeleton(text string) string {
	if kept, ok := s.kept.GetIfPresent(text); ok {
		return kept
	}
	skeleton := confusable.Skeleton(text)
	s.kept.Set(text, skeleton)
	return skeleton
}
