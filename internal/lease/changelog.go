package lease

import "github.com/svc-users/svc-users"

// maxChanges bounds how many changes a changelog looks back on. An account that was read before them is read again.
const maxChanges = 1024

// changelog is the last changes of accounts that were applied, in their order, beginning with a revision that a
// heartbeat has carried. The revisions are those of accounts (users.Revision.Accounts). Some entries may be forged.
type changelog struct {
	last    string             // revision; empty before it starts
	places  map[string]place   // by revision
	entries []entry            // the oldest first; the first stands for the state at the start
	changed map[users.ID]int64 // the number of the change that last named an account
	unnamed int64              // the number of the last change that named no account
}

// place is where a revision stands among the changes.
type place struct {
	number int64 // counts the changes; the revision at the start has 0
	// confirmed says that a heartbeat has carried the revision while it was the last. Only then is it known that the
	// revision came after all changes with lower numbers, and that all real changes since have higher ones: a
	// notification alone may have put it where a forger chose.
	confirmed bool
}

type entry struct {
	revision string
	accounts []users.ID // nil if the change named none
}

// start begins with a revision that a heartbeat has carried.
func (c *changelog) start(revision string) {
	*c = changelog{
		last: revision, places: map[string]place{revision: {confirmed: true}},
		changed: map[users.ID]int64{}, entries: []entry{{revision: revision}},
	}
}

// add notes a change that made revision the latest. A change that names no accounts may have changed any. A revision
// never comes back, so add refuses one that does: no trigger of ours has sent it.
func (c *changelog) add(revision string, accounts []users.ID) bool {
	if _, known := c.places[revision]; known {
		return false
	}
	number := c.places[c.last].number + 1
	c.last, c.places[revision] = revision, place{number: number}
	c.entries = append(c.entries, entry{revision, accounts})
	for _, id := range accounts {
		c.changed[id] = number
	}
	if accounts == nil {
		c.unnamed = number
	}
	if len(c.entries) > maxChanges {
		c.dropOldest()
	}
	return true
}

// dropOldest drops the oldest change. The revision before it was dropped earlier, so it can no longer be asked whether an
// account was among those that this change named.
func (c *changelog) dropOldest() {
	oldest := c.entries[0]
	number := c.places[oldest.revision].number
	delete(c.places, oldest.revision)
	for _, id := range oldest.accounts {
		if c.changed[id] == number {
			delete(c.changed, id)
		}
	}
	c.entries = c.entries[1:]
}

// confirm notes that a heartbeat has carried the last revision.
func (c *changelog) confirm() {
	p := c.places[c.last]
	p.confirmed = true
	c.places[c.last] = p
}

// unchanged reports whether an account is at the last revision what it was at an earlier one.
func (c *changelog) unchanged(id users.ID, revision string) bool {
	p := c.places[revision]
	return p.confirmed && c.unnamed <= p.number && c.changed[id] <= p.number
}
