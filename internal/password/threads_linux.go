package password

import (
	"runtime"
	"syscall"
	"time"
)

const (
	// lowerBy is how far a worker's thread stands below the rest of the process. Requests are served as fast beside 10
	// as beside 19. But a processor that something else keeps busy gives a thread at 10 a tenth of its time and one at
	// 19 a seventieth, by which a login takes seconds (docs/decisions/0004-hashing-threads.md).
	lowerBy = 10
	// lowest is the lowest priority there is; 0 is the ordinary one.
	lowest = 19
)

// lowerPriority makes the calling goroutine's thread its own and lets others go before it. The thread ends with the
// goroutine, for the priority could not be raised again.
//
// It goes down from where the process was started, such as at 10 by a unit with Nice=10: a fixed priority would there
// be that of the requests, or above it. A process at the lowest has nothing to go down to.
func lowerPriority() {
	runtime.LockOSThread()
	// Process 0 is, on Linux, the calling thread. A sandbox may refuse either call; then it is the number of workers
	// alone that leaves time to others.
	raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		return
	}
	own := 20 - raw // the system call itself returns 40 for -20 and 1 for 19 (getpriority(2), "C library/kernel differences")
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, min(own+lowerBy, lowest))
}

// processTime is how much processor time the whole process has taken.
func processTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// workerTime is how much processor time the calling thread has taken, which is a worker's own.
func workerTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_THREAD, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
