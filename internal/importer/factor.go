package importer

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	users "github.com/svc-users/svc-users"
)

// factorPurpose is what second factors are sealed for.
const factorPurpose = "imported-factors"

// keptTOTP is what is sealed of a TOTP.
type keptTOTP struct {
	Label     string `json:"label,omitempty"`
	Secret    string `json:"secret"` // base32 without padding
	Digits    int    `json:"digits"`
	Period    int    `json:"period"`
	Algorithm string `json:"algorithm"`
}

// name is what a factor is sealed for: it opens for no other account.
func (f Factor) name() string { return f.Account.String() + "/" + f.ID.String() }

// checkFactors notes what is wrong with the second factors of a record.
func (r *run) checkFactors(c *candidate) {
	if r.options.WithoutTOTP || len(c.TOTP) == 0 {
		return
	}
	for _, t := range c.TOTP {
		if problem := t.check(); problem != "" {
			c.Faults.Add("totp", problem+"; --without-totp leaves out second factors")
		}
	}
	if r.Seals == nil {
		c.Faults.Add("totp", "can't be kept without ENCRYPTION_KEY, which encrypts it; --without-totp leaves it out")
	}
}

// noteFactors says what becomes of the second factors of an account that is made.
func (r *run) noteFactors(c *candidate) {
	switch {
	case len(c.TOTP) == 0:
	case r.options.WithoutTOTP:
		c.decision.notes = append(c.decision.notes, "its second factor is left out")
	default:
		c.decision.notes = append(c.decision.notes, "its second factor is kept, and no login asks for it yet")
	}
}

// sealFactors encrypts the second factors of a candidate for its account.
func (r *run) sealFactors(c *candidate, now time.Time) ([]Factor, error) {
	var list []Factor
	if r.options.WithoutTOTP {
		return nil, nil
	}
	for _, t := range c.TOTP {
		f := Factor{ID: r.Service.NewID(), Account: c.decision.id, Kind: "totp", CreatedAt: now}
		plain, err := json.Marshal(keptTOTP{ //nolint:gosec // G117: it is encrypted before it goes anywhere
			t.Label, base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(t.Secret), t.Digits, t.Period, t.Algorithm,
		})
		if err != nil {
			return nil, err
		}
		if f.Sealed, err = r.Seals.Seal(factorPurpose, f.name(), plain); err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

// Rewrap encrypts the second factors that are under a former encryption key under the current one, and returns how many they
// were. It needs keys:manage. ErrForbidden, ErrUnavailable; an error that says so if one can't be opened: those before it are
// done.
func (im *Importer) Rewrap(ctx context.Context, c users.Caller) (rewrapped int, err error) {
	if im.Seals == nil {
		return 0, errors.New("there is no ENCRYPTION_KEY")
	}
	for last, more := (users.ID{}), true; more; {
		var done int
		err := im.Service.Change(ctx, c, users.KeysManage, func(change *users.Change) error {
			tx, ok := change.Tx.(Tx)
			if !ok {
				return errNoTx
			}
			list, err := tx.Factors(ctx, last, batchSize)
			if err != nil {
				return err
			}
			done, more = 0, len(list) == batchSize
			for _, f := range list {
				if im.Seals.IsCurrent(f.Sealed) {
					continue
				}
				if err := im.reseal(ctx, tx, f); err != nil {
					return err
				}
				done++
			}
			if len(list) > 0 {
				last = list[len(list)-1].ID
			}
			return nil
		})
		if err != nil {
			return rewrapped, err
		}
		rewrapped += done
	}
	return rewrapped, nil
}

func (im *Importer) reseal(ctx context.Context, tx Tx, f Factor) error {
	plain, err := im.Seals.Open(factorPurpose, f.name(), f.Sealed)
	if err != nil {
		return fmt.Errorf("the second factor %s of account %s: %w", f.ID, f.Account, err)
	}
	if f.Sealed, err = im.Seals.Seal(factorPurpose, f.name(), plain); err != nil {
		return err
	}
	return tx.ResealFactor(ctx, f.ID, f.Sealed)
}
