package users

import (
	"context"
	"errors"
	"time"
)

const (
	// maxEmailChanges bounds how many addresses an account can be used to ask about within emailChangeWindow: whether
	// an address is taken has to be said, and more than a few changes a day are not meant as changes.
	maxEmailChanges   = 5
	emailChangeWindow = 24 * time.Hour
)

// claimEmail counts an account's attempt to take an address, and says whether it can have it: refused is ErrTooMany, in
// which case nothing is counted, or ErrConflict. Transactions run one at a time, so of a hundred attempts at once, on
// whichever replicas, no more get through than of a hundred in a row.
func (s *Service) claimEmail(ctx context.Context, tx Tx, account ID, e Email, now time.Time) (refused, err error) {
	if !s.Unlimited {
		tried, err := tx.EmailChanges(ctx, account, now.Add(-emailChangeWindow))
		if err != nil {
			return nil, err
		}
		if n := len(tried); n >= maxEmailChanges {
			return &Error{
				Kind: ErrTooMany, Message: "The e-mail was changed, or tried to be, too often; try again later.",
				RetryAfter: min(tried[n-maxEmailChanges].Add(emailChangeWindow).Sub(now), emailChangeWindow),
			}, nil
		}
		if err := tx.AddEmailChange(ctx, account, now); err != nil {
			return nil, err
		}
	}
	switch _, _, err := tx.AccountByEmail(ctx, e); {
	case errors.Is(err, ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return conflict(emailTaken), nil
}

// ForgetEmailChanges forgets the attempts that no longer count.
func (s *Service) ForgetEmailChanges(ctx context.Context) error {
	before := s.now().Add(-emailChangeWindow)
	return s.Store.InRowTx(ctx, func(tx RowTx) error { return tx.ForgetEmailChanges(ctx, before) })
}
