//go:build !linux

package machine

import (
	"errors"
	"os"
	"os/exec"
	"time"
)

var errLinux = errors.New("what a process uses of the machine is read on Linux only")

// CPU fails here.
func CPU(int) (time.Duration, error) { return 0, errLinux }

// ThreadCPU fails here.
func ThreadCPU() (time.Duration, error) { return 0, errLinux }

// MemoryOf fails here.
func MemoryOf(int) (Memory, error) { return Memory{}, errLinux }

// PeakOf fails here.
func PeakOf(*os.ProcessState) (int64, error) { return 0, errLinux }

// SleepUntil sleeps until then.
func SleepUntil(then time.Time) { time.Sleep(time.Until(then)) }

// Start fails here.
func Start(*exec.Cmd) error { return errLinux }

// Busy fails here.
func Busy(time.Duration) (float64, error) { return 0, errLinux }

// Model knows nothing here.
func Model() string { return parseModel("") }

// Hold fails here.
func Hold(int, float64) (Held, func() error, error) { return "", nil, errLinux }
