package feed

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	users "github.com/svc-users/svc-users"
)

// bounds is what one statement may hold.
type bounds struct{ things, bytes int }

const (
	// maxChangesTold is how many permissions, roles, accounts and sessions one statement tells of. A follower that knows nothing
	// gets several.
	maxChangesTold = 1000
	// maxStatement is how long the payload of a statement may be, in bytes, so that it has 256 KiB when it is signed.
	// What it tells of last may go beyond it by one permission.
	maxStatement = 190 << 10
	// statementFrame is more than all members of a payload take but for the lists that are bounded: 4 KiB, and 16 KiB for
	// the ids of 300 keys, of which there are two or three.
	statementFrame = 20 << 10
	// moreAssigned is how many permissions of one role are read at a time.
	moreAssigned = 1000
	// maxToldName is the longest name of a permission that is told of, in bytes. SQL by hand can make longer ones,
	// of which the Store reads only the beginning.
	maxToldName = 999
)

// builder makes one answer to a follower that asks after a cursor. What it may hold is bounded, whatever the database has.
type builder struct {
	after  string
	from   cursor
	slot   int64 // of the answer's cursor
	turned bool  // a new slot alone is reason enough for a new statement
	reset  bool  // from the beginning: from is none
	now    time.Time

	bounds    bounds
	view      View
	state     State
	statement Statement
	left      int // how many things may yet be told of
	size      int // of what is told, in bytes
}

// buildAttempts is how often a statement is made anew because the keys have changed meanwhile, which is rare: a key signs
// that was made a moment ago, since all others were revoked.
const buildAttempts = 3

// build makes the statement that a builder is for. errUnknownCursor if its cursor is none of this database's past.
func (f *Feed) build(ctx context.Context, b builder) (Answer, error) {
	for range buildAttempts {
		if answer, err := f.buildOnce(ctx, b); !errors.Is(err, ErrSignerUnlisted) {
			return answer, err
		}
	}
	return Answer{}, users.Unavailable("The signing keys are changing; try again.", time.Second, ErrSignerUnlisted)
}

// buildOnce makes the statement with the keys as they are now. ErrSignerUnlisted if they have changed before it is signed.
func (f *Feed) buildOnce(ctx context.Context, b builder) (Answer, error) {
	var next cursor
	err := f.Store.ReadChanges(ctx, func(view View) error {
		page := b
		page.view, page.bounds = view, f.bounds
		var err error
		next, err = page.collect(ctx, f.Service.LongestTokenLife())
		b.state, b.statement = page.state, page.statement
		return err
	})
	if err != nil {
		return Answer{}, err
	}
	told := len(b.statement.Permissions) + len(b.statement.Roles) + len(b.statement.Accounts) + len(b.statement.Sessions)
	if !b.reset && !b.turned && told == 0 && b.from.whole() && b.state.KeyPosition <= b.from.position {
		return Answer{}, nil // what has changed is nothing of theirs
	}
	// Outside the transaction, which would else hold a connection while the keys are read over another.
	if b.statement.Keys, err = f.Keys.AcceptedKeys(ctx, b.state.KeyStamp); err != nil {
		return Answer{}, err
	}
	b.statement.More = !next.whole()
	b.statement.IssuedAt, b.statement.After, b.statement.Reset, b.statement.Cursor = b.now, b.after, b.reset, next.String()
	signed, err := f.Signer.SignChanges(b.statement)
	return Answer{Statement: signed, Cursor: b.statement.Cursor, More: b.statement.More}, err
}

// collect gathers what is told, and returns the cursor from which to go on.
func (b *builder) collect(ctx context.Context, life time.Duration) (cursor, error) {
	var err error
	if b.state, err = b.view.ChangeState(ctx); err != nil {
		return cursor{}, err
	}
	b.left, b.size = b.bounds.things, statementFrame
	rights, accounts := allRights(0), allAccounts(0)
	if !b.reset {
		if err := b.checkCursor(ctx); err != nil {
			return cursor{}, err
		}
		rights, accounts = b.from.rights, b.from.accounts
	}
	next := cursor{slot: b.slot, position: b.state.Position, mark: cmp.Or(b.state.Mark, noMark), revision: noDigest, accounts: accounts}
	var all bool
	if next.rights, all, err = b.addRights(ctx, rights); err != nil || !all {
		return next, err
	}
	// What is told from the beginning may be shared by all who ask within a second. So it never says that it is all:
	// the answer after it does, which is made when it is asked for.
	if next.accounts, all, err = b.addAccounts(ctx, accounts, life); err == nil && all && !b.reset {
		next.revision = digestOf(b.state.Revision)
	}
	return next, err
}

