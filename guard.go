package users

import (
	"context"
	"errors"
)

// AttemptKind says what an attempt tries, and so which budgets it is counted against.
type AttemptKind int

// The kinds of attempts.
const (
	// AttemptLogin is a password with an e-mail: counted by the device, if the account has logged in from it before, else by
	// the address of the client and by the e-mail.
	AttemptLogin AttemptKind = iota + 1
	// AttemptConfirm is the own password, which a change of the own password or e-mail asks for: counted by the session.
	AttemptConfirm
	// AttemptCredential is a refresh token, API key, client secret or assertion: counted by the address of the client.
	AttemptCredential
	// AttemptNewAccount is a new account: counted by the account that makes it.
	AttemptNewAccount
)

// Attempt is one try at a secret, or at something else that may not be tried without end.
type Attempt struct {
	Kind    AttemptKind
	Address string // of the client, such as 203.0.113.7; empty if unknown
	// Email is that of an AttemptLogin in the form in which addresses are compared, whether or not an account has it.
	Email   string
	Account ID     // the account that is concerned; zero if the e-mail is of none
	Device  string // the known device of an AttemptLogin; empty for one that is not known
	Session string // what an AttemptConfirm is counted by, beside the account: the session of its token
}

// Guard bounds how often secrets are tried, over all replicas. It keeps no secret, and of an e-mail no more than a digest.
type Guard interface {
	// Look returns what Reserve would return as its error, and counts nothing: it is to refuse what need not wait for its turn.
	Look(ctx context.Context, a Attempt) error
	// Reserve counts an attempt, before anything is compared, against all of its budgets or against none. Of any number of
	// attempts at once, on whichever replicas, no more get through than there are in the budget. Where a budget is used up
	// only because of attempts of this process that are not settled, it waits for these. ErrTooMany where a budget is used up;
	// ErrUnavailable, the context's error: what cannot be counted is not tried.
	Reserve(ctx context.Context, a Attempt) (Reservation, error)
}

// Reservation is what an attempt has taken from its budgets.
type Reservation interface {
	// Settle says that the attempt is over, and puts it back if it has succeeded or was never made. It does so also after ctx
	// has ended. If it fails, the budget fills by itself.
	Settle(ctx context.Context, giveBack bool)
}

// counting counts one attempt, where there is a Guard: looked at first, reserved when the comparison has its turn, so that
// those that wait for theirs take nothing from others, and settled with its result.
//
//	count := s.counting(ctx, attempt)
//	err := count.run(func() error { check, err := s.checkPassword(…, count, …); … })
type counting struct {
	guard    Guard
	ctx      context.Context
	attempt  Attempt
	reserved Reservation
}

func (s *Service) counting(ctx context.Context, a Attempt) *counting {
	return &counting{guard: s.Guard, ctx: ctx, attempt: a}
}

// run makes the attempt unless its budgets are used up, and settles it with the error of do.
func (c *counting) run(do func() error) error {
	if err := c.look(); err != nil {
		return err
	}
	outcome := errUnfinished
	defer func() { c.settle(outcome) }()
	outcome = do()
	return outcome
}

// errUnfinished is the outcome of an attempt that panics, which stays counted.
var errUnfinished = errors.New("the attempt was not finished")

func (c *counting) look() error {
	if c.guard == nil {
		return nil
	}
	return c.guard.Look(c.ctx, c.attempt)
}

// reserve counts the attempt, once.
func (c *counting) reserve() (err error) {
	if c.guard == nil || c.reserved != nil {
		return nil
	}
	c.reserved, err = c.guard.Reserve(c.ctx, c.attempt)
	return err
}

// settle gives the attempt back unless it has failed. What was refused as ErrUnavailable, and what ended with the context,
// such as that of a client that has gone, was not compared or would have succeeded: it says nothing of the secret.
func (c *counting) settle(err error) {
	if c.reserved == nil {
		return
	}
	says := err != nil && !errors.Is(err, ErrUnavailable) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
	c.reserved.Settle(c.ctx, !says)
}

// countOne counts an attempt for good.
func (s *Service) countOne(ctx context.Context, a Attempt) error {
	count := s.counting(ctx, a)
	if err := count.look(); err != nil {
		return err
	}
	if err := count.reserve(); err != nil {
		return err
	}
	if count.reserved != nil {
		count.reserved.Settle(ctx, false)
	}
	return nil
}

// CountGuess counts the refusal of a credential against the budget of the client's address, if it is an Error that says
// Guess, and returns what the client is to be told: ErrTooMany if the budget is used up, ErrUnavailable if it cannot be
// counted, else the refusal. It is for credentials of 128 random bits or more, which are looked up before they are counted,
// so that those that count are never refused because of others from the same address.
func (s *Service) CountGuess(ctx context.Context, address string, refused error) error {
	var e *Error
	if !errors.As(refused, &e) || !e.Guess {
		return refused
	}
	if err := s.countOne(ctx, Attempt{Kind: AttemptCredential, Address: address}); err != nil {
		return err
	}
	return refused
}
