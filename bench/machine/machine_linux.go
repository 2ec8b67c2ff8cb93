package machine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// Numbers of clock_gettime: the calling thread's clock, and, in the lowest bits below an inverted process id,
// the scheduler's account of a process.
const (
	threadClock    = 3
	processClock   = 2
	processIDShift = 3
)

// CPU is the processor time that a process has used since its start, in all its threads. It is the sum of
// utime and stime in /proc/PID/stat, in nanoseconds where that file counts hundredths of a second.
func CPU(pid int) (time.Duration, error) {
	return clock(uintptr(^pid<<processIDShift | processClock))
}

// ThreadCPU is the processor time of the calling thread; the caller has locked itself to it.
func ThreadCPU() (time.Duration, error) { return clock(threadClock) }

func clock(id uintptr) (time.Duration, error) {
	var ts syscall.Timespec
	// The standard library has no name for this call.
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, id, uintptr(unsafe.Pointer(&ts)), 0) //nolint:gosec // a local of the type that the call fills
	if errno != 0 {
		return 0, fmt.Errorf("reading a processor clock: %w", errno)
	}
	return time.Duration(ts.Nano()), nil
}

// MemoryOf is what a process holds.
func MemoryOf(pid int) (Memory, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Memory{}, err
	}
	return parseStatus(string(text))
}

// PeakOf is the most that a process has held which has ended, in bytes.
func PeakOf(ended *os.ProcessState) (int64, error) {
	usage, ok := ended.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, errors.New("the system does not say what the process has used")
	}
	return usage.Maxrss << 10, nil // Linux counts in KiB
}

// SleepUntil blocks the thread until then. The runtime's own timers may be late by a millisecond when
// nothing else is to be done, which is as much as some of what is measured here.
func SleepUntil(then time.Time) {
	for {
		rest := time.Until(then)
		if rest <= 0 {
			return
		}
		ts := syscall.NsecToTimespec(int64(rest))
		_ = syscall.Nanosleep(&ts, nil) // an interrupted sleep is gone on with
	}
}

// starts is served by one goroutine on a thread of its own that never ends: Linux ends a child when the thread
// that started it ends, and the runtime's threads come and go.
var starts = func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for start := range work {
			start()
		}
	}()
	return work
}()

// Start starts a command whose process is killed when this one ends, in whatever way.
func Start(cmd *exec.Cmd) error {
	// A group of its own, so that an interrupt from the keyboard is answered here, in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	done := make(chan error)
	starts <- func() { done <- cmd.Start() }
	return <-done
}

// Busy returns the share of the machine's processor time, 0 to 1, that all processes together use over the next d.
func Busy(d time.Duration) (float64, error) {
	before, err := readStat()
	if err != nil {
		return 0, err
	}
	time.Sleep(d)
	after, err := readStat()
	return after.since(before), err
}

func readStat() (busy, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return busy{}, err
	}
	return parseStat(string(text))
}

// Model is the name of the processor.
func Model() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return parseModel("")
	}
	return parseModel(string(text))
}
