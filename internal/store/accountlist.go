package store

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/svc-users/svc-users"
)

// condition is a WHERE clause in the making, with the values it binds.
type condition struct {
	terms []string
	args  []any
}

// bind returns the placeholder of a value.
func (c *condition) bind(value any) string {
	c.args = append(c.args, value)
	return "$" + strconv.Itoa(len(c.args))
}

func (c *condition) and(term string) { c.terms = append(c.terms, term) }

func (c *condition) String() string {
	if len(c.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.terms, " AND ")
}

// chosen is the condition of a filter on accounts a.
func (q queries) chosen(f users.AccountFilter) *condition {
	c := &condition{}
	if !f.Email.IsZero() {
		c.and(`a.email_key = ` + c.bind(f.Email.Canonical()))
	}
	if f.Query != "" {
		q.search(c, f.Query)
	}
	if !f.RoleID.IsZero() {
		c.and(`a.role_id = ` + c.bind(f.RoleID.String()))
	}
	// Written out, not bound, so that the index of the disabled accounts is seen to fit.
	if f.Active != nil && *f.Active {
		c.and(`a.is_active`)
	} else if f.Active != nil {
		c.and(`NOT a.is_active`)
	}
	return c
}

// lastRune sorts after every character that an address can contain.
const lastRune = "\U0010FFFF"

// search adds that the address contains part. There are no patterns, hence no wildcards: a short part is a
// range of the index, a longer one is looked for byte by byte.
func (q queries) search(c *condition, part string) {
	switch {
	case strings.ContainsRune(part, 0) || !utf8.ValidString(part):
		// No address has it, and PostgreSQL would refuse even to look.
		c.and(`1 = 0`)
	case utf8.RuneCountInString(part) <= 2:
		c.and(`a.email_key >= ` + c.bind(part) + ` AND a.email_key < ` + c.bind(part+lastRune))
	default:
		c.and(q.engine.position() + `(a.email_key, ` + c.bind(part) + `) > 0`)
	}
}

// order adds what begins after a position to c and returns the ORDER BY. The comparison and the order are of
// the same columns as an index, so that a page costs the same wherever it begins. Addresses are unique: there
// are no equals among them that ids would have to decide.
func order(c *condition, list users.List) string {
	direction, beyond := ``, ` > `
	if list.Order.Descending {
		direction, beyond = ` DESC`, ` < `
	}
	if list.Order.ByText {
		if list.After != nil {
			c.and(`a.email_key` + beyond + c.bind(list.After.Text))
		}
		return ` ORDER BY a.email_key` + direction
	}
	if list.After != nil {
		c.and(`(a.created_at, a.id)` + beyond + `(` + c.bind(instant(list.After.Time)) + `, ` + c.bind(list.After.ID.String()) + `)`)
	}
	return ` ORDER BY a.created_at` + direction + `, a.id` + direction
}

// Accounts implements users.AccountReader. The piece is cut before roles are joined to it, so that neither
// engine can be led to begin with the roles and sort all accounts.
func (q queries) Accounts(ctx context.Context, f users.AccountFilter, list users.List) ([]users.Account, error) {
	c := q.chosen(f)
	by := order(c, list)
	piece := `SELECT a.id, a.email, a.email_key, a.role_id, a.is_active, a.token_version, a.created_at, a.updated_at FROM accounts a` +
		c.String() + by + ` LIMIT ` + c.bind(max(list.Limit, 0)) + ` OFFSET ` + c.bind(max(list.Offset, 0))
	return rows(ctx, q, "list accounts", scanAccount,
		`SELECT `+accountColumns+` FROM (`+piece+`) AS a JOIN roles r ON r.id = a.role_id`+by, c.args...)
}

// CountAccounts implements users.AccountReader.
func (q queries) CountAccounts(ctx context.Context, f users.AccountFilter, limit int) (int, error) {
	c := q.chosen(f)
	query := `SELECT count(*) FROM accounts a` + c.String()
	if limit > 0 {
		query = `SELECT count(*) FROM (SELECT 1 FROM accounts a` + c.String() + ` LIMIT ` + c.bind(limit) + `) AS counted`
	}
	return row(ctx, q, "count accounts", scanInt, query, c.args...)
}
