package importer

import (
	"context"
	"fmt"
	"time"

	users "github.com/svc-users/svc-users"
)

// candidate is a record with what has been found out about it.
type candidate struct {
	Record
	email    users.Email
	id       users.ID // that of the other system; zero if it has none that can be kept
	role     users.RoleName
	hash     users.PasswordHash
	existing *users.Account // with the same e-mail
	notes    []string
	decision decision
}

// decision is what a transaction has done with a candidate. It is made anew where the transaction is run again.
type decision struct {
	outcome Outcome
	id      users.ID
	role    users.RoleName
	faults  users.Faults
	notes   []string
}

// usable reports whether nothing is known to be wrong with it.
func (c *candidate) usable() bool { return c.Passed == "" && len(c.Faults) == 0 }

// result is what is told of it.
func (c *candidate) result() Result {
	d := c.decision
	r := Result{Line: c.Line, SourceID: c.SourceID, Email: c.Email, Outcome: d.outcome, ID: d.id, Role: d.role, Faults: d.faults, Notes: append(c.notes, d.notes...)}
	switch {
	case c.Passed != "":
		r.Outcome, r.Notes = Passed, append(c.notes, c.Passed)
	case d.outcome == "":
		r.Outcome, r.Faults = Refused, c.Faults
	}
	if r.Outcome == Refused {
		r.Notes = nil // they are about an account that there is not
	}
	return r
}

// check looks at what can be judged without the database.
func (r *run) check(batch []*candidate) {
	now := r.Service.Now()
	for _, c := range batch {
		if c.Passed != "" || c.Faults.Has("") { // which is of the whole record: nothing of it could be read
			continue
		}
		r.checkEmail(c)
		if c.Unverified && !r.options.AllowUnverified {
			c.Faults.Add("email_verified", "is false there; --allow-unverified imports such accounts")
		}
		c.checkTimes(now)
		r.chooseRole(c)
		c.id, _ = parseSourceID(c.SourceID)
		r.checkFactors(c)
	}
}

func (r *run) checkEmail(c *candidate) {
	if c.Faults.Has("email") {
		return
	}
	if c.Email == "" {
		c.Faults.Add("email", "is missing, and an account logs in with it")
		return
	}
	email, err := r.Service.AccountEmail(c.Email)
	if err != nil {
		c.Faults.Add("email", err.Error())
		return
	}
	c.email = email
	if line, twice := r.seen.before("email "+email.Canonical(), c.Line); twice {
		c.Faults.Add("email", fmt.Sprintf("is also that of line %d", line))
	}
}

// earliest is before any account of a system that exists; a time before is most often one in another unit.
var earliest = time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC)

// leeway is by how much the clock of the other system may be ahead.
const leeway = 24 * time.Hour

func (c *candidate) checkTimes(now time.Time) {
	for _, at := range []struct {
		field string
		time  *time.Time
	}{{"created_at", &c.CreatedAt}, {"updated_at", &c.UpdatedAt}} {
		if at.time.IsZero() {
			continue
		}
		if at.time.Before(earliest) || at.time.After(now.Add(leeway)) {
			c.Faults.Add(at.field, "must be a time between 1970 and now")
		}
		*at.time = at.time.UTC().Truncate(time.Microsecond)
	}
	if c.UpdatedAt.Before(c.CreatedAt) {
		c.UpdatedAt = c.CreatedAt
	}
}

// parseSourceID reads a UUID in either case, as other systems write them.
func parseSourceID(text string) (users.ID, bool) {
	lower := []byte(text)
	for i, b := range lower {
		if 'A' <= b && b <= 'F' {
			lower[i] = b + 'a' - 'A'
		}
	}
	return users.ParseID(string(lower))
}

// findExisting looks which candidates have accounts already.
func (r *run) findExisting(ctx context.Context, store Store, batch []*candidate) error {
	var emails []users.Email
	for _, c := range batch {
		c.existing = nil
		if c.Passed == "" && !c.email.IsZero() {
			emails = append(emails, c.email)
		}
	}
	accounts, err := store.AccountsByEmails(ctx, emails)
	if err != nil {
		return err
	}
	by := make(map[string]*users.Account, len(accounts))
	for i, a := range accounts {
		by[a.Email.Canonical()] = &accounts[i]
	}
	for _, c := range batch {
		c.existing = by[c.email.Canonical()]
	}
	return nil
}
