package system

import "testing"

// outcome is what a client knows of a write it has asked for.
type outcome int

const (
	done    outcome = iota // acknowledged: it must be there
	refused                // it must not be there
	unknown                // it may be there or not, but never by half
)

// deed is a write that can be looked for later.
type deed struct {
	what    string
	outcome outcome
	// look says whether it is there, and what is wrong with the way it is.
	look func(s *server) (there bool, problem string)
}

// check looks for a deed and says what is wrong, or nothing.
func (d deed) check(s *server) string {
	there, problem := d.look(s)
	switch {
	case problem != "":
		return d.what + ": " + problem
	case d.outcome == done && !there:
		return d.what + " was acknowledged and is not there"
	case d.outcome == refused && there:
		return d.what + " was refused and is there"
	}
	return ""
}

func checkDeeds(t *testing.T, s *server, deeds []deed) {
	t.Helper()
	for _, d := range deeds {
		if problem := d.check(s); problem != "" {
			t.Error(problem)
		}
	}
}

// unanswered is how many of them nobody knows of.
func unanswered(deeds []deed) int {
	n := 0
	for _, d := range deeds {
		if d.outcome == unknown {
			n++
		}
	}
	return n
}
