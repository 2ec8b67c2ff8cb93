package lease

import "time"

// MaxAge is how long a cached entry may be used without being read again, though no change was found since. Nothing
// that works needs it. It bounds what no revision tells: triggers that were switched off, a table that was restored
// alone.
const MaxAge = time.Minute

// renewAge is when an entry whose reading takes long is to be read again, so that no request has to wait for that.
const renewAge = MaxAge * 3 / 4

// NearMaxAge reports whether an entry that may still be used is to be read again.
func NearMaxAge(read, now time.Time) bool {
	return now.Sub(read) >= renewAge || now.Round(0).Sub(read.Round(0)).Abs() >= renewAge
}

// WithinMaxAge reports whether an entry that was read at a time may still be used, by the monotonic clock and by the wall
// clock, which may have been set back.
func WithinMaxAge(read, now time.Time) bool {
	return now.Sub(read) < MaxAge && now.Round(0).Sub(read.Round(0)).Abs() < MaxAge
}
