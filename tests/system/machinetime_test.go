package system

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

// sampleEvery is how often the load of the machine is looked at.
const sampleEvery = 20 * time.Millisecond

// machineTime is a clock for what a server promises in seconds. It runs as fast as a task gets a processor: with
// eight tasks that want to run on two processors, a second of it takes four. What other work of the machine takes from
// the server is not held against it, and a quiet machine holds it to every second. Where the system does not tell how
// many tasks want to run, it is the time on the wall.
func machineTime() time.Duration {
	c := startClock()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// machineSince is the time of this clock that has gone by since it showed another.
func machineSince(began time.Duration) time.Duration { return machineTime() - began }

type machineClock struct {
	mu  sync.Mutex
	now time.Duration
}

// startClock starts the one clock of this test process, which runs until the process ends.
var startClock = sync.OnceValue(func() *machineClock {
	c := &machineClock{}
	go func() {
		for last := time.Now(); ; {
			time.Sleep(sampleEvery)
			now := time.Now()
			c.mu.Lock()
			c.now += time.Duration(float64(now.Sub(last)) / slowdown())
			c.mu.Unlock()
			last = now
		}
	}()
	return c
})

// slowdown is by how much a task takes longer at this moment than on a machine that does nothing else, at least 1.
func slowdown() float64 {
	stat, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 1
	}
	return slowdownOf(stat, runtime.NumCPU())
}

// slowdownOf reads proc_loadavg(5), such as "0.20 0.18 0.12 9/80 11206": of 80 tasks 9 want to run, this one included.
func slowdownOf(loadavg []byte, processors int) float64 {
	fields := bytes.Fields(loadavg)
	if len(fields) < 4 {
		return 1
	}
	wanting, _, _ := bytes.Cut(fields[3], []byte("/"))
	n, err := strconv.Atoi(string(wanting))
	if err != nil {
		return 1
	}
	return max(1, float64(n)/float64(processors))
}

// slowdownOfOthers is the mean slowdown over a moment in which the test itself does nothing.
func slowdownOfOthers() float64 {
	const samples = 25
	sum := 0.0
	for range samples {
		time.Sleep(sampleEvery)
		sum += slowdown()
	}
	return sum / samples
}

func TestSlowdown(t *testing.T) {
	t.Parallel()
	for loadavg, want := range map[string]float64{
		"0.20 0.18 0.12 1/80 11206\n": 1, "0.20 0.18 0.12 2/80 11206\n": 1, "9.00 0.18 0.12 9/80 11206\n": 4.5,
		"": 1, "0.20 0.18 0.12": 1, "0.20 0.18 0.12 x/y 3": 1,
	} {
		if got := slowdownOf([]byte(loadavg), 2); got != want {
			t.Errorf("%q: %v, want %v", loadavg, got, want)
		}
	}
	began, wall := machineTime(), time.Now()
	for machineSince(began) == 0 {
		time.Sleep(time.Millisecond)
	}
	if took := machineSince(began); took > time.Since(wall)+sampleEvery {
		t.Errorf("the clock has gone %v in %v", took, time.Since(wall))
	}
}
