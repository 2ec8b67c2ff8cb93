package main

import (
	"log/slog"
	"math"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/svc-users/svc-users/internal/cgroup"
	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/password"
	"github.com/svc-users/svc-users/internal/web"
)

const (
	// gcPercent lets the heap grow to this much over what is in use before it is collected (GOGC). Go's own 100 would
	// collect a service that needs so little all the time.
	gcPercent = 200
	// memoryShare is the part of the control group's memory that the collector keeps the process under (GOMEMLIMIT).
	// It does not count what SQLite takes and the pages of the program itself, which need the rest.
	memoryShare = 0.8
	// connectionMemory is what a connection may take while no request is worked on over it, in bytes: the buffers of
	// net/http, a header of 32 KiB and the first 8 KiB of a body, with what the collector has not taken yet.
	connectionMemory = 64 << 10
	// connectionShare is the part of the control group's memory that all of them may take.
	connectionShare = 0.5
)

// connections is how many may be open at a time with so much memory in the control group; zero is the default.
func connections(memory int64) int {
	if memory <= 0 {
		return 0
	}
	return min(web.DefaultConnections, max(64, int(connectionShare*float64(memory)/connectionMemory)))
}

// hashing is how passwords are hashed with these settings, within what the control group allows. A quota of all the
// processors there are stops nobody, and without pauses hashing takes all that is left.
func hashing(cfg config.Config, limits cgroup.Limits) password.Options {
	procs := runtime.GOMAXPROCS(0)
	o := password.Options{
		Cost: cfg.BcryptCost, Workers: cfg.HashWorkers, MaxWait: cfg.LoginMaxWait,
		// A thread that hashes at a low priority occupies one of Go's places to run also while the kernel lets it
		// wait. So there is one more for each, and requests keep as many as Go gave them, which heeds a quota. More than
		// there are processors make every request a little dearer, so the places go when the hashing does.
		Busy: func(workers int) { runtime.GOMAXPROCS(procs + workers) },
	}
	if limits.CPUs < float64(runtime.NumCPU()) {
		o.Quota = limits.CPUs
	}
	return o
}

// fitRuntime fits Go's collector to a process that serves. What the operator says in GOGC or GOMEMLIMIT stays.
func (a *instance) fitRuntime() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" && a.limits.Memory > 0 {
		debug.SetMemoryLimit(int64(memoryShare * float64(a.limits.Memory)))
	}
	// Starting has left buffers, most of them for reading the migrations, in pools that Go empties at the second
	// collection. Left there, they would count as in use and let the heap grow in proportion.
	go func() { runtime.GC(); debug.FreeOSMemory() }()
}

// logLimits says what was found and made of it.
func (a *instance) logLimits(log *slog.Logger) {
	record := []any{"hash_workers", a.hasher.Workers()}
	if a.limits.CPUs > 0 {
		record = append(record, "cpu_quota", a.limits.CPUs)
	}
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		record = append(record, "gomemlimit", limit)
	}
	log.Info("limits", record...)
}
