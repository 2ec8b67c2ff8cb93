package machine

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// busyProcess wants a whole core until the test ends.
func busyProcess(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("sh", "-c", "while :; do :; done")
	if err := Start(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // it was killed, and says so
	})
	return cmd.Process.Pid
}

// A process that wants a core gets its share, and much more as soon as it is released.
func TestHold(t *testing.T) {
	t.Parallel()
	for name, hold := range map[string]func(int, float64) (func() error, error){
		string(ByQuota): holdByQuota, string(BySignals): holdBySignals,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Far less than a busy machine leaves to a process, so that the limit shows.
			const share, d = 0.01, time.Second
			pid := busyProcess(t)
			release, err := hold(pid, share)
			if err != nil && name == string(ByQuota) {
				t.Skipf("not here: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			// On a busy machine, what holds it may itself be kept from running for a while, but hardly each time.
			least := used(t, pid, d)
			for tries := 1; least > 3*share && tries < 10; tries++ {
				least = min(least, used(t, pid, d))
			}
			if least > 3*share {
				t.Errorf("held to %v of a core, it used %v", share, least)
			}
			if err := release(); err != nil {
				t.Fatal(err)
			}
			for tries := 0; used(t, pid, d/4) < 3*share; tries++ {
				if tries == 40 {
					t.Fatal("released, it uses no more than before")
				}
			}
			for _, top := range hierarchies {
				if dir := filepath.Join(top, groupName+strconv.Itoa(pid)); exists(dir) {
					t.Errorf("%s is left behind", dir)
				}
			}
		})
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// used is the share of a core that a process uses over the next d.
func used(t *testing.T, pid int, d time.Duration) float64 {
	t.Helper()
	before, err := CPU(pid)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	time.Sleep(d)
	after, err := CPU(pid)
	if err != nil {
		t.Fatal(err)
	}
	return float64(after-before) / float64(time.Since(began))
}

func TestAllowance(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	a := allowance{share: 0.1, spent: 7 * ms}
	for i, step := range []struct {
		now, spent time.Duration
		want       bool
	}{
		{0, 7 * ms, true},           // nothing used, nothing owed
		{10 * ms, 8 * ms, true},     // exactly its share
		{20 * ms, 10 * ms, false},   // a millisecond too much
		{29 * ms, 10 * ms, false},   // nine tenths of it caught up
		{30 * ms, 10 * ms, true},    // all of it
		{1030 * ms, 10 * ms, true},  // a second idle is worth one period,
		{1030 * ms, 11 * ms, true},  // a millisecond,
		{1030 * ms, 12 * ms, false}, // and no more
	} {
		if got := a.run(step.now, step.spent); got != step.want {
			t.Errorf("step %d: it may run: %v, with %v left", i, got, a.left)
		}
	}
}
