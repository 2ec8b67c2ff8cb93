package lease

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

// A lease from before a machine was suspended is over after it, though the monotonic clock says that no time has passed.
func TestLeaseEndsWithASuspension(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := &snapshot{until: now.Add(TTL)}
	if !s.validAt(now) || s.validAt(now.Add(TTL)) {
		t.Error("it does not last for as long as it should")
	}
	if s.validAt(suspended(t, now, time.Hour)) {
		t.Error("it lasts after an hour of sleep")
	}
	// A wall clock that was set back does not lengthen it.
	if s.validAt(suspended(t, now, 0).Add(TTL)) {
		t.Error("it lasts for longer than it may")
	}
	// The same for a lease whose end is an hour ago by the wall clock alone.
	past := &snapshot{until: s.until.Round(0).Add(-time.Hour)}
	if past.validAt(now) {
		t.Error("it lasts for an hour by the wall clock")
	}
}

// The monotonic clock may stand still while the wall clock goes on, and the latter may be set back.
func TestWithinMaxAge(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for what, c := range map[string]struct {
		read, now time.Time
		want      bool
	}{
		"just read":                           {now, now, true},
		"nearly a minute old":                 {now, now.Add(MaxAge - 1), true},
		"a minute old":                        {now, now.Add(MaxAge), false},
		"a minute old by the wall clock":      {now.Round(0).Add(-MaxAge), now, false},
		"in the future, the clock was turned": {now.Round(0).Add(MaxAge), now, false},
		"read before a sleep":                 {now, suspended(t, now, MaxAge), false},
	} {
		if got := WithinMaxAge(c.read, c.now); got != c.want {
			t.Errorf("%s: %t", what, got)
		}
	}
}
