package password

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// processNice is the priority that the tests were started with, read before there is a worker.
var processNice = func() int {
	nice, err := readNice(syscall.Getpid())
	if err != nil {
		panic(err)
	}
	return nice
}()

// readNice reads the priority of a thread of this process; 0 is the ordinary one, 19 the lowest.
func readNice(thread int) (int, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/stat", thread))
	if err != nil {
		return 0, err
	}
	// The name, in brackets, may hold anything; nice is the 17th field after it (proc_pid_stat(5)).
	return strconv.Atoi(strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))[16])
}

func niceOf(t *testing.T, thread int) int {
	t.Helper()
	nice, err := readNice(thread)
	if err != nil {
		t.Fatal(err)
	}
	return nice
}

// However low the priority of the whole process is, hashing goes below that of its requests.
func TestWorkersGoBelowTheProcess(t *testing.T) {
	t.Parallel()
	for _, nice := range []string{"5", "10", "15", "19"} {
		test := exec.Command("nice", "-n", nice, os.Args[0], "-test.run=^TestWorkersAreThreadsOfLowPriority$")
		if out, err := test.CombinedOutput(); err != nil {
			t.Errorf("started %s lower: %v\n%s", nice, err, out)
		}
	}
}

// A worker is always one thread of low priority; the calling threads, and threads that Go makes later, keep theirs.
func TestWorkersAreThreadsOfLowPriority(t *testing.T) {
	t.Parallel()
	var thread int
	h := newHasher(Options{Cost: MinCost, Workers: 1, MaxWait: unhurried}, func([]byte, [saltSize]byte, int) [digestSize]byte {
		thread = syscall.Gettid()
		return [digestSize]byte{}
	}, noRest)
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
		if got, want := niceOf(t, thread), min(processNice+lowerBy, lowest); got != want {
			t.Fatalf("it hashes at nice %d, not %d, in a process at %d", got, want, processNice)
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
			if got := niceOf(t, syscall.Gettid()); got != processNice {
				t.Errorf("a thread that does not hash has nice %d, in a process at %d", got, processNice)
			}
		})
	}
	over.Wait()
}

// A worker's thread ends with it.
func TestThreadEndsWithItsWorker(t *testing.T) {
	t.Parallel()
	var thread int
	h := newHasher(Options{Cost: MinCost, Workers: 1, MaxWait: unhurried}, func([]byte, [saltSize]byte, int) [digestSize]byte {
		thread = syscall.Gettid()
		return [digestSize]byte{}
	}, noRest)
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
