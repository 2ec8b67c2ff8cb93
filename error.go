package users

import (
	"errors"
	"time"
)

// The kinds of refusal, to be matched with errors.Is. Every error a Service method returns is one of them, or
// a defect.
var (
	ErrInvalid         = errors.New("invalid input")           // a field or a referenced id is wrong; see Error.Faults
	ErrNotFound        = errors.New("not found")               // the thing the request is about does not exist
	ErrConflict        = errors.New("conflict")                // a rule about the state of things stands against it
	ErrForbidden       = errors.New("forbidden")               // the caller may not do this
	ErrUnauthenticated = errors.New("unauthenticated")         // there is no caller: the token does not count
	ErrCredentials     = errors.New("credentials not matched") // a login that failed, for whatever reason
	ErrTooMany         = errors.New("too many attempts")       // a limit on attempts is reached; see Error.RetryAfter
	ErrUnavailable     = errors.New("unavailable")             // overloaded, or the database is away; see Error.RetryAfter
)

// What a Store answers when a write does not fit; the Service turns them into refusals with words.
var (
	ErrTaken        = errors.New("already taken")        // a unique name or e-mail exists
	ErrInUse        = errors.New("still referred to")    // something else points at the thing to be removed
	ErrBadReference = errors.New("reference to nothing") // the thing pointed at does not exist
)

// Error is a refusal with the words that may be shown to the client. Its cause, where it has one, is for
// the log alone.
type Error struct {
	Kind       error         // one of the kinds above
	Message    string        // one sentence
	Faults     Faults        // with ErrInvalid: every fault found
	RetryAfter time.Duration // with ErrUnavailable and ErrTooMany: when trying again makes sense
	Cause      error         // never shown
	// Guess says that a credential was refused that is well formed: see Service.CountGuess.
	Guess bool
}

// Error is the message, and the cause for a log.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

// Unwrap lets errors.Is see both the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause != nil {
		return []error{e.Kind, e.Cause}
	}
	return []error{e.Kind}
}

// Unavailable is the error for a thing that cannot be done now but may be in after: the queue is full, the
// database is away.
func Unavailable(message string, after time.Duration, cause error) *Error {
	return &Error{Kind: ErrUnavailable, Message: message, RetryAfter: after, Cause: cause}
}

// Fault is one thing wrong with a request: the field by its dotted path (permission_ids.0), or empty for the
// whole body, and a sentence about it. The sentence never repeats the value.
type Fault struct {
	Field   string
	Problem string
}

// Faults are all things wrong with one request.
type Faults []Fault

// Add notes a fault, unless that field already has one: the first is the most basic.
func (f *Faults) Add(field, problem string) {
	if !f.Has(field) {
		*f = append(*f, Fault{field, problem})
	}
}

// Has reports whether the field is known to be wrong.
func (f Faults) Has(field string) bool {
	for _, x := range f {
		if x.Field == field {
			return true
		}
	}
	return false
}

// Err is nil without faults, else one ErrInvalid that names them all.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Kind: ErrInvalid, Message: "Validation error", Faults: f}
}

func notFound(what string) error     { return &Error{Kind: ErrNotFound, Message: what + " not found"} }
func conflict(message string) error  { return &Error{Kind: ErrConflict, Message: message} }
func forbidden(message string) error { return &Error{Kind: ErrForbidden, Message: message} }
