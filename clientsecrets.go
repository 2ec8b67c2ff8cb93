package users

import (
	"context"
	"slices"
	"strconv"
	"time"
)

// NewClientSecret is what it takes to make a client secret, as the request gave it.
type NewClientSecret struct {
	// Expires is not Set for the usual life, and leads to nil for a secret that does not expire.
	Expires Optional[*time.Time]
	Found   Faults
}

// MadeClientSecret is a client secret with its text, which is kept nowhere.
type MadeClientSecret struct {
	ClientSecret
	Text string // svcs_…
}

// ClientSecrets needs service-accounts:read, and returns the secrets of a service account, the oldest first; expired ones
// too, which count among its secrets until they are deleted. ErrNotFound.
func (s *Service) ClientSecrets(ctx context.Context, c Caller, account string) ([]ClientSecret, error) {
	if _, err := s.Authorize(ctx, c, ServiceAccountsRead); err != nil {
		return nil, err
	}
	owner, err := serviceAccountNow(ctx, s.Store, account)
	if err != nil {
		return nil, err
	}
	return s.Store.ClientSecrets(ctx, owner.ID)
}

// CreateClientSecret needs service-accounts:update, and what changing the account takes. ErrInvalid, ErrNotFound,
// ErrForbidden; ErrConflict for an account that has two secrets.
func (s *Service) CreateClientSecret(ctx context.Context, c Caller, account string, in NewClientSecret) (MadeClientSecret, error) {
	var made MadeClientSecret
	err := s.Change(ctx, c, ServiceAccountsUpdate, func(tx *Change) error {
		faults := slices.Clone(in.Found)
		expires := faults.secretExpiry("expires_at", in.Expires, s.Clients, tx.Now)
		if err := faults.Err(); err != nil {
			return err
		}
		owner, err := secretOwner(ctx, tx, account)
		if err != nil {
			return err
		}
		others, err := tx.ClientSecrets(ctx, owner.ID)
		if err != nil {
			return err
		}
		if len(others) >= maxClientSecrets {
			return conflict("A service account can have two secrets; delete one of them first.")
		}
		var value ClientSecretValue
		s.Random(value[:])
		text := value.reveal()
		secret := ClientSecret{
			ID: s.NewID(), Account: owner.ID, LastFour: text[len(text)-4:], CreatedAt: tx.Now, ExpiresAt: expires,
		}
		if err := tx.InsertClientSecret(ctx, secret, value); err != nil {
			return err
		}
		tx.Record(clientSecretCreated(owner, secret))
		made = MadeClientSecret{ClientSecret: secret, Text: text}
		return nil
	})
	return made, err
}

// DeleteClientSecret needs service-accounts:update, and what changing the account takes. Tokens that were issued for the
// secret stay valid until they expire. ErrNotFound, ErrForbidden.
func (s *Service) DeleteClientSecret(ctx context.Context, c Caller, account, id string) error {
	return s.Change(ctx, c, ServiceAccountsUpdate, func(tx *Change) error {
		owner, err := secretOwner(ctx, tx, account)
		if err != nil {
			return err
		}
		secrets, err := tx.ClientSecrets(ctx, owner.ID)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(secrets, func(s ClientSecret) bool { return s.ID.String() == id })
		if at < 0 {
			return notFound("Client secret")
		}
		return deleteClientSecret(ctx, tx, owner, secrets[at])
	})
}

// deleteClientSecrets deletes all secrets of a service account.
func deleteClientSecrets(ctx context.Context, tx *Change, owner Account) error {
	secrets, err := tx.ClientSecrets(ctx, owner.ID)
	if err != nil {
		return err
	}
	for _, secret := range secrets {
		if err := deleteClientSecret(ctx, tx, owner, secret); err != nil {
			return err
		}
	}
	return nil
}

func deleteClientSecret(ctx context.Context, tx *Change, owner Account, secret ClientSecret) error {
	if err := tx.DeleteClientSecret(ctx, owner.ID, secret.ID); err != nil {
		return err
	}
	tx.Record(clientSecretDeleted(owner, secret))
	return nil
}

// ChangeableServiceAccount finds a service account whose credentials the caller may change: they are worth all that the
// account may do. ErrNotFound for an id that is unknown, none, or of a person; ErrForbidden.
func (c *Change) ChangeableServiceAccount(ctx context.Context, id string) (ServiceAccount, error) {
	owner, err := serviceAccountNow(ctx, c, id)
	if err != nil {
		return ServiceAccount{}, err
	}
	return owner, c.Caller.mayChangeAccount(owner.Account)
}

// secretOwner finds the service account whose secrets the caller may change.
func secretOwner(ctx context.Context, tx *Change, account string) (Account, error) {
	owner, err := tx.ChangeableServiceAccount(ctx, account)
	return owner.Account, err
}

// secretExpiry reads a field that says when a secret expires, which is zero for never.
func (f *Faults) secretExpiry(field string, chosen Optional[*time.Time], o ClientOptions, now time.Time) time.Time {
	switch {
	case f.Has(field):
		return time.Time{}
	case !chosen.Set:
		return now.Add(o.SecretLife)
	case chosen.To == nil:
		if o.MaxSecretLife > 0 {
			f.Add(field, "must be a time: secrets that do not expire are not allowed here (CLIENT_SECRET_MAX_LIFE)")
		}
		return time.Time{}
	}
	at := chosen.To.UTC().Truncate(time.Microsecond)
	switch {
	case at.Before(now.Add(minSecretLife)):
		f.Add(field, "must be at least a minute ahead")
	case o.MaxSecretLife > 0 && at.After(now.Add(o.MaxSecretLife)):
		f.Add(field, "must be at most "+o.MaxSecretLife.String()+" ahead (CLIENT_SECRET_MAX_LIFE)")
	case at.Year() > maxYear:
		f.Add(field, "must be before the year "+strconv.Itoa(maxYear+1))
	}
	return at
}
