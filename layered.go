package users

import "maps"

// layered is a map of which a changed copy shares almost all with the original: a base that never changes, and over it
// what differs. The zero layered is empty.
type layered[K comparable, V any] struct {
	base map[K]V
	over map[K]layer[V]
}

// layer is what differs from the base at one key.
type layer[V any] struct {
	value V
	gone  bool
}

// maxLayer bounds what lies over a base. A larger one would make each change copy more, a smaller one would copy the base
// more often.
const maxLayer = 256

func (m layered[K, V]) get(key K) (V, bool) {
	if len(m.over) > 0 {
		if l, ok := m.over[key]; ok {
			return l.value, !l.gone
		}
	}
	v, ok := m.base[key]
	return v, ok
}

// with returns the map with these differences.
func (m layered[K, V]) with(differences map[K]layer[V]) layered[K, V] {
	if len(differences) == 0 {
		return m
	}
	if len(m.over)+len(differences) <= maxLayer {
		over := make(map[K]layer[V], len(m.over)+len(differences))
		maps.Copy(over, m.over)
		maps.Copy(over, differences)
		return layered[K, V]{base: m.base, over: over}
	}
	base := make(map[K]V, len(m.base)+len(differences))
	maps.Copy(base, m.base)
	for _, layer := range []map[K]layer[V]{m.over, differences} {
		for key, l := range layer {
			if l.gone {
				delete(base, key)
			} else {
				base[key] = l.value
			}
		}
	}
	return layered[K, V]{base: base}
}
