package federation

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	users "github.com/svc-users/svc-users"
)

// Keys needs service-accounts:read, and returns the keys of a service account, the oldest first. ErrNotFound.
func (f *Federation) Keys(ctx context.Context, c users.Caller, account string) ([]Key, error) {
	owner, err := f.Service.ServiceAccount(ctx, c, account)
	if err != nil {
		return nil, err
	}
	return f.Store.ClientKeys(ctx, owner.ID)
}

// Trusts needs service-accounts:read, and returns the trusts of a service account, the oldest first. ErrNotFound.
func (f *Federation) Trusts(ctx context.Context, c users.Caller, account string) ([]Trust, error) {
	owner, err := f.Service.ServiceAccount(ctx, c, account)
	if err != nil {
		return nil, err
	}
	return f.Store.Trusts(ctx, owner.ID)
}

// transaction is what a change of keys or trusts gets.
type transaction struct {
	Tx
	change *users.Change
	owner  users.ServiceAccount
}

// manage runs a change of what a service account authenticates with. That is worth all that the account may do, so the
// caller must be one that may change it.
func (f *Federation) manage(ctx context.Context, c users.Caller, account string, faults users.Faults, fn func(t transaction) error) error {
	return f.Service.Change(ctx, c, users.ServiceAccountsUpdate, func(change *users.Change) error {
		if err := faults.Err(); err != nil {
			return err
		}
		tx, ok := change.Tx.(Tx)
		if !ok {
			return fmt.Errorf("the store keeps no keys of service accounts: its transaction is a %T", change.Tx)
		}
		owner, err := change.ChangeableServiceAccount(ctx, account)
		if err != nil {
			return err
		}
		return fn(transaction{tx, change, owner})
	})
}

// CreateKey needs service-accounts:update, and what changing the account takes. ErrInvalid, ErrNotFound, ErrForbidden;
// ErrConflict for a key that the account has, and for one too many.
func (f *Federation) CreateKey(ctx context.Context, c users.Caller, account string, in NewKey) (Key, error) {
	faults := slices.Clone(in.Found)
	made := in.read(f, &faults)
	err := f.manage(ctx, c, account, faults, func(t transaction) error {
		made.ID, made.Account, made.CreatedAt = f.Service.NewID(), t.owner.ID, t.change.Now
		others, err := t.ClientKeys(ctx, t.owner.ID)
		switch {
		case err != nil:
			return err
		case slices.ContainsFunc(others, made.same):
			return conflict("The service account has this key already.")
		case len(others) >= maxKeys:
			return conflict("A service account can have " + strconv.Itoa(maxKeys) + " keys; delete one of them first.")
		}
		t.change.Record(users.NewClientKeyEvent(t.owner.Account, made.event()))
		return t.InsertClientKey(ctx, made)
	})
	return made, err
}

// DeleteKey needs service-accounts:update, and what changing the account takes. Tokens that were issued for the key stay
// valid until they expire. ErrNotFound, ErrForbidden.
func (f *Federation) DeleteKey(ctx context.Context, c users.Caller, account, id string) error {
	return f.manage(ctx, c, account, nil, func(t transaction) error {
		keys, err := t.ClientKeys(ctx, t.owner.ID)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(keys, func(k Key) bool { return k.ID.String() == id })
		if at < 0 {
			return &users.Error{Kind: users.ErrNotFound, Message: "Client key not found"}
		}
		t.change.Record(users.DeletedClientKeyEvent(t.owner.Account, keys[at].event()))
		return t.DeleteClientKey(ctx, t.owner.ID, keys[at].ID)
	})
}

// CreateTrust needs service-accounts:update, and what changing the account takes. ErrInvalid, ErrNotFound, ErrForbidden;
// ErrConflict for a trust that the account has, and for one too many.
func (f *Federation) CreateTrust(ctx context.Context, c users.Caller, account string, in NewTrust) (Trust, error) {
	faults := slices.Clone(in.Found)
	made := in.read(f.Options, &faults)
	err := f.manage(ctx, c, account, faults, func(t transaction) error {
		made.ID, made.Account, made.CreatedAt = f.Service.NewID(), t.owner.ID, t.change.Now
		others, err := t.Trusts(ctx, t.owner.ID)
		switch {
		case err != nil:
			return err
		case slices.ContainsFunc(others, made.sameRule):
			return conflict("The service account has this trust already.")
		case len(others) >= maxTrusts:
			return conflict("A service account can have " + strconv.Itoa(maxTrusts) + " trusts; delete one of them first.")
		}
		t.change.Record(users.NewClientTrustEvent(t.owner.Account, made.event()))
		return t.InsertTrust(ctx, made)
	})
	return made, err
}

// DeleteTrust needs service-accounts:update, and what changing the account takes. Tokens that were issued by the trust stay
// valid until they expire. ErrNotFound, ErrForbidden.
func (f *Federation) DeleteTrust(ctx context.Context, c users.Caller, account, id string) error {
	return f.manage(ctx, c, account, nil, func(t transaction) error {
		trusts, err := t.Trusts(ctx, t.owner.ID)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(trusts, func(t Trust) bool { return t.ID.String() == id })
		if at < 0 {
			return &users.Error{Kind: users.ErrNotFound, Message: "Client trust not found"}
		}
		t.change.Record(users.DeletedClientTrustEvent(t.owner.Account, trusts[at].event()))
		return t.DeleteTrust(ctx, t.owner.ID, trusts[at].ID)
	})
}

// event is the key as an event has it.
func (k Key) event() users.ClientKeyEvent {
	return users.ClientKeyEvent{ID: k.ID, Thumbprint: k.Thumbprint, URL: k.URL}
}

// event is the trust as an event has it.
func (t Trust) event() users.ClientTrustEvent {
	return users.ClientTrustEvent{
		ID: t.ID, Issuer: t.Issuer, Subject: string(t.Subject), Audience: t.Audience, Claims: t.Claims, URL: t.KeysURL,
	}
}

func conflict(message string) error { return &users.Error{Kind: users.ErrConflict, Message: message} }
