package users

import (
	"context"
	"errors"
)

// Bootstrap makes what every database of this service has: the role Admin and the system permissions. It is
// idempotent, changes nothing that is there, and may run in several processes at once. ErrConflict if a role
// of that name exists that is not the system role, or a permission whose name is reserved and that is not the system's.
func (s *Service) Bootstrap(ctx context.Context) error {
	graph, err := s.Store.Graph(ctx)
	if err != nil {
		return err
	}
	if err := graph.takenFromSystem(); err != nil || graph.complete() {
		return err
	}
	return s.ChangeByItself(ctx, func(tx *Change) error {
		graph, err := tx.Graph(ctx)
		if err != nil {
			return err
		}
		if err := graph.takenFromSystem(); err != nil {
			return err
		}
		if graph.complete() {
			return nil
		}
		now := tx.Now
		if graph.admin == nil {
			admin := Role{ID: s.NewID(), Name: AdminRole, Description: text("Holds every permission"), System: true, CreatedAt: now, UpdatedAt: now}
			if err := taken(tx.InsertRole(ctx, admin), "The database has a role Admin that is not the system role."); err != nil {
				return err
			}
			tx.Record(roleCreated(graph, admin, nil))
		}
		for _, p := range SystemPermissions() {
			if _, exists := graph.PermissionByName(p.Name); exists {
				continue
			}
			permission := Permission{ID: s.NewID(), Name: p.Name, Description: text(p.Description), System: true, CreatedAt: now, UpdatedAt: now}
			if err := tx.InsertPermission(ctx, permission); err != nil {
				return err
			}
			tx.Record(permissionCreated(permission))
		}
		tx.Record(systemEvent(SystemBootstrapped))
		return nil
	})
}

// complete reports whether there is nothing for Bootstrap to make.
func (g *Graph) complete() bool {
	for _, p := range SystemPermissions() {
		if _, exists := g.PermissionByName(p.Name); !exists {
			return false
		}
	}
	return g.admin != nil
}

// CreateAdministrator makes an account with the role Admin, for the operator of the machine. ErrInvalid,
// ErrConflict for an e-mail that is taken.
func (s *Service) CreateAdministrator(ctx context.Context, email, password string) (Account, error) {
	var faults Faults
	address := s.email(&faults, "email", email)
	chosen := s.newPassword(&faults, "password", password, address)
	if err := faults.Err(); err != nil {
		return Account{}, err
	}
	hash, err := s.hashNew(ctx, PurposeNewAccount, "password", chosen)
	if err != nil {
		return Account{}, err
	}
	var account Account
	err = s.ChangeByItself(ctx, func(tx *Change) error {
		graph, err := tx.Graph(ctx)
		if err != nil {
			return err
		}
		if graph.admin == nil {
			return errors.New("the database has no role Admin")
		}
		account = s.newAccount(address, graph.admin.Role, tx.Now)
		if err := tx.InsertAccount(ctx, account, hash); err != nil {
			return taken(err, emailTaken)
		}
		tx.Record(accountCreated(account))
		return nil
	})
	return account, err
}

func text(s string) *string { return &s }
