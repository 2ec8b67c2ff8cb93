package password

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// niceOf is the priority of a thread of this process; 0 is the ordinary one.
func niceOf(t *testing.T, thread int) string {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/stat", thread))
	if err != nil {
		t.Fatal(err)
	}
	// The name, in brackets, may hold anything; nice is the 17th field after it (proc_pid_stat(5)).
	return strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))[16]
}

// A worker is one thread of low priority, all the time; whoever calls it, and threads that Go makes later, are not.
func TestWorkersAreThreadsOfLowPriority(t *testing.T) {
	t.Parallel()
	var thread int
	h := newHasher(Options{Cost: MinCost, Workers: 1}, func([]byte, [saltSize]byte, int) [digestSize]byte {
		thread = syscall.Gettid()
		return [digestSize]byte{}
	})
	t.Cleanup(h.Close)
	first := 0
	for range 20 {
		mustHash(t, h, "battery!")
		if first == 0 {
			first = thread
		}
		if thread != first {
			t.Fatalf("one worker hashes on thread %d, then on %d", first, thread)
		}
		if got := niceOf(t, thread); got != fmt.Sprint(niceness) {
			t.Fatalf("it hashes at nice %s", got)
		}
	}
	// More goroutines that keep their threads than there are processors: new threads are made of old ones.
	var ready, over sync.WaitGroup
	ready.Add(16)
	for range 16 {
		over.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			ready.Done()
			ready.Wait()
			if got := niceOf(t, syscall.Gettid()); got == fmt.Sprint(niceness) {
				t.Errorf("a thread that does not hash has nice %s", got)
			}
		})
	}
	over.Wait()
}

// A worker's thread ends with it.
func TestThreadEndsWithItsWorker(t *testing.T) {
	t.Parallel()
	var thread int
	h := newHasher(Options{Cost: MinCost, Workers: 1}, func([]byte, [saltSize]byte, int) [digestSize]byte {
		thread = syscall.Gettid()
		return [digestSize]byte{}
	})
	mustHash(t, h, "battery!")
	h.Close()
	if thread == syscall.Getpid() {
		return // the first thread ends with the process; Go lets it rest
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", thread)); errors.Is(err, fs.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("thread %d is still there", thread)
		}
	}
}
