package store

import (
	"context"
	"errors"
	"time"

	"github.com/svc-users/svc-users"
)

// classifier classifies the errors of a driver.
type classifier interface {
	classify(err error) errClass
	// describe says for a log what an error is, without any value that was bound.
	describe(err error) string
	// undone reports whether a commit that failed with err has certainly changed nothing.
	undone(err error) bool
}

// errClass is the class of a driver's error, which decides whether the store retries and what it returns.
type errClass int

const (
	defect     errClass = iota // a mistake of ours
	taken                      // a unique value exists
	reference                  // a foreign key stands against it
	conflict                   // another transaction was in the way: worth trying again
	lost                       // the connection broke: worth trying again on another
	away                       // the database cannot be reached, or cannot do anything now
	ended                      // the context of the call ended
	unknown                    // it is not known whether the transaction was committed
	noRevision                 // the row of the revision is gone: worth trying again once it was inserted anew
)

// retryAfter is when asking again makes sense while the database is away: a restart takes about as long.
const retryAfter = 2 * time.Second

// failure is the error of a statement. It says what the statement does and why it failed, without bound values: drivers
// repeat those in their errors, which are logged.
type failure struct {
	class  errClass
	doing  string
	reason string
}

func (f *failure) Error() string { return "store: " + f.doing + ": " + f.reason }

// retryable reports whether a retry may succeed.
func (f *failure) retryable() bool {
	return f.class == conflict || f.class == lost || f.class == away || f.class == noRevision
}

// newFailure makes a failure of a driver's error.
func newFailure(ctx context.Context, c classifier, doing string, err error) *failure {
	f := &failure{class: c.classify(err), doing: doing}
	var own *badValue
	switch {
	case errors.As(err, &own):
		f.class, f.reason = defect, own.Error()
	case ctx.Err() != nil && f.class != taken && f.class != reference:
		// Drivers report the end of a context in many ways, a broken connection among them.
		f.class, f.reason = ended, ctx.Err().Error()
	default:
		f.reason = c.describe(err)
	}
	return f
}

// translate converts err to an error that the ports document. ctx is the caller's.
func translate(ctx context.Context, err error) error {
	var f *failure
	if !errors.As(err, &f) || f.class == defect {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	message := "The database is not reachable."
	switch f.class {
	case ended:
		message = "The database did not get it done in time."
	case noRevision:
		message = "The database lacks a row that it must have."
	case unknown:
		message = "The database went away; whether the change was made cannot be told."
	}
	return users.Unavailable(message, retryAfter, f)
}
