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
}

// lingering is that number: somebody who has one job done after another needs a moment to bring the next.
const lingering = 4

// place is where a job waits. A list ignores an element that it no longer holds.
type place = *list.Element

func (t *turns) len() int { return t.count }

func (t *turns) add(j *job) {
	j.place = t.queues[j.why].PushBack(j)
	t.count++
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

// ahead is how many have to be expected to be taken before a job that came now: all of its own queue, and for each of
// them and itself one of every other purpose that is at work. Whoever makes one account after another has never more
// than one waiting, and takes a turn each time all the same.
func (t *turns) ahead(why users.Purpose) int {
	own := t.queues[why].Len()
	n := own
	for i := range t.queues {
		switch other := users.Purpose(i); {
		case other == why:
		case other == users.PurposeUpgrade: // comes only when nobody waits
			n += t.queues[i].Len()
		case t.queues[i].Len()+t.begun[i]+t.lately[i] > 0:
			n += own + 1
		}
	}
	return n
}
