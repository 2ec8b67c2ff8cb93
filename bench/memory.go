package main

import (
	"time"

	"github.com/svc-users/svc-users/bench/machine"
)

// glance is the sampling interval of memory: a hundredth of a flood.
const glance = 25 * time.Millisecond

// watchMemory looks at what a process holds until the function it returns is called, which returns the most that was
// seen, in bytes.
func watchMemory(pid int) (most func() (int64, error)) {
	stop, done := make(chan struct{}), make(chan struct{})
	var peak int64
	var err error
	go func() {
		defer close(done)
		tick := time.NewTicker(glance)
		defer tick.Stop()
		for {
			var now machine.Memory
			if now, err = machine.MemoryOf(pid); err != nil {
				return
			}
			peak = max(peak, now.Resident)
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	return func() (int64, error) {
		close(stop)
		<-done
		return peak, err
	}
}
