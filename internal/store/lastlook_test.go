package store

import (
	"testing"

	"github.com/svc-users/svc-users"
)

// passingEngine hears of another moment while the store looks into what it keeps.
type passingEngine struct {
	engine
	moments []users.Moment // what it says, one after the other; none is no
}

func (e *passingEngine) heard() (users.Moment, bool) {
	m := e.moments[0]
	e.moments = e.moments[1:]
	return m, m != users.Moment{}
}

func (*passingEngine) unchanged(users.ID, string) bool { return true }

// What is kept may be of a later moment than the one that the look began with: then the answer would be the rights of
// one moment and the account of another, so Heard says no.
func TestHeardLooksAtTheMomentOnceMore(t *testing.T) {
	t.Parallel()
	before, after := users.Moment{Roles: "r0", Accounts: "a0"}, users.Moment{Roles: "r1", Accounts: "a1"}
	for _, c := range []struct {
		name string
		last users.Moment
		want bool
	}{{"the same", before, true}, {"another", after, false}, {"none", users.Moment{}, false}} {
		s := newStore(&passingEngine{moments: []users.Moment{before, c.last}})
		id := users.NewID()
		s.graphs.kept.Store(&stamped{before.Roles, users.NewGraph(nil, nil, nil)})
		s.accounts.Set(id, seen{account: users.Account{ID: id, Active: true}, stamps: before})
		if _, ok := s.Heard(id); ok != c.want {
			t.Errorf("%s: %t, want %t", c.name, ok, c.want)
		}
	}
}
