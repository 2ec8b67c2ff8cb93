package workpool

import "container/list"

// fairQueue is the jobs that wait: a queue for each class, from which they are taken one by one in turn, past those that
// are empty.
type fairQueue struct {
	queues []classQueue
	next   int // the queue whose turn it is
	count  int // jobs in all queues
}

type classQueue struct {
	ClassOptions
	jobs    list.List // of *job
	running int       // jobs that were taken and are not done
	// recent is for how many more jobs, of any class, the class still counts as at work, though it may have none now.
	recent int
	// steady says that the class has brought its next job while it still counted as at work: one after another.
	steady bool
}

// recentDecay is what recent begins with when a job is done: a client that has one job done after another needs a moment
// to bring the next.
const recentDecay = 4

// place is where a job waits. A list ignores an element that it no longer holds.
type place = *list.Element

func newFairQueue(classes []ClassOptions) *fairQueue {
	f := &fairQueue{queues: make([]classQueue, len(classes))}
	for i, c := range classes {
		f.queues[i].ClassOptions = c
	}
	return f
}

func (f *fairQueue) len() int { return f.count }

func (f *fairQueue) add(j *job) {
	q := &f.queues[j.class]
	j.place = q.jobs.PushBack(j)
	f.count++
	q.steady = q.steady || q.recent > 0
}

// take removes the job whose turn it is. There must be one.
func (f *fairQueue) take() *job {
	for f.queues[f.next].jobs.Len() == 0 {
		f.next = (f.next + 1) % len(f.queues)
	}
	taken := &f.queues[f.next]
	f.next = (f.next + 1) % len(f.queues)
	f.count--
	for i := range f.queues {
		q := &f.queues[i]
		q.recent = max(0, q.recent-1)
		q.steady = q.steady && q.atWork()
	}
	j := taken.jobs.Remove(taken.jobs.Front()).(*job)
	taken.running++
	return j
}

// done notes that a job which was taken is over.
func (f *fairQueue) done(j *job) {
	q := &f.queues[j.class]
	q.running--
	q.recent = recentDecay
}

// remove takes a job out of its queue and reports whether it was there.
func (f *fairQueue) remove(j *job) bool {
	q := &f.queues[j.class].jobs
	before := q.Len()
	q.Remove(j.place)
	if q.Len() == before {
		return false
	}
	f.count--
	return true
}

// forgetRecent ends what recent jobs count for, after a pause.
func (f *fairQueue) forgetRecent() {
	for i := range f.queues {
		f.queues[i].recent, f.queues[i].steady = 0, false
	}
}

func (q *classQueue) atWork() bool { return q.jobs.Len()+q.running+q.recent > 0 }

// ahead is how many jobs have to be expected to be taken before one that came now: all of its own class, and of every
// other class what waits, though no more than one for each of those. A client that makes one account after another has
// never more than one job waiting, and takes a turn each time all the same: a class that brings one job after another
// counts as if it had one for each. A single new account among many logins does not.
func (f *fairQueue) ahead(class Class) int {
	own := f.queues[class].jobs.Len()
	n := own
	for i := range f.queues {
		switch q := &f.queues[i]; {
		case Class(i) == class:
		case q.IdleOnly: // such a job comes only when none waits
			n += q.jobs.Len()
		case q.steady && q.atWork():
			n += own + 1
		default:
			n += min(own+1, q.jobs.Len())
		}
	}
	return n
}
