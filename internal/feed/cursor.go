package feed

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	users "github.com/svc-users/svc-users"
)

// cursor is what a follower knows. It travels as plain text:
//
//	SLOT.POSITION.MARK.RIGHTS.ACCOUNTS.REVISION
//	179548915.4711.0d7c…-…-….-.-.pT3wQm2Yx0Aq9sZk                          knows all there was
//	179548915.4711.0d7c…-…-….812r0199e7a0-…+0199e7a1-….0.-                 is in the middle of a role
//
// A forged one gains nothing: the client that makes it up is told what it would have been told anyway, or too much of it,
// but alone, since a statement names the cursor it follows.
type cursor struct {
	slot     int64
	position int64  // the last of the database when this was told
	mark     string // of that position, see State
	rights   RightsPlace
	accounts AccountPlace
	revision string // digest of the revision at which nothing was left to tell, else noDigest
}

// slotLength is how long a cursor is good for the same answer. It changes at least as often, so that followers get
// a fresh statement though nothing has happened, and know that nothing is withheld from them.
const slotLength = 10 * time.Second

func slotOf(t time.Time) int64 { return t.Unix() / int64(slotLength/time.Second) }

// turn returns the slot of an answer that is given now, and whether that alone makes it another answer. Replicas
// whose clocks differ a little must not each find the other's cursor outdated, so one that is a slot ahead counts
// as of now.
func (c cursor) turn(now time.Time) (slot int64, turned bool) {
	slot = slotOf(now)
	if slot == c.slot || slot == c.slot-1 {
		return c.slot, false
	}
	return slot, true
}

// untilSlotAfter is how long it takes until the cursor's slot is over.
func untilSlotAfter(cursor string, now time.Time) time.Duration {
	c, _ := parseCursor(cursor)
	slot, _ := c.turn(now)
	return time.Unix((slot+1)*int64(slotLength/time.Second), 0).Sub(now)
}

// is reports whether nothing at all has changed from what the cursor knows to r. Revisions do not come back, so a
// cursor of r knows all there is, whatever position it has.
func (c cursor) is(r users.Revision) bool {
	return r != users.Revision{} && c.revision == digestOf(r)
}

// whole reports whether the one who has the cursor knows all there was.
func (c cursor) whole() bool { return c.revision != noDigest }

// noDigest is the digest of no revision.
const noDigest = "-"

// digestOf shortens a revision, whose parts may be any text after SQL by hand.
func digestOf(m users.Revision) string {
	roles := sha256.Sum256([]byte(m.Roles))
	both := sha256.Sum256(append(roles[:], m.Accounts...))
	return base64.RawURLEncoding.EncodeToString(both[:12])
}

// lastID is behind every id.
var lastID = users.ID{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}

// allRights and allAccounts are the places behind all that stands at a position.
func allRights(position int64) RightsPlace {
	return RightsPlace{Position: position, Kind: pastKinds}
}

func allAccounts(position int64) AccountPlace {
	return AccountPlace{Position: position, ID: lastID}
}

// kindLetters are the kinds as a cursor has them.
var kindLetters = map[Kind]string{KindPermission: "p", KindRole: "r"}

// String is the six parts with dots between them, at most 240 bytes. All of it may stand in an entity tag.
func (c cursor) String() string {
	rights, accounts := "-", "-"
	if c.rights != allRights(c.position) {
		rights = strconv.FormatInt(c.rights.Position, 10)
		if letter, inside := kindLetters[c.rights.Kind]; inside {
			rights += letter + c.rights.ID.String()
		}
		if !c.rights.Permission.IsZero() {
			rights += "+" + c.rights.Permission.String()
		}
	}
	if c.accounts != allAccounts(c.position) {
		accounts = strconv.FormatInt(c.accounts.Position, 10)
		if c.accounts.ID != lastID {
			accounts += "a" + c.accounts.ID.String()
		}
	}
	return strings.Join([]string{
		strconv.FormatInt(c.slot, 10), strconv.FormatInt(c.position, 10), c.mark, rights, accounts, c.revision,
	}, ".")
}

// parseCursor says no to whatever String has not written.
func parseCursor(s string) (cursor, bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 6 {
		return cursor{}, false
	}
	c := cursor{mark: parts[2], revision: parts[5]}
	c.slot, _ = strconv.ParseInt(parts[0], 10, 64)
	c.position, _ = strconv.ParseInt(parts[1], 10, 64)
	c.rights, c.accounts = allRights(c.position), allAccounts(c.position)
	if parts[3] != "-" {
		c.rights = parseRightsPlace(parts[3])
	}
	if parts[4] != "-" {
		position, account, inside := strings.Cut(parts[4], "a")
		c.accounts.Position, _ = strconv.ParseInt(position, 10, 64)
		if inside {
			c.accounts.ID, _ = users.ParseID(account)
		}
	}
	if c.String() != s || c.slot < 0 || c.position < 0 || c.rights.Position < 0 || c.accounts.Position < 0 || !isMark(c.mark) || !isDigest(c.revision) {
		return cursor{}, false
	}
	return c, true
}

// parseRightsPlace reads what it can; what it can't is seen by writing it again.
func parseRightsPlace(s string) RightsPlace {
	for kind, letter := range kindLetters {
		if position, rest, inside := strings.Cut(s, letter); inside {
			p := RightsPlace{Kind: kind}
			p.Position, _ = strconv.ParseInt(position, 10, 64)
			id, permission, _ := strings.Cut(rest, "+")
			p.ID, _ = users.ParseID(id)
			p.Permission, _ = users.ParseID(permission)
			return p
		}
	}
	position, _ := strconv.ParseInt(s, 10, 64)
	return allRights(position)
}

// maxMark is the longest mark that a cursor holds, in bytes: a UUID.
const maxMark = 36

func isMark(s string) bool {
	return s == noMark || s != "" && len(s) <= maxMark && strings.Trim(s, "0123456789abcdefABCDEF-") == ""
}

// noMark stands for one that is missing. No position has it.
const noMark = "-"

func isDigest(s string) bool {
	_, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return s == noDigest || err == nil && len(s) == 16 && !strings.ContainsAny(s, "\r\n")
}
