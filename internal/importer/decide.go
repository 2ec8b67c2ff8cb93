package importer

import (
	"context"
	"fmt"

	users "github.com/svc-users/svc-users"
)

// deciding decides what becomes of the candidates of a batch, on the state that store and graph show.
type deciding struct {
	roles
	store Store
}

func (d *deciding) decide(ctx context.Context, batch []*candidate) error {
	used, err := d.usedIDs(ctx, batch)
	if err != nil {
		return err
	}
	for _, c := range batch {
		c.decision = decision{}
		switch {
		case c.Passed != "":
		case c.existing != nil && !c.Faults.Has("email"):
			d.compare(c)
		case len(c.Faults) == 0:
			if err := d.create(ctx, c, used); err != nil {
				return err
			}
		}
	}
	return nil
}

// usedIDs are the ids of the batch that can't be kept because something else has them.
func (d *deciding) usedIDs(ctx context.Context, batch []*candidate) (map[users.ID]bool, error) {
	var ids []users.ID
	for _, c := range batch {
		if c.usable() && c.existing == nil && !c.id.IsZero() {
			ids = append(ids, c.id)
		}
	}
	list, err := d.store.UsedIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	used := make(map[users.ID]bool, len(list))
	for _, id := range list {
		used[id] = true
	}
	return used, nil
}

// compare says how an account that exists differs from its record. It is left as it is: it may have changed since it was
// imported.
func (d *deciding) compare(c *candidate) {
	a := c.existing
	c.decision = decision{outcome: Unchanged, id: a.ID, role: a.Role.Name}
	differs := func(format string, args ...any) {
		c.decision.outcome = Differs
		c.decision.notes = append(c.decision.notes, fmt.Sprintf(format, args...))
	}
	if c.role != "" && !c.Faults.Has("role") && c.role.Key() != a.Role.Name.Key() {
		differs("the account has the role %s here, and %s in the import", a.Role.Name, c.role)
	}
	if a.Active == c.Disabled {
		differs("the account is %s here, and %s in the import", activity(a.Active), activity(!c.Disabled))
	}
	if !c.id.IsZero() && c.id != a.ID {
		c.decision.notes = append(c.decision.notes, "has another id here")
	}
}

func activity(active bool) string {
	if active {
		return "active"
	}
	return "disabled"
}

// create decides whether a candidate becomes an account, and under which id.
func (d *deciding) create(ctx context.Context, c *candidate, used map[users.ID]bool) error {
	if c.hash == "" { // the account existed when the hashes were read, and has been deleted since
		c.decision = decision{outcome: Refused, faults: users.Faults{{Problem: "the account was deleted while the import ran; repeat it"}}}
		return nil
	}
	found, err := d.find(ctx, c.role)
	if err != nil {
		return err
	}
	if found.problem != "" {
		c.decision = decision{outcome: Refused, faults: users.Faults{{Field: "role", Problem: found.problem}}}
		return nil
	}
	c.decision = decision{outcome: Created, role: found.role.Name}
	d.noteFactors(c)
	if c.id.IsZero() {
		return nil
	}
	line, twice := 0, false
	if d.options.DryRun {
		line, twice = d.seen.before("id "+c.id.String(), c.Line)
	}
	if used[c.id] || twice && line != c.Line {
		c.decision.notes = append(c.decision.notes, "its id is taken; the account gets a new one")
		return nil
	}
	used[c.id] = true
	c.decision.id = c.id
	return nil
}
