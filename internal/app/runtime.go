package app

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
)

const (
	// gcPercent lets the heap grow to this much over what is in use before it is collected (GOGC). Go's own 100 would
	// collect a service that needs so little all the time.
	gcPercent = 200
	// memoryShare is the part of the control group's memory that the collector keeps the process under (GOMEMLIMIT).
	// It does not count what SQLite takes and the pages of the program itself, which need the rest.
	memoryShare = 0.8
)

// fitRuntime fits Go's collector to a process that serves. What the operator says in GOGC or GOMEMLIMIT stays.
func (a *App) fitRuntime() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" && a.config.Machine.Memory > 0 {
		debug.SetMemoryLimit(int64(memoryShare * float64(a.config.Machine.Memory)))
	}
	// Starting has left buffers, most of them for reading the migrations, in pools that Go empties at the second
	// collection. Left there, they would count as in use and let the heap grow in proportion.
	go func() { runtime.GC(); debug.FreeOSMemory() }()
}

// logLimits says what was found and made of it.
func (a *App) logLimits() {
	record := []any{"hash_workers", a.Hasher.Workers()}
	if a.config.Machine.CPUs > 0 {
		record = append(record, "cpu_quota", a.config.Machine.CPUs)
	}
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		record = append(record, "gomemlimit", limit)
	}
	a.config.Log.Info("limits", record...)
}
