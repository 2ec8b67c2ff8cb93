package load

import (
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/svc-users/svc-users/bench/machine"
)

// Exchange is a request that was answered, and when.
type Exchange struct {
	Answer
	// Due is when the request was to be sent, Asked when it was chosen and sent, Received when its response was read
	// whole.
	Due, Asked, Received time.Time
}

// Question is a request, and a function for its answer, whose error ends the run.
type Question struct {
	Request Request
	Got     func(Exchange) error
}

// Paced asks rate questions a second over the connections, which take turns: the next question is that of the
// next connection. Turns are counted from 0 and come as long as more is true of them. A connection that has not
// been answered when its next turn comes asks late.
//
// Each connection calls ask itself, at the time of Exchange.Asked, so that ask sees everything that happened before
// that time.
func (p Pool) Paced(rate float64, more func(turn int) bool, ask func(turn int) Question) error {
	var group errgroup.Group
	begin := time.Now()
	for k, c := range p {
		group.Go(func() error {
			for turn := k; more(turn); turn += len(p) {
				due := begin.Add(time.Duration(float64(turn) / rate * float64(time.Second)))
				machine.SleepUntil(due)
				asked := time.Now()
				question := ask(turn)
				answer, err := c.Do(question.Request)
				if err == nil {
					err = question.Got(Exchange{answer, due, asked, time.Now()})
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}
