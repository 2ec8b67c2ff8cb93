//go:build !linux

package password

import "time"

// lowerPriority does nothing: priorities of single threads are Linux's. The number of workers is the gate.
func lowerPriority() {}

// processTime is only asked for under a quota, which is Linux's too.
func processTime() time.Duration { return 0 }

var started = time.Now()

// workerTime stands for the processor time of a worker, which cannot be asked for everywhere.
func workerTime() time.Duration { return time.Since(started) }