// checkCursor looks whether the cursor is of this database's past. The mark of now is known without a look.
func (b *builder) checkCursor(ctx context.Context) error {
	if b.from.position == b.state.Position && b.from.mark == b.state.Mark {
		return nil
	}
	known, err := b.view.HasMark(ctx, b.from.position, b.from.mark)
	if err == nil && (!known || b.from.position > b.state.Position) {
		return errUnknownCursor
	}
	return err
}

func (b *builder) full() bool { return b.left == 0 || b.size >= b.bounds.bytes }

// addRights adds permissions and roles, and returns how far it has come and whether that is all.
func (b *builder) addRights(ctx context.Context, at RightsPlace) (RightsPlace, bool, error) {
	changed, err := b.view.ChangedRights(ctx, at, b.left+1)
	if err != nil {
		return at, false, err
	}
	var assigned map[users.ID][]users.ID // to those of the roles that were read ahead
	for i, c := range changed {
		if b.full() {
			return at, false, nil
		}
		if c.Place.Kind == KindPermission || !c.Exists {
			b.addPermissionOrGone(c)
			at = c.Place
			continue
		}
		role := RoleRights{ID: c.Place.ID, Name: strings.ToValidUTF8(c.Name, "\ufffd"), Parent: c.Parent, All: c.All}
		inside := at // where to go on within this role, if that is where at was
		var ids []users.ID
		if inside.Permission.IsZero() || inside.Position != c.Place.Position || inside.ID != c.Place.ID {
			if _, read := assigned[c.Place.ID]; !read {
				if assigned, err = b.assignedTo(ctx, changed[i:]); err != nil {
					return at, false, err
				}
			}
			inside, ids = c.Place, assigned[c.Place.ID]
		} else {
			role.Continued = true
			if ids, err = b.view.AssignedAfter(ctx, role.ID, inside.Permission, moreAssigned); err != nil {
				return at, false, err
			}
		}
		var done bool
		if at, done, err = b.addRole(ctx, role, inside, ids); err != nil || !done {
			return at, false, err
		}
	}
	return allRights(b.state.Position), true, nil
}

// addPermissionOrGone adds a permission, or a role that is gone.
func (b *builder) addPermissionOrGone(c RightsChange) {
	b.left--
	b.size += sizeOfIDs + sizeOf(c.Name)
	if c.Place.Kind == KindRole {
		b.statement.Roles = append(b.statement.Roles, RoleRights{ID: c.Place.ID, Gone: true})
		return
	}
	p := PermissionRights{ID: c.Place.ID, Name: c.Name}
	if len(p.Name) > maxToldName || p.Name != strings.ToValidUTF8(p.Name, "") {
		p.Name = "" // such as no service asks for
	}
	b.statement.Permissions = append(b.statement.Permissions, p)
}

// addRole adds a role that has these permissions, and more where there are as many as are read at a time. It
// returns the place to go on from, which is inside the role if there was no room for all of them.
func (b *builder) addRole(ctx context.Context, role RoleRights, at RightsPlace, ids []users.ID) (next RightsPlace, done bool, err error) {
	b.left--
	b.size += 2*sizeOfIDs + sizeOf(role.Name)
	most := AssignedToEach
	if role.Continued {
		most = moreAssigned
	}
	for {
		for _, id := range ids {
			if b.size >= b.bounds.bytes && !at.Permission.IsZero() {
				b.statement.Roles = append(b.statement.Roles, role)
				return at, false, nil
			}
			role.Permissions, at.Permission = append(role.Permissions, id), id
			b.size += sizeOfID
		}
		if len(ids) < most {
			b.statement.Roles = append(b.statement.Roles, role)
			at.Permission = users.ID{}
			return at, true, nil
		}
		if ids, err = b.view.AssignedAfter(ctx, role.ID, at.Permission, moreAssigned); err != nil {
			return at, false, err
		}
		most = moreAssigned
	}
}

// assignedTo reads what is assigned to the next roles of a list.
func (b *builder) assignedTo(ctx context.Context, changed []RightsChange) (map[users.ID][]users.ID, error) {
	var roles []users.ID
	for _, c := range changed {
		if c.Place.Kind == KindRole && c.Exists && len(roles) < AssignedToRoles {
			roles = append(roles, c.Place.ID)
		}
	}
	assigned, err := b.view.AssignedTo(ctx, roles)
	if err != nil {
		return nil, err
	}
	for _, id := range roles { // that it was read is known of those that have none, too
		assigned[id] = slices.Clip(assigned[id])
	}
	return assigned, nil
}

// How many bytes of a payload things take, at most.
const (
	sizeOfID  = len(`"0199e7a0-0000-7000-8000-000000000001",`)
	sizeOfIDs = 160 // an entry with two ids, without names
)

// sizeOf is how many bytes a text takes, at most.
func sizeOf(text string) int {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == '\ufffd' }) {
		return 6 * len(text)
	}
	return len(text)
}
