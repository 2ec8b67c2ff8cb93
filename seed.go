package users

import (
	"context"
	"errors"
)

// The demo accounts. Their passwords are published, so no production service may hold them, and they are the
// only ones ever set outside the password policy.
var demoAccounts = []struct {
	email, password string
	role            RoleName
}{
	{"admin@example.com", "admin123", AdminRole},
	{"user@example.com", "user123", "User"},
}

// isDemo reports whether an account with this e-mail would count as a demo account.
func isDemo(e Email) bool {
	for _, demo := range demoAccounts {
		if e.Canonical() == demo.email {
			return true
		}
	}
	return false
}

// The demo roles, each before those that inherit from it.
var demoRoles = []struct {
	name, parent RoleName
	description  string
	permissions  []PermissionName
}{
	{name: "User", description: "What everybody may do: see their own account"},
	{
		name: "Manager", parent: "User", description: "Looks after accounts",
		permissions: []PermissionName{AccountsRead, AccountsUpdate, RolesRead, PermissionsRead},
	},
}

// SeedResult names what Seed has made; what was there before is not in it.
type SeedResult struct {
	Roles    []RoleName
	Accounts []string // e-mails
}

// Seed makes the demo roles Admin › Manager › User and the demo accounts, those that are missing, and changes
// nothing that is there. It needs a database that Bootstrap has been through.
func (s *Service) Seed(ctx context.Context) (SeedResult, error) {
	hashes := make([]PasswordHash, len(demoAccounts))
	for i, demo := range demoAccounts {
		exists, err := s.hasAccount(ctx, s.Store, demo.email)
		if err != nil {
			return SeedResult{}, err
		}
		if exists {
			continue
		}
		if hashes[i], err = s.Passwords.Hash(ctx, PurposeNewAccount, PresentedPassword(demo.password)); err != nil {
			return SeedResult{}, err
		}
	}
	var result SeedResult
	err := s.ChangeByItself(ctx, func(tx *Change) (err error) {
		result = SeedResult{}
		if result.Roles, err = s.seedRoles(ctx, tx); err != nil {
			return err
		}
		graph, err := tx.Graph(ctx)
		if err != nil {
			return err
		}
		for i, demo := range demoAccounts {
			exists, err := s.hasAccount(ctx, tx, demo.email)
			if err != nil {
				return err
			}
			if exists || hashes[i] == "" {
				continue
			}
			role, ok := graph.RoleByName(demo.role)
			if !ok {
				return errors.New("the database has no role " + string(demo.role))
			}
			email, err := ParseEmail(demo.email)
			if err != nil {
				return err
			}
			account := s.newAccount(email, role, tx.Now)
			if err := tx.InsertAccount(ctx, account, hashes[i]); err != nil {
				return err
			}
			if err := tx.MarkDemoPassword(ctx, account.ID); err != nil {
				return err
			}
			tx.Record(accountCreated(account))
			result.Accounts = append(result.Accounts, demo.email)
		}
		if len(result.Roles)+len(result.Accounts) > 0 {
			tx.Record(systemEvent(DemoSeeded))
		}
		return nil
	})
	return result, err
}

// seedRoles makes the missing demo roles. A role made here is linked to its parent; Admin is put above Manager
// when that is new and Admin has no parent yet.
func (s *Service) seedRoles(ctx context.Context, tx *Change) ([]RoleName, error) {
	var made []RoleName
	now := tx.Now
	for _, demo := range demoRoles {
		graph, err := tx.Graph(ctx)
		if err != nil {
			return nil, err
		}
		if _, exists := graph.RoleByName(demo.name); exists {
			continue
		}
		role := Role{ID: s.NewID(), Name: demo.name, Description: text(demo.description), CreatedAt: now, UpdatedAt: now}
		if parent, ok := graph.RoleByName(demo.parent); ok {
			role.ParentID = parent.ID
		}
		var permissions []ID
		for _, name := range demo.permissions {
			if p, ok := graph.PermissionByName(name); ok {
				permissions = append(permissions, p.ID)
			}
		}
		if err := tx.InsertRole(ctx, role); err != nil {
			return nil, err
		}
		if err := tx.Assign(ctx, role.ID, permissions); err != nil {
			return nil, err
		}
		tx.Record(roleCreated(graph, role, permissions))
		if admin := graph.admin; demo.name == "Manager" && admin != nil && admin.ParentID.IsZero() {
			above := admin.Role
			above.ParentID, above.UpdatedAt = role.ID, now
			if err := tx.UpdateRole(ctx, above); err != nil {
				return nil, err
			}
			if graph, err = tx.Graph(ctx); err != nil {
				return nil, err
			}
			tx.Record(roleUpdated(graph, admin.Role, above))
		}
		made = append(made, demo.name)
	}
	return made, nil
}

// DemoAccounts lists the accounts that production must not have: those with a demo e-mail, whatever their password, and
// those with a password that Seed has set, whatever their e-mail is by now.
func (s *Service) DemoAccounts(ctx context.Context) ([]string, error) {
	var found []string
	for _, demo := range demoAccounts {
		exists, err := s.hasAccount(ctx, s.Store, demo.email)
		if err != nil {
			return nil, err
		}
		if exists {
			found = append(found, demo.email)
		}
	}
	marked, err := s.Store.DemoPasswords(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range marked {
		if !isDemo(e) {
			found = append(found, e.String())
		}
	}
	return found, nil
}

func (s *Service) hasAccount(ctx context.Context, r AccountReader, email string) (bool, error) {
	address, err := ParseEmail(email)
	if err != nil {
		return false, err
	}
	_, _, err = r.AccountByEmail(ctx, address)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
