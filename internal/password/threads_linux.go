package password

import (
	"runtime"
	"syscall"
	"time"
)

// niceness is the priority of a worker's thread, where 0 is the ordinary one and 19 the lowest. Requests are served as
// fast beside 10 as beside 19. But a processor that something else keeps busy gives a thread at 10 a tenth of its
// time and one at 19 a seventieth, by which a login takes seconds (docs/decisions/0004-hashing-threads.md).
const niceness = 10

// settleLow makes the calling goroutine's thread its own and lets others go before it. The thread ends with the
// goroutine, for the priority could not be raised again.
func settleLow() {
	runtime.LockOSThread()
	// Process 0 is, on Linux, the calling thread. A sandbox may refuse the call; then it is the number of workers
	// alone that leaves time to others.
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness)
}

// processTime is how much processor time the whole process has taken.
func processTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
