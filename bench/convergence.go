package main

import (
	"fmt"
	"time"
)

// change is one change of the subject's rights. Its times, like those of verdicts, count from the start of the watch.
type change struct {
	subject int
	given   bool // true: granted; false: revoked
	// asked is when the request was sent, acked when its success response arrived.
	asked, acked time.Duration
}

// verdict is one replica's answer to one access check of a subject.
type verdict struct {
	replica, subject int
	yes              bool
	asked, received  time.Duration
}

// computeConvergence returns, for each change, the time from its acknowledgement to the last wrong answer of any
// replica; zero where no answer was wrong. A change holds from its acknowledgement until the next change of its subject
// is sent, or the watch ends: an answer that was sent and received within that time and contradicts it is wrong. It is
// an error when a replica was not asked within that time, since nothing is known of that replica then.
func computeConvergence(changes []change, verdicts []verdict, replicas int) ([]time.Duration, error) {
	took := make([]time.Duration, len(changes))
	for i, c := range changes {
		next, bounded := findNext(changes, i)
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

// findNext returns when the next change of the same subject was sent; false where none follows.
func findNext(changes []change, i int) (time.Duration, bool) {
	for _, later := range changes[i+1:] {
		if later.subject == changes[i].subject {
			return later.asked, true
		}
	}
	return 0, false
}
