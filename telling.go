package users

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// changeBounds is what one statement may hold.
type changeBounds struct{ things, bytes int }

const (
	// maxChangesTold is how many permissions, roles and accounts one statement tells of. A follower that knows nothing
	// gets several.
	maxChangesTold = 1000
	// maxStatement is how long the payload of a statement may be, in bytes, so that it has 256 KiB when it is signed.
	// What it tells of last may go beyond it by one permission.
	maxStatement = 190 << 10
	// statementFrame is more than all members of a payload take but for the lists.
	statementFrame = 4 << 10
	// moreAssigned is how many permissions of one role are read at a time.
	moreAssigned = 1000
	// maxToldName is the longest name of a permission that is told of, in bytes. SQL by hand can make longer ones,
	// of which the Store reads only the beginning.
	maxToldName = 999
)

// telling is one answer to who asks after a cursor. What it may hold is bounded, whatever the database has.
type telling struct {
	after  string
	from   changeCursor
	slot   int64 // of the answer's cursor
	turned bool  // a new slot alone is reason enough for a new statement
	reset  bool  // from the beginning: from is none
	now    time.Time

	bounds    changeBounds
	view      ChangeView
	state     ChangeState
	statement ChangeStatement
	left      int // how many things may yet be told of
	size      int // of what is told, in bytes
}

// tell makes the statement that a telling is for. errUnknownCursor if its cursor is none of this database's past.
func (s *Service) tell(ctx context.Context, t telling) (ChangesAnswer, error) {
	var next changeCursor
	err := s.Store.ReadChanges(ctx, func(view ChangeView) error {
		page := t
		page.view, page.bounds = view, s.changeBounds
		var err error
		next, err = page.read(ctx, s.TokenLife)
		t.state, t.statement = page.state, page.statement
		return err
	})
	if err != nil {
		return ChangesAnswer{}, err
	}
	told := len(t.statement.Permissions) + len(t.statement.Roles) + len(t.statement.Accounts)
	if !t.reset && !t.turned && told == 0 && t.from.whole() {
		return ChangesAnswer{}, nil // what has changed is nothing of theirs
	}
	t.statement.More = !next.whole()
	t.statement.IssuedAt, t.statement.After, t.statement.Reset, t.statement.Cursor = t.now, t.after, t.reset, next.String()
	signed, err := s.Tokens.SignChanges(t.statement)
	return ChangesAnswer{Statement: signed, Cursor: t.statement.Cursor, More: t.statement.More}, err
}

// read gathers what is told, and returns the cursor from which to go on.
func (t *telling) read(ctx context.Context, life time.Duration) (changeCursor, error) {
	var err error
	if t.state, err = t.view.ChangeState(ctx); err != nil {
		return changeCursor{}, err
	}
	t.left, t.size = t.bounds.things, statementFrame
	rights, accounts := allRights(0), allAccounts(0)
	if !t.reset {
		if err := t.recognize(ctx); err != nil {
			return changeCursor{}, err
		}
		rights, accounts = t.from.rights, t.from.accounts
	}
	next := changeCursor{slot: t.slot, position: t.state.Position, mark: cmp.Or(t.state.Mark, noMark), revision: noDigest, accounts: accounts}
	var all bool
	if next.rights, all, err = t.tellRights(ctx, rights); err != nil || !all {
		return next, err
	}
	// What is told from the beginning may be shared by all who ask within a second. So it never says that it is all:
	// the answer after it does, which is made when it is asked for.
	if next.accounts, all, err = t.tellAccounts(ctx, accounts, life); err == nil && all && !t.reset {
		next.revision = digestOf(t.state.Revision)
	}
	return next, err
}

// recognize looks whether the cursor is of this database's past. The mark of now is known without a look.
func (t *telling) recognize(ctx context.Context) error {
	if t.from.position == t.state.Position && t.from.mark == t.state.Mark {
		return nil
	}
	known, err := t.view.HasMark(ctx, t.from.position, t.from.mark)
	if err == nil && (!known || t.from.position > t.state.Position) {
		return errUnknownCursor
	}
	return err
}

func (t *telling) full() bool { return t.left == 0 || t.size >= t.bounds.bytes }

