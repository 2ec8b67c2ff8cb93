package machine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Hold holds a process to a share of a core until release is called: by a control group of its own where one can be
// made, else by signals.
func Hold(pid int, share float64) (held Held, release func() error, err error) {
	if release, err = holdByQuota(pid, share); err == nil {
		return ByQuota, release, nil
	}
	release, err = holdBySignals(pid, share)
	return BySignals, release, err
}

// groupName begins the names of our control groups.
const groupName = "svc-users-bench-"

// hierarchies are where control groups that can limit processor time are mounted: of version 1, then of version 2.
var hierarchies = []string{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup"}

// holdByQuota moves a process into a control group of its own, and releases it into the topmost that is seen.
func holdByQuota(pid int, share float64) (release func() error, err error) {
	quota, period := strconv.FormatInt(int64(share*float64(quotaPeriod.Microseconds())), 10), strconv.FormatInt(quotaPeriod.Microseconds(), 10)
	for _, top := range hierarchies {
		// Groups that a run left behind which was killed are empty, and those of one that goes on stay.
		left, _ := filepath.Glob(filepath.Join(top, groupName+"*"))
		for _, dir := range left {
			_ = os.Remove(dir)
		}
		dir := filepath.Join(top, groupName+strconv.Itoa(pid))
		if err := os.Mkdir(dir, 0o755); err != nil { //nolint:gosec // as the kernel makes them
			continue
		}
		one := errors.Join(write(dir, "cpu.cfs_period_us", period), write(dir, "cpu.cfs_quota_us", quota))
		two := write(dir, "cpu.max", quota+" "+period)
		if (one == nil || two == nil) && write(dir, "cgroup.procs", strconv.Itoa(pid)) == nil {
			return func() error {
				// A process that has ended has left.
				if err := write(top, "cgroup.procs", strconv.Itoa(pid)); err != nil && !errors.Is(err, syscall.ESRCH) {
					return err
				}
				return os.Remove(dir)
			}, nil
		}
		if err := os.Remove(dir); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("no control group with a quota can be made below any of %q", hierarchies)
}

// write sets a value of a control group, which is a file that is there already.
func write(dir, name, value string) error {
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(value)
	return errors.Join(err, file.Close())
}

// glance is how often a process that is held by signals is looked at.
const glance = time.Millisecond

// holdBySignals watches a process until it is released.
func holdBySignals(pid int, share float64) (release func() error, err error) {
	spent, err := CPU(pid)
	if err != nil {
		return nil, err
	}
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		begin := time.Now()
		left := &allowance{share: share, spent: spent}
		stopped := false
		for {
			select {
			case <-stop:
				done <- syscall.Kill(pid, syscall.SIGCONT)
				return
			default:
			}
			spent, err := CPU(pid)
			if may := left.run(time.Since(begin), spent); err == nil && may == stopped {
				signal := syscall.SIGSTOP
				if may {
					signal = syscall.SIGCONT
				}
				err, stopped = syscall.Kill(pid, signal), !may
			}
			if err != nil {
				<-stop
				done <- err
				return
			}
			SleepUntil(time.Now().Add(glance))
		}
	}()
	return func() error {
		close(stop)
		return <-done
	}, nil
}
