package feed

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	users "github.com/svc-users/svc-users"
)

var cursorNow = time.Date(2025, 10, 15, 12, 0, 3, 0, time.UTC)

const someMark = "0d7c1f52-1111-4222-8333-abcdefabcdef"

func goodCursor() cursor {
	return cursor{
		slot: slotOf(cursorNow), position: 9, mark: someMark, revision: digestOf(users.Revision{Roles: "some roles", Accounts: "some accounts"}),
		rights: allRights(9), accounts: allAccounts(9),
	}
}

func TestCursor(t *testing.T) {
	t.Parallel()
	inRole := RightsPlace{Position: 1 << 40, Kind: KindRole, ID: users.NewID(), Permission: users.NewID()}
	for name, change := range map[string]func(*cursor){
		"of all": func(*cursor) {},
		"of nothing": func(c *cursor) {
			*c = cursor{mark: noMark, rights: allRights(0), accounts: allAccounts(0), revision: noDigest}
		},
		"of a permission": func(c *cursor) {
			c.rights, c.revision = RightsPlace{Position: 7, Kind: KindPermission, ID: users.NewID()}, noDigest
		},
		"of a role": func(c *cursor) {
			c.rights, c.revision = RightsPlace{Position: 7, Kind: KindRole, ID: users.NewID()}, noDigest
		},
		"of part of a role":  func(c *cursor) { c.rights, c.accounts = inRole, allAccounts(0) },
		"of an account":      func(c *cursor) { c.accounts = AccountPlace{Position: 7, ID: users.NewID()} },
		"of some":            func(c *cursor) { c.rights, c.accounts = allRights(7), allAccounts(8) },
		"of a mark of SQL's": func(c *cursor) { c.mark = "0123456789ABCDEF0123456789ABCDEF" },
		"of very much": func(c *cursor) {
			c.slot, c.position, c.rights, c.accounts = 1<<40, 1<<62, inRole, AccountPlace{Position: 1 << 61, ID: users.NewID()}
		},
	} {
		c := goodCursor()
		change(&c)
		if got, ok := parseCursor(c.String()); !ok || got != c {
			t.Errorf("%s: %q is read as %+v, %t", name, c, got, ok)
		}
		if len(c.String()) > 250 || strings.ContainsAny(c.String(), "\"\\, \n&?#%") {
			t.Errorf("%s: %q does not fit into a query and an entity tag", name, c)
		}
	}
}

// Whatever is read as a cursor is one that could have been written.
func TestCursorIsReadStrictly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		good := goodCursor()
		good.rights, good.accounts.ID = RightsPlace{Position: 3, Kind: KindRole, ID: users.NewID(), Permission: users.NewID()}, users.NewID()
		text := good.String()
		if rapid.Bool().Draw(t, "changed") {
			at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			text = text[:at] + rapid.StringN(0, 3, -1).Draw(t, "with") + text[at+1:]
		} else {
			text = rapid.StringMatching(`[0-9+-]{0,4}(\.[A-Za-z0-9_+-]{0,16}){3,6}`).Draw(t, "text")
		}
		if c, ok := parseCursor(text); ok && c.String() != text {
			t.Errorf("%q is read as %q", text, c)
		}
	})
}

func TestCursorIs(t *testing.T) {
	t.Parallel()
	c := goodCursor()
	piece := c
	piece.revision = noDigest
	none := c
	none.revision = digestOf(users.Revision{})
	for what, x := range map[string]struct {
		c    cursor
		m    users.Revision
		want bool
	}{
		"the same":          {c, users.Revision{Roles: "some roles", Accounts: "some accounts"}, true},
		"other roles":       {c, users.Revision{Roles: "roles", Accounts: "some accounts"}, false},
		"other accounts":    {c, users.Revision{Roles: "some roles", Accounts: "accounts"}, false},
		"both as one":       {c, users.Revision{Roles: "some rolessome", Accounts: " accounts"}, false},
		"no revision":       {none, users.Revision{}, false},
		"a piece":           {piece, users.Revision{Roles: "some roles", Accounts: "some accounts"}, false},
		"a revision like -": {piece, users.Revision{Roles: "some roles", Accounts: noDigest}, false},
	} {
		if got := x.c.is(x.m); got != x.want {
			t.Errorf("%s: %t, want %t", what, got, x.want)
		}
	}
}

// Replicas whose clocks differ by less than a slot do not find one another's cursors outdated in turns.
func TestCursorTurns(t *testing.T) {
	t.Parallel()
	c := goodCursor()
	for after, want := range map[time.Duration]bool{
		0: false, 6999 * time.Millisecond: false, 7 * time.Second: true, time.Hour: true,
		-3 * time.Second: false, -13 * time.Second: false, -13*time.Second - 1: true, -time.Hour: true,
	} {
		slot, turned := c.turn(cursorNow.Add(after))
		if turned != want || !turned && slot != c.slot || turned && slot != slotOf(cursorNow.Add(after)) {
			t.Errorf("after %v: slot %d, turned %t; want %t", after, slot-c.slot, turned, want)
		}
	}
	for after, want := range map[time.Duration]time.Duration{
		0: 7 * time.Second, 6 * time.Second: time.Second, -4 * time.Second: 11 * time.Second,
	} {
		if got := untilSlotAfter(c.String(), cursorNow.Add(after)); got != want {
			t.Errorf("after %v the slot is over in %v, want %v", after, got, want)
		}
	}
}
