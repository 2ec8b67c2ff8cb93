package transfer

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"iter"
	"time"
)

// ExportedAccount is an account of a person, as a line of an export has it. The line has no member type: it is what
// svc-users import reads.
//
//	{"id":"0190b7a4-…","email":"ada@example.com","role":"Editor","is_active":true,"created_at":"2026-05-01T10:00:00Z","updated_at":"2026-05-01T10:00:00Z"}
type ExportedAccount struct {
	ID       string `json:"id"`
	Email    string `json:"email"`
	Role     string `json:"role"` // name
	IsActive bool   `json:"is_active"`
	// PasswordHash is there where hashes were asked for and the account has a password.
	PasswordHash string    `json:"password_hash,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
}

// ExportedServiceAccount is an account of a program. Its secrets and keys are not exported.
type ExportedServiceAccount struct {
	Type        string    `json:"type"` // "service_account"
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description *string   `json:"description"`
	Role        string    `json:"role"` // name
	IsActive    bool      `json:"is_active"`
	OwnerID     *string   `json:"owner_id"`    // account
	DeclaredBy  *string   `json:"declared_by"` // service
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// ExportedRole is a role with the names of the permissions that are assigned to it, without those that it inherits.
type ExportedRole struct {
	Type        string    `json:"type"` // "role"
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description *string   `json:"description"`
	Parent      *string   `json:"parent"` // name
	IsSystem    bool      `json:"is_system"`
	DeclaredBy  *string   `json:"declared_by"`
	Permissions []string  `json:"permissions"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// ExportedPermission is a permission.
type ExportedPermission struct {
	Type        string    `json:"type"` // "permission"
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description *string   `json:"description"`
	IsSystem    bool      `json:"is_system"`
	DeclaredBy  *string   `json:"declared_by"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// Exported reads what is exported, all of it as it is at one moment. An error ends a sequence.
type Exported interface {
	// Accounts returns the accounts of people, the oldest first, with the hashes of their passwords or without.
	Accounts(ctx context.Context, hashes bool) iter.Seq2[ExportedAccount, error]
	// ServiceAccounts returns the service accounts by their names.
	ServiceAccounts(ctx context.Context) iter.Seq2[ExportedServiceAccount, error]
	// Roles returns each role after its parent.
	Roles(ctx context.Context) iter.Seq2[ExportedRole, error]
	// Permissions returns the permissions by their names.
	Permissions(ctx context.Context) iter.Seq2[ExportedPermission, error]
}

// ExportSource is a database that is exported. *store.Store is one.
type ExportSource interface {
	// ReadExport calls fn with what there is at one moment.
	ReadExport(ctx context.Context, fn func(Exported) error) error
}

// Counts is how much of each kind was exported.
type Counts struct{ Accounts, ServiceAccounts, Roles, Permissions int }

// ExportOptions say what is exported beside the accounts of people.
type ExportOptions struct {
	Hashes bool // those of passwords; no other secret is ever written
	All    bool // service accounts, roles and permissions too
}

// Export writes a JSON object in each line: the accounts of people, which svc-users import reads, then, if they are asked for,
// service accounts, roles and permissions, which have a member type. Accounts are first, so that the first line tells the
// kind of the file.
func Export(ctx context.Context, from ExportSource, to io.Writer, o ExportOptions) (Counts, error) {
	var counts Counts
	buffer := bufio.NewWriter(to)
	lines := json.NewEncoder(buffer)
	lines.SetEscapeHTML(false) // no browser reads it
	err := from.ReadExport(ctx, func(e Exported) (err error) {
		if counts.Accounts, err = writeLines(lines, e.Accounts(ctx, o.Hashes)); err != nil || !o.All {
			return err
		}
		if counts.ServiceAccounts, err = writeLines(lines, e.ServiceAccounts(ctx)); err != nil {
			return err
		}
		if counts.Roles, err = writeLines(lines, e.Roles(ctx)); err != nil {
			return err
		}
		counts.Permissions, err = writeLines(lines, e.Permissions(ctx))
		return err
	})
	if err == nil {
		err = buffer.Flush()
	}
	return counts, err
}

func writeLines[T any](lines *json.Encoder, items iter.Seq2[T, error]) (int, error) {
	n := 0
	for item, err := range items {
		if err == nil {
			err = lines.Encode(item)
		}
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
