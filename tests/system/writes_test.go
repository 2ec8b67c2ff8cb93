package system

import "testing"

// outcome is what a client knows of a write that it has requested.
type outcome int

const (
	done    outcome = iota // acknowledged: it must be there
	refused                // it must not be there
	unknown                // no answer: it may be there or not, but never in part
)

// write is a requested write whose result can be checked later.
type write struct {
	what    string
	outcome outcome
	// look reports whether the write is there, and a problem where it is there in part; "" otherwise.
	look func(s *server) (there bool, problem string)
}

// check looks for the write at a server and returns what is wrong, or "".
func (w write) check(s *server) string {
	there, problem := w.look(s)
	switch {
	case problem != "":
		return w.what + ": " + problem
	case w.outcome == done && !there:
		return w.what + " was acknowledged and is not there"
	case w.outcome == refused && there:
		return w.what + " was refused and is there"
	}
	return ""
}

func checkWrites(t *testing.T, s *server, writes []write) {
	t.Helper()
	for _, w := range writes {
		if problem := w.check(s); problem != "" {
			t.Error(problem)
		}
	}
}

// countUnanswered counts the writes with an unknown outcome.
func countUnanswered(writes []write) int {
	n := 0
	for _, w := range writes {
		if w.outcome == unknown {
			n++
		}
	}
	return n
}
