package password

import (
	"container/list"

	users "github.com/svc-users/svc-users"
)

// turns are the jobs that wait: a queue for each purpose, from which they are taken one by one in turn, past those
// that are empty.
type turns struct {
	queues [len(tooMany)]list.List // of *job
	next   int                     // the queue whose turn it is
	count  int                     // jobs in all queues
	begun  [len(tooMany)]int       // jobs that were taken and are not done
	lately [len(tooMany)]int       // how many jobs more a purpose counts as at work for that has just been done
	steady [len(tooMany)]bool      // it has brought the next job while it still counted: one after another
}

// lingering is that number: somebody who has one job done after another needs a moment to bring the next.
const lingering = 4

// place is where a job waits. A list ignores an element that it no longer holds.
type place = *list.Element

func (t *turns) len() int { return t.count }

func (t *turns) add(j *job) {
	j.place = t.queues[j.why].PushBack(j)
	t.count++
	t.steady[j.why] = t.steady[j.why] || t.lately[j.why] > 0
}

// take removes the job whose turn it is. There must be one.
func (t *turns) take() *job {
	for t.queues[t.next].Len() == 0 {
		t.next = (t.next + 1) % len(t.queues)
	}
	q := &t.queues[t.next]
	t.next = (t.next + 1) % len(t.queues)
	t.count--
	for i, n := range t.lately {
		t.lately[i] = max(0, n-1)
		t.steady[i] = t.steady[i] && t.atWork(i)
	}
	j := q.Remove(q.Front()).(*job)
	t.begun[j.why]++
	return j
}

// done notes that a job which was taken is over.
func (t *turns) done(j *job) {
	t.begun[j.why]--
	t.lately[j.why] = lingering
}

// remove takes a job out of its queue and reports whether it was there.
func (t *turns) remove(j *job) bool {
	q := &t.queues[j.why]
	before := q.Len()
	q.Remove(j.place)
	if q.Len() == before {
		return false
	}
	t.count--
	return true
}

// forget makes what has lately been done count no longer, after a pause.
func (t *turns) forget() {
	t.lately = [len(tooMany)]int{}
	t.steady = [len(tooMany)]bool{}
}

func (t *turns) atWork(purpose int) bool {
	return t.queues[purpose].Len()+t.begun[purpose]+t.lately[purpose] > 0
}

// ahead is how many have to be expected to be taken before a job that came now: all of its own queue, and of every other
// purpose what waits, though no more than one for each of those. A client that makes one account after another has never
// more than one waiting, and takes a turn each time all the same: a purpose that brings one job after another counts as
// if it had one for each. A single new account among many logins does not.
func (t *turns) ahead(why users.Purpose) int {
	own := t.queues[why].Len()
	n := own
	for i := range t.queues {
		switch other := users.Purpose(i); {
		case other == why:
		case other == users.PurposeUpgrade: // comes only when nobody waits
			n += t.queues[i].Len()
		case t.steady[i] && t.atWork(i):
			n += own + 1
		default:
			n += min(own+1, t.queues[i].Len())
		}
	}
	return n
}
