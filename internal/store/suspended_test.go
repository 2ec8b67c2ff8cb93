package store

import (
	"testing"
	"time"
	"unsafe"
)

// suspended is a time after the machine slept: the wall clock has gone on, and the monotonic one has stood still. A
// time.Time with a monotonic reading keeps the seconds of the wall clock in bits 30 to 62 of its first word.
func suspended(t *testing.T, now time.Time, slept time.Duration) time.Time {
	t.Helper()
	later := now
	*(*uint64)(unsafe.Pointer(&later)) += uint64(slept/time.Second) << 30
	if later.Sub(now) != 0 || later.Round(0).Sub(now.Round(0)) != slept {
		t.Fatalf("this is not how a time is kept: %v, %v", now, later)
	}
	return later
}

// What was heard before a machine was suspended does not count after it, though the monotonic clock says that no time
// has passed.
func TestHeardDoesNotOutliveASuspension(t *testing.T) {
	t.Parallel()
	now := time.Now()
	h := &heard{until: now.Add(credit)}
	if !h.counts(now) {
		t.Error("what has just been heard does not count")
	}
	if h.counts(suspended(t, now, time.Hour)) {
		t.Error("what was heard counts after an hour of sleep")
	}
	// A wall clock that was set back does not lengthen it.
	if h.counts(suspended(t, now, 0).Add(credit)) {
		t.Error("what was heard counts for longer than it may")
	}
}
