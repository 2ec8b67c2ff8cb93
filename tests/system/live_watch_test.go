package system

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// liveLimit is the longest that a right may outlive its end on another replica.
const liveLimit = time.Second

// Pauses between the requests of a watch. At full speed they use up the machine, so tests that observe several seconds
// use the steady pace.
const (
	fullSpeed = time.Duration(0)
	steady    = 3 * time.Millisecond
)

// watch sends one request to replicas again and again, over several connections to each. Answers are judged by the time
// at which their request was sent: however late an answer arrives on a busy machine, it was not decided before that.
type watch struct {
	t        *testing.T
	busy     []int // replicas that may answer 503, since they have no database
	replicas int
	stop     chan struct{}
	once     sync.Once
	wait     sync.WaitGroup

	mu      sync.Mutex
	seen    []sighting
	asked   []time.Time // by connection, when its newest request was sent
	covered int         // how many answers have been judged
}

// sighting is a request and its answer.
type sighting struct {
	replica   int
	sent, got time.Time
	took      time.Duration // by the machine's clock
	status    int
	words     string
}

func newWatch(t *testing.T, pause time.Duration, token, path string, replicas ...*server) *watch {
	t.Helper()
	const connections = 2
	w := &watch{t: t, replicas: len(replicas), stop: make(chan struct{}), asked: make([]time.Time, connections*len(replicas))}
	for i, s := range replicas {
		for j := range connections {
			n := i*connections + j
			w.wait.Go(func() {
				for ; w.going(); time.Sleep(pause) {
					sent, began := w.ask(n), machineTime()
					a := s.send(http.MethodGet, path, token, nil)
					w.note(i, sent, machineSince(began), a)
				}
			})
		}
	}
	t.Cleanup(w.end)
	w.answered()
	return w
}

func (w *watch) going() bool {
	select {
	case <-w.stop:
		return false
	default:
		return true
	}
}

// ask notes that a connection sends a request now.
func (w *watch) ask(connection int) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[connection] = time.Now()
	return w.asked[connection]
}

// oldest is the earliest time at which a connection's newest request was sent.
func (w *watch) oldest() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.MinFunc(w.asked, time.Time.Compare)
}

func (w *watch) note(replica int, sent time.Time, took time.Duration, a answer) {
	words := a.Message
	if a.err != nil {
		words = a.err.Error()
	}
	w.mu.Lock()
	w.seen = append(w.seen, sighting{replica, sent, time.Now(), took, a.status, words})
	w.mu.Unlock()
	if a.status == http.StatusServiceUnavailable {
		time.Sleep(10 * time.Millisecond) // a thousand refusals say no more than one
	}
}

// end stops the requests and returns when the last answer has arrived.
func (w *watch) end() {
	w.once.Do(func() { close(w.stop) })
	w.wait.Wait()
}

// all returns the answers from the nth on.
func (w *watch) all(n int) []sighting {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[n:len(w.seen):len(w.seen)]
}

// mark is the number of answers so far.
func (w *watch) mark() int { return len(w.all(0)) }

// answered waits until each replica has answered a few requests that were sent from now on.
func (w *watch) answered() {
	w.t.Helper()
	const few = 5
	from, since := w.mark(), time.Now()
	for deadline := since.Add(patience); ; time.Sleep(time.Millisecond) {
		counts, enough := make([]int, w.replicas), 0
		for _, s := range w.all(from) {
			if s.sent.After(since) {
				if counts[s.replica]++; counts[s.replica] == few {
					enough++
				}
			}
		}
		if enough == w.replicas {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("after %v the replicas have answered %v requests", patience, counts)
		}
	}
}
