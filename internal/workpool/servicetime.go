package workpool

import "time"

// serviceTime is how long one job takes on this machine, as a moving average, and what follows from it.
type serviceTime struct {
	mean  time.Duration
	best  time.Duration // the least that the mean has been, once it rested on jobs; zero before
	noted int           // jobs, up to smoothing
}

const (
	// smoothing is over how many jobs the average forgets: enough that one slow moment does not refuse everyone, few
	// enough that a machine that has become busy is noticed within a second or two.
	smoothing = 8
	// maxOutlier is how many times the mean one job counts at most. A machine that was suspended, or a process that was
	// stopped, in the middle of a job says nothing about the next one, and must not have a crowd refused.
	maxOutlier = 4
	// staleAfter is how long after the last job the mean no longer says how busy the machine is. What others have taken
	// of it then may be free again, and a crowd that comes is better served a little late than refused for nothing.
	staleAfter = time.Minute
)

// add takes how long a job took.
func (s *serviceTime) add(took time.Duration) {
	s.mean = max(s.mean+(min(took, maxOutlier*s.mean)-s.mean)/smoothing, time.Microsecond)
	if s.noted < smoothing {
		s.noted++
		return
	}
	if s.best == 0 || s.mean < s.best {
		s.best = s.mean
	}
}

// expire forgets a load that was there so long ago.
func (s *serviceTime) expire(idle time.Duration) {
	if idle >= staleAfter && s.best > 0 {
		s.mean = s.best
	}
}

// backlog is how long so many jobs keep the workers busy, in whole seconds rounded up, as Retry-After has it, and at
// least one.
func (s serviceTime) backlog(jobs, workers int) time.Duration {
	d := s.mean * time.Duration(jobs) / time.Duration(workers)
	return max(time.Second, (d + time.Second - 1).Truncate(time.Second))
}
