package main

import (
	"fmt"
	"time"
)

// change is one change of what a subject may do. Its moments, as those of answers, count from the beginning of the
// watch.
type change struct {
	subject int
	given   bool // else taken away
	// asked is when the change was asked for, acked when its success was known.
	asked, acked time.Duration
}

// verdict is what a replica said to a subject.
type verdict struct {
	replica, subject int
	yes              bool
	asked, received  time.Duration
}

// obeyed is how long it took after each change until the last wrong answer had come, whichever replica it came from; zero
// where there was none. A change is true from the moment at which it was acknowledged until the next one of its
// subject is asked for, or the watch ends: an answer that was asked for and received within that time and says
// otherwise is wrong. A replica that was not asked at all in that time has not been watched, which is an error.
func obeyed(changes []change, verdicts []verdict, replicas int) ([]time.Duration, error) {
	took := make([]time.Duration, len(changes))
	for i, c := range changes {
		next, bounded := nextOf(changes, i)
		watched := make([]bool, replicas)
		for _, v := range verdicts {
			if v.subject != c.subject || v.asked < c.acked || bounded && v.received > next {
				continue
			}
			watched[v.replica] = true
			if v.yes != c.given {
				took[i] = max(took[i], v.received-c.acked)
			}
		}
		for replica, was := range watched {
			if !was {
				return nil, fmt.Errorf("replica %d was not asked after change %d", replica, i)
			}
		}
	}
	return took, nil
}

// nextOf is when the next change of the same subject was asked for, if there is one.
func nextOf(changes []change, i int) (time.Duration, bool) {
	for _, later := range changes[i+1:] {
		if later.subject == changes[i].subject {
			return later.asked, true
		}
	}
	return 0, false
}
