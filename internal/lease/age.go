package lease

import "time"

// MaxAge is how long a cached entry may be used without being read again, though no change was found since. Nothing
// that works needs it. It bounds what no revision tells: triggers that were switched off, a table that was restored
// alone.
const MaxAge = time.Minute

// WithinMaxAge reports whether an entry that was read at a time may still be used, by the monotonic clock and by the wall
// clock, which may have been set back.
func WithinMaxAge(read, now time.Time) bool {
	return now.Sub(read) < MaxAge && now.Round(0).Sub(read.Round(0)).Abs() < MaxAge
}
