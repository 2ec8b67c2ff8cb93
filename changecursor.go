package users

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// changeCursor is what a follower knows. It travels as plain text: who makes one up is told what they would have
// been told anyway, or too much of it, but for themselves alone, since a statement names the cursor it follows.
type changeCursor struct {
	slot     int64
	place    ChangePlace // of the last change told
	roles    string      // digest of the stamp of the roles told
	accounts string      // digest of the stamp of the accounts when nothing was left to tell, else noDigest
}

// slotLength is how long a cursor is good for the same answer. It changes at least as often, so that followers get
// a fresh statement though nothing has happened, and know that nobody keeps anything from them.
const slotLength = 10 * time.Second

func slotOf(t time.Time) int64 { return t.Unix() / int64(slotLength/time.Second) }

// turn returns the slot of an answer that is given now, and whether that alone makes it another answer. Replicas
// whose clocks differ a little must not each find the other's cursor outdated, so one that is a slot ahead counts
// as of now.
func (c changeCursor) turn(now time.Time) (slot int64, turned bool) {
	slot = slotOf(now)
	if slot == c.slot || slot == c.slot-1 {
		return c.slot, false
	}
	return slot, true
}

// untilSlotAfter is how long it takes until the cursor's slot is over.
func untilSlotAfter(cursor string, now time.Time) time.Duration {
	c, _ := parseChangeCursor(cursor)
	slot, _ := c.turn(now)
	return time.Unix((slot+1)*int64(slotLength/time.Second), 0).Sub(now)
}

// is reports whether nothing at all has changed from what the cursor knows to m. Stamps do not come back, so who has
// those of m knows all there is, wherever they say they stand.
func (c changeCursor) is(m Moment) bool {
	return m != Moment{} && c.roles == digestOf(m.Roles) && c.accounts == digestOf(m.Accounts)
}

// noDigest is the digest of no stamp.
const noDigest = "-"

// digestOf shortens a stamp, which may be any text when somebody has set it by hand.
func digestOf(stamp string) string {
	sum := sha256.Sum256([]byte(stamp))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// String is the five parts with dots between them. All of it may stand in an entity tag.
func (c changeCursor) String() string {
	account := "-"
	if !c.place.Account.IsZero() {
		account = c.place.Account.String()
	}
	return strings.Join([]string{
		strconv.FormatInt(c.slot, 10), strconv.FormatInt(c.place.Position, 10), account, c.roles, c.accounts,
	}, ".")
}

// parseChangeCursor says no to whatever String has not written.
func parseChangeCursor(s string) (changeCursor, bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 5 {
		return changeCursor{}, false
	}
	c := changeCursor{roles: parts[3], accounts: parts[4]}
	c.slot, _ = strconv.ParseInt(parts[0], 10, 64)
	c.place.Position, _ = strconv.ParseInt(parts[1], 10, 64)
	c.place.Account, _ = ParseID(parts[2])
	if c.String() != s || c.slot < 0 || c.place.Position < 0 || !isDigest(c.roles) || c.accounts != noDigest && !isDigest(c.accounts) {
		return changeCursor{}, false
	}
	return c, true
}

func isDigest(s string) bool {
	_, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(s) == 16 && !strings.ContainsAny(s, "\r\n")
}
