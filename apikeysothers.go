package users

import "context"

// AccountAPIKeys needs api-keys:read, and returns the API keys of an account that are live, the newest first. ErrNotFound
// for an unknown account; ErrForbidden for a caller with an API key.
func (s *Service) AccountAPIKeys(ctx context.Context, c Caller, account string) ([]APIKey, error) {
	if err := c.RefuseRestricted(); err != nil {
		return nil, err
	}
	if _, err := s.AuthorizeRead(ctx, c, APIKeysRead); err != nil {
		return nil, err
	}
	owner, err := accountNow(ctx, s.Store, account)
	if err != nil {
		return nil, err
	}
	return s.Store.APIKeys(ctx, owner.ID, s.now())
}

// EndAccountAPIKey needs api-keys:delete, and what changing the account takes; it ends one API key of an account.
// ErrNotFound for an unknown account or key, ErrForbidden for an account that holds more than the caller and for a caller
// with an API key.
func (s *Service) EndAccountAPIKey(ctx context.Context, c Caller, account, id string) error {
	return s.Change(ctx, c, APIKeysDelete, func(tx *Change) error {
		owner, err := changeableAccount(ctx, tx, account)
		if err != nil {
			return err
		}
		return endOneAPIKey(ctx, tx, owner, id)
	})
}

// EndAccountAPIKeys is EndAccountAPIKey for all API keys of an account. It returns how many there were.
func (s *Service) EndAccountAPIKeys(ctx context.Context, c Caller, account string) (ended int, err error) {
	err = s.Change(ctx, c, APIKeysDelete, func(tx *Change) error {
		owner, err := changeableAccount(ctx, tx, account)
		if err != nil {
			return err
		}
		ended, err = endAPIKeys(ctx, tx, owner)
		return err
	})
	return ended, err
}

// CreateAPIKeyFor makes an API key for an account, as CreateAPIKey does, on behalf of the operator. ErrForbidden for every
// other caller: a key for another account would let its maker act as that account.
func (s *Service) CreateAPIKeyFor(ctx context.Context, c Caller, account string, in NewAPIKey) (MadeAPIKey, error) {
	var made MadeAPIKey
	err := s.changeAsOperator(ctx, c, account, func(tx *Change, owner Account) error {
		var err error
		made, err = s.createAPIKey(ctx, tx, owner, in)
		return err
	})
	return made, err
}

// RotateAPIKeyFor makes a successor to an API key of an account, as RotateAPIKey does, on behalf of the operator.
// ErrForbidden for every other caller.
func (s *Service) RotateAPIKeyFor(ctx context.Context, c Caller, account, id string, in APIKeyRotation) (MadeAPIKey, error) {
	var made MadeAPIKey
	err := s.changeAsOperator(ctx, c, account, func(tx *Change, owner Account) error {
		var err error
		made, err = s.rotateAPIKey(ctx, tx, owner, id, in)
		return err
	})
	return made, err
}

// FindAccount returns the account with an id, an e-mail or the name of a service account, for the operator. ErrForbidden for
// every other caller, ErrInvalid, ErrNotFound.
func (s *Service) FindAccount(ctx context.Context, c Caller, text string) (Account, error) {
	if !c.operator() {
		return Account{}, errOnlyOperator
	}
	if _, err := s.reload(ctx, s.Store, c); err != nil {
		return Account{}, err
	}
	id, ok := ParseID(text)
	if !ok {
		var faults Faults
		find := faults.label("account", text)
		if err := faults.Err(); err != nil {
			return Account{}, err
		}
		var err error
		if id, err = find(ctx, s.Store); err != nil {
			return Account{}, missingAccount(err)
		}
	}
	found, err := s.Store.Account(ctx, id)
	return found, missingAccount(err)
}

var errOnlyOperator = forbidden("Only the operator of the service can do this for another account.")

// changeAsOperator runs fn for an account in a transaction that the operator alone may begin.
func (s *Service) changeAsOperator(ctx context.Context, c Caller, account string, fn func(*Change, Account) error) error {
	if !c.operator() {
		return errOnlyOperator
	}
	return s.Change(ctx, c, "", func(tx *Change) error {
		owner, err := accountNow(ctx, tx, account)
		if err != nil {
			return err
		}
		return fn(tx, owner)
	})
}
