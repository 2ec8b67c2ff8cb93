package machine

import (
	"bufio"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

// work uses processor time until the thread has used d of it.
func work(t *testing.T, d time.Duration) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start, err := ThreadCPU()
	if err != nil {
		t.Fatal(err)
	}
	for now := start; now-start < d; {
		if now, err = ThreadCPU(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestProcessClockCountsWork(t *testing.T) {
	t.Parallel()
	before, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	const d = 20 * time.Millisecond
	work(t, d)
	after, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if spent := after - before; spent < d {
		t.Errorf("a thread worked for %v, its process for %v", d, spent)
	}
}

// What others do must not be counted: the clock of a process that sleeps stands still.
func TestProcessClockIsThatOfTheProcess(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("cat")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := Start(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	// Once it has answered, it has nothing more to do.
	if _, err := stdin.Write([]byte("here\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	before, err := CPU(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	const d = 30 * time.Millisecond
	work(t, d)
	after, err := CPU(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if after-before > d/2 {
		t.Errorf("while this process worked for %v, a sleeping one is said to have worked for %v", d, after-before)
	}
	if memory, err := MemoryOf(cmd.Process.Pid); err != nil || memory.Resident <= 0 || memory.Peak < memory.Resident {
		t.Errorf("its memory: %+v, %v", memory, err)
	}
}

func TestNoSuchProcess(t *testing.T) {
	t.Parallel()
	const pid = 1<<22 + 1 // beyond the highest there can be
	if got, err := CPU(pid); err == nil {
		t.Errorf("it has used %v", got)
	}
	if got, err := MemoryOf(pid); err == nil {
		t.Errorf("it holds %+v", got)
	}
}

func TestSleepUntil(t *testing.T) {
	t.Parallel()
	then := time.Now().Add(3 * time.Millisecond)
	SleepUntil(then)
	if early := time.Until(then); early > 0 {
		t.Errorf("woken %v too early", early)
	}
	SleepUntil(then) // is past: returns
}
