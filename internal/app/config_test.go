package app

import (
	"runtime"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/cgroup"
	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/web"
)

// A quota matters only where it leaves less than the processors there are: hashing that pauses for nothing would
// leave them idle.
func TestHashingHeedsAQuota(t *testing.T) {
	t.Parallel()
	all := float64(runtime.NumCPU())
	for quota, want := range map[float64]float64{0: 0, all / 2: all / 2, all - 0.1: all - 0.1, all: 0, 4 * all: 0} {
		got := hashingOptions(config.Config{BcryptCost: 11, HashWorkers: 5, LoginMaxWait: time.Second}, cgroup.Limits{CPUs: quota})
		if got.Quota != want {
			t.Errorf("a quota of %v of %v processors: hashing keeps to %v, want %v", quota, all, got.Quota, want)
		}
		if got.Cost != 11 || got.Workers != 5 || got.MaxWait != time.Second {
			t.Errorf("the settings do not arrive: %+v", got)
		}
	}
}

// Connections, each at its worst, leave half of the memory; and some are possible with any.
func TestConnectionsHeedMemory(t *testing.T) {
	t.Parallel()
	for memory, want := range map[int64]int{0: 0, 1: 64, 64 << 20: 512, 256 << 20: 2048, 1 << 40: web.DefaultConnections} {
		if got := maxConnections(memory, false); got != want {
			t.Errorf("%d bytes of memory: %d connections, want %d", memory, got, want)
		}
	}
}
