package throttle

import (
	"context"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/limit"
)

// Draw is an attempt that is taken from one budget.
type Draw struct {
	ID      users.ID // of the row: a digest
	Kind    Kind
	Subject string
	Rate    limit.Rate
}

// Record is a budget as it is stored. One that is full may be missing.
type Record struct {
	ID      users.ID
	Kind    Kind
	Subject string // an address or a network, the id of an account, or nothing
	Rate    limit.Rate
	FullAt  time.Time // see package limit
}

// Filter chooses records. Empty fields choose all.
type Filter struct {
	Kind    Kind
	Subject string
	Blocked bool // only those without an attempt left
}

// Store keeps budgets. Its methods return ErrUnavailable when the database is away, or the error of the context. They
// take part in no transaction, and wait for none but of the same rows, where the engine can write two rows at a time.
type Store interface {
	// ExhaustedBudgets returns the budgets that no attempt is left of, with the time until there is one.
	ExhaustedBudgets(ctx context.Context, now time.Time, draws []Draw) ([]Exhausted, error)
	// TakeAttempts takes an attempt from each of these budgets or from none, as limit.Rate.Take has it, in one statement
	// where they have attempts left. Of calls at the same time none takes what another has taken. The budgets that there was
	// none left of are returned with the time until there is one. draws have different ids.
	TakeAttempts(ctx context.Context, now time.Time, draws []Draw) ([]Exhausted, error)
	// ReturnAttempts puts back what TakeAttempts has taken. A budget that is full, or was deleted since, stays so.
	ReturnAttempts(ctx context.Context, now time.Time, draws []Draw) error
	// CountThrottles counts the rows, but no more than a number of them.
	CountThrottles(ctx context.Context, most int) (int, error)
	// Throttles returns the budgets that are not full, at most so many: those without an attempt left first, of these the one
	// that is blocked for longest first.
	Throttles(ctx context.Context, now time.Time, f Filter, most int) ([]Record, error)
	// SweepThrottles deletes the rows of budgets that were full before a time, in small statements.
	SweepThrottles(ctx context.Context, before time.Time) error
	// ThrottleKey returns the 32 random bytes under which rows are digested.
	ThrottleKey(ctx context.Context) ([]byte, error)
}

// Exhausted is a budget without an attempt left.
type Exhausted struct {
	Draw
	Wait time.Duration
}

// Tx is what the transactions of the store, each a users.Tx, do with budgets.
type Tx interface {
	// DeleteThrottle deletes the row of an id, and returns what it was. ErrNotFound.
	DeleteThrottle(ctx context.Context, id users.ID) (Record, error)
	// DeleteThrottles deletes the rows that are chosen, and returns how many were of budgets that were not full.
	DeleteThrottles(ctx context.Context, now time.Time, f Filter) (int, error)
}

// Ports is what a Guard needs of the outside.
type Ports struct {
	Store Store
	Now   func() time.Time
	Rates Rates
	// Off counts nothing: for load tests.
	Off bool
	// Rows is how many rows there may be, one for each thing that is counted; zero for the usual number. Above it there is one
	// row for all addresses, and one for all e-mails, that share a bucket, so that a million e-mails cannot fill the database.
	Rows int
	// Observe, if not nil, is called each time that an attempt is refused, with the kind and the subject of the budget.
	Observe func(Block)
}

// Block is an attempt that was refused.
type Block struct {
	Kind    Kind
	Subject string
	Wait    time.Duration
}
