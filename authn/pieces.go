package authn

import "maps"

// pieces is a map by id in 256 pieces by the last byte of the id, which is random in a UUID, so that a change copies
// a piece and not the whole. A copy of it shares what is the same.
type pieces[V any] struct {
	parts [256]map[id]V
	// own marks the parts without other readers, which may be changed in place: a snapshot comes in a thousand
	// statements, and copying each part for each statement would take a thousand times as long.
	own   [256]bool
	count int
}

func (p *pieces[V]) get(u id) (V, bool) {
	v, ok := p.parts[u[15]][u]
	return v, ok
}

// part returns the part of an id, to be changed.
func (p *pieces[V]) part(u id) map[id]V {
	n := u[15]
	if !p.own[n] {
		if p.parts[n] = maps.Clone(p.parts[n]); p.parts[n] == nil {
			p.parts[n] = map[id]V{}
		}
		p.own[n] = true
	}
	return p.parts[n]
}

func (p *pieces[V]) set(u id, v V) {
	part := p.part(u)
	if _, known := part[u]; !known {
		p.count++
	}
	part[u] = v
}

func (p *pieces[V]) remove(u id) {
	if _, known := p.get(u); known {
		delete(p.part(u), u)
		p.count--
	}
}

// share is called before others read the map.
func (p *pieces[V]) share() { p.own = [256]bool{} }