// tellRights tells of permissions and roles, and returns how far it has come and whether that is all.
func (t *telling) tellRights(ctx context.Context, at RightsPlace) (RightsPlace, bool, error) {
	changed, err := t.view.ChangedRights(ctx, at, t.left+1)
	if err != nil {
		return at, false, err
	}
	var assigned map[ID][]ID // to those of the roles that were read ahead
	for i, c := range changed {
		if t.full() {
			return at, false, nil
		}
		if c.Place.Kind == ChangedPermission || !c.Exists {
			t.tellSmall(c)
			at = c.Place
			continue
		}
		role := RoleRights{ID: c.Place.ID, Name: strings.ToValidUTF8(c.Name, "\ufffd"), Parent: c.Parent, All: c.All}
		inside := at // where to go on within this role, if that is where at was
		var ids []ID
		if inside.Permission.IsZero() || inside.Position != c.Place.Position || inside.ID != c.Place.ID {
			if _, read := assigned[c.Place.ID]; !read {
				if assigned, err = t.assignedTo(ctx, changed[i:]); err != nil {
					return at, false, err
				}
			}
			inside, ids = c.Place, assigned[c.Place.ID]
		} else {
			role.Continued = true
			if ids, err = t.view.AssignedAfter(ctx, role.ID, inside.Permission, moreAssigned); err != nil {
				return at, false, err
			}
		}
		var done bool
		if at, done, err = t.tellRole(ctx, role, inside, ids); err != nil || !done {
			return at, false, err
		}
	}
	return allRights(t.state.Position), true, nil
}

// tellSmall tells of a permission, or of a role that is gone.
func (t *telling) tellSmall(c RightChange) {
	t.left--
	t.size += sizeOfIDs + sizeOf(c.Name)
	if c.Place.Kind == ChangedRole {
		t.statement.Roles = append(t.statement.Roles, RoleRights{ID: c.Place.ID, Gone: true})
		return
	}
	p := PermissionRights{ID: c.Place.ID, Name: c.Name}
	if len(p.Name) > maxToldName || p.Name != strings.ToValidUTF8(p.Name, "") {
		p.Name = "" // such as no service asks for
	}
	t.statement.Permissions = append(t.statement.Permissions, p)
}

// tellRole tells of a role that has these permissions, and more where there are as many as are read at a time. It
// returns the place to go on from, which is inside the role if there was no room for all of them.
func (t *telling) tellRole(ctx context.Context, role RoleRights, at RightsPlace, ids []ID) (next RightsPlace, done bool, err error) {
	t.left--
	t.size += 2*sizeOfIDs + sizeOf(role.Name)
	most := AssignedToEach
	if role.Continued {
		most = moreAssigned
	}
	for {
		for _, id := range ids {
			if t.size >= t.bounds.bytes && !at.Permission.IsZero() {
				t.statement.Roles = append(t.statement.Roles, role)
				return at, false, nil
			}
			role.Permissions, at.Permission = append(role.Permissions, id), id
			t.size += sizeOfID
		}
		if len(ids) < most {
			t.statement.Roles = append(t.statement.Roles, role)
			at.Permission = ID{}
			return at, true, nil
		}
		if ids, err = t.view.AssignedAfter(ctx, role.ID, at.Permission, moreAssigned); err != nil {
			return at, false, err
		}
		most = moreAssigned
	}
}

// assignedTo reads what is assigned to the next roles of a list.
func (t *telling) assignedTo(ctx context.Context, changed []RightChange) (map[ID][]ID, error) {
	var roles []ID
	for _, c := range changed {
		if c.Place.Kind == ChangedRole && c.Exists && len(roles) < AssignedToRoles {
			roles = append(roles, c.Place.ID)
		}
	}
	assigned, err := t.view.AssignedTo(ctx, roles)
	if err != nil {
		return nil, err
	}
	for _, id := range roles { // that it was read is known of those that have none, too
		assigned[id] = slices.Clip(assigned[id])
	}
	return assigned, nil
}

// tellAccounts tells of accounts, and returns how far it has come and whether that is all.
func (t *telling) tellAccounts(ctx context.Context, at ChangePlace, life time.Duration) (ChangePlace, bool, error) {
	since := time.Time{}
	if at == allAccounts(0) {
		// Before this, no token was issued that is still good. It is the database's clock that dates changes.
		since = t.state.Now.Add(-life - changesMargin)
	}
	changed, err := t.view.ChangedAccounts(ctx, at, since, t.left+1)
	if err != nil {
		return at, false, err
	}
	for _, c := range changed {
		if t.full() {
			return at, false, nil
		}
		a := AccountRights{ID: c.Place.Account, Role: c.Role}
		if c.Active {
			a.Version = c.Version
		}
		t.statement.Accounts = append(t.statement.Accounts, a)
		t.left--
		t.size += sizeOfIDs
		at = c.Place
	}
	return allAccounts(t.state.Position), true, nil
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
