package store

import (
	"context"
	"errors"
	"time"

	"github.com/svc-users/svc-users"
)

// fault is what an error of a driver means to the store.
type fault int

const (
	defect    fault = iota // a mistake of ours
	taken                  // a unique value exists
	reference              // a foreign key stands against it
	conflict               // another transaction was in the way: worth trying again
	lost                   // the connection broke: worth trying again on another
	away                   // the database cannot be reached, or cannot do anything now
	ended                  // the context of the call ended
	unknown                // whether the transaction was committed cannot be told
	stampless              // the row of the stamps is gone: worth trying again once it was made anew
)

// retryAfter is when asking again makes sense while the database is away: a restart takes about as long.
const retryAfter = 2 * time.Second

// failure is a statement that failed. It says what was done and why that failed, and holds no value that was
// bound: drivers repeat those in their errors, which end in logs.
type failure struct {
	fault  fault
	doing  string
	reason string
}

func (f *failure) Error() string { return "store: " + f.doing + ": " + f.reason }

// again reports whether the same is worth doing once more.
func (f *failure) again() bool {
	return f.fault == conflict || f.fault == lost || f.fault == away || f.fault == stampless
}

// failed makes a failure of a driver's error.
func failed(ctx context.Context, e engine, doing string, err error) *failure {
	f := &failure{fault: e.fault(err), doing: doing}
	var own *badValue
	switch {
	case errors.As(err, &own):
		f.fault, f.reason = defect, own.Error()
	case ctx.Err() != nil && f.fault != taken && f.fault != reference:
		// Drivers report the end of a context in many ways, a broken connection among them.
		f.fault, f.reason = ended, ctx.Err().Error()
	default:
		f.reason = e.describe(err)
	}
	return f
}

// translate makes of err what the ports promise. ctx is the caller's own.
func translate(ctx context.Context, err error) error {
	var f *failure
	if !errors.As(err, &f) || f.fault == defect {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	message := "The database is not reachable."
	switch f.fault {
	case ended:
		message = "The database did not get it done in time."
	case stampless:
		message = "The database lacks a row that it must have."
	case unknown:
		message = "The database went away; whether the change was made cannot be told."
	}
	return users.Unavailable(message, retryAfter, f)
}
