package store

import (
	"context"
	"database/sql"

	"github.com/svc-users/svc-users"
)

// An account is always read with its role, so that no caller ever sees one without the other.
const (
	accountColumns = `a.id, a.kind, a.email, a.email_key, a.is_active, a.token_version, a.created_at, a.updated_at,
		r.id, r.name, r.description, r.parent_id, r.is_system, r.owner, r.created_at, r.updated_at`
	selectAccount = `SELECT ` + accountColumns + ` FROM accounts a JOIN roles r ON r.id = a.role_id`
)

// people is the term that accounts a are of people. It is written out, and not bound, because the indexes for lists of
// people are partial: without the very term no engine uses them.
const people = `a.kind = 'person'`

// accountRow is where the columns of an account go, and those that a query has besides.
type accountRow struct {
	account          users.Account
	email, canonical string
}

func (a *accountRow) columns(besides ...any) []any {
	return append([]any{
		(*idColumn)(&a.account.ID), (*string)(&a.account.Kind), &a.email, &a.canonical, &a.account.Active, &a.account.TokenVersion,
		(*timeColumn)(&a.account.CreatedAt), (*timeColumn)(&a.account.UpdatedAt),
	}, append(roleFields(&a.account.Role), besides...)...)
}

func (a *accountRow) scan(r *sql.Rows, besides ...any) (users.Account, error) {
	err := r.Scan(a.columns(besides...)...)
	if a.account.Kind == users.SubjectService {
		a.account.Name = users.AccountName(a.email)
	} else {
		a.account.Email = users.StoredEmail(a.email, a.canonical)
	}
	return a.account, err
}

func scanAccount(r *sql.Rows) (users.Account, error) {
	var a accountRow
	return a.scan(r)
}

// Account implements users.AccountReader.
func (q queries) Account(ctx context.Context, id users.ID) (users.Account, error) {
	return row(ctx, q, "read an account", scanAccount, selectAccount+` WHERE a.id = $1`, id.String())
}

// AccountByEmail implements users.AccountReader. Logins rest on it, so it answers on no standby.
func (q queries) AccountByEmail(ctx context.Context, e users.Email) (users.Account, users.PasswordHash, error) {
	const doing = "read an account by its e-mail"
	type found struct {
		account users.Account
		hash    string
	}
	var standby bool
	f, err := row(ctx, q, doing, func(r *sql.Rows) (f found, err error) {
		var a accountRow
		f.account, err = a.scan(r, &f.hash, &standby)
		return f, err
	}, `SELECT `+accountColumns+`, a.password_hash, `+q.traits.standby+` FROM accounts a JOIN roles r ON r.id = a.role_id WHERE a.email_key = $1 AND `+people, e.Canonical())
	return f.account, users.PasswordHash(f.hash), q.failOnStandby(standby, doing, err)
}

// PasswordHash implements users.AccountReader.
func (q queries) PasswordHash(ctx context.Context, id users.ID) (users.PasswordHash, error) {
	hash, err := row(ctx, q, "read a password hash", scanText, `SELECT password_hash FROM accounts WHERE id = $1`, id.String())
	return users.PasswordHash(hash), err
}

// InsertAccount implements users.AccountWriter.
func (q queries) InsertAccount(ctx context.Context, a users.Account, h users.PasswordHash) error {
	return q.change(ctx, "insert an account", users.ErrBadReference,
		`INSERT INTO accounts (id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		a.ID.String(), a.Email.String(), a.Email.Canonical(), string(h), a.Role.ID.String(), a.Active, a.TokenVersion,
		instant(a.CreatedAt), instant(a.UpdatedAt))
}

// UpdateAccount implements users.AccountWriter.
func (q queries) UpdateAccount(ctx context.Context, a users.Account) error {
	return q.change(ctx, "update an account", users.ErrBadReference,
		`UPDATE accounts SET email = $2, email_key = $3, role_id = $4, is_active = $5, token_version = $6, updated_at = $7
		WHERE id = $1`,
		a.ID.String(), a.Email.String(), a.Email.Canonical(), a.Role.ID.String(), a.Active, a.TokenVersion, instant(a.UpdatedAt))
}

// SetPasswordHash implements users.AccountWriter.
func (q queries) SetPasswordHash(ctx context.Context, id users.ID, h users.PasswordHash) error {
	return q.change(ctx, "set a password hash", users.ErrInUse,
		`UPDATE accounts SET password_hash = $2, has_demo_password = $3 WHERE id = $1`, id.String(), string(h), false)
}

// MarkDemoPassword implements users.AccountWriter.
func (q queries) MarkDemoPassword(ctx context.Context, id users.ID) error {
	return q.change(ctx, "mark a demo password", users.ErrInUse, `UPDATE accounts SET has_demo_password = $2 WHERE id = $1`, id.String(), true)
}

// DemoPasswords implements users.AccountReader.
func (q queries) DemoPasswords(ctx context.Context) ([]users.Email, error) {
	return rows(ctx, q, "look for demo passwords", func(r *sql.Rows) (users.Email, error) {
		var typed, canonical string
		err := r.Scan(&typed, &canonical)
		return users.StoredEmail(typed, canonical), err
	}, `SELECT email, email_key FROM accounts WHERE has_demo_password ORDER BY email_key`)
}

// DeleteAccount implements users.AccountWriter.
func (q queries) DeleteAccount(ctx context.Context, id users.ID) error {
	return q.change(ctx, "delete an account", users.ErrInUse, `DELETE FROM accounts WHERE id = $1`, id.String())
}
