package authn

import (
	"encoding/hex"
	"strings"
)

// id is a UUID. Accounts and roles are kept by it rather than by its spelling, which takes three times the room.
type id [16]byte

// parseID reads the canonical spelling, 36 characters in lower case. Any other spelling, and the all-zero UUID, is
// no id: one thing must not have two names.
func parseID(s string) (id, bool) {
	var u id
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' || s != strings.ToLower(s) {
		return u, false
	}
	n, err := hex.Decode(u[:], []byte(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:]))
	return u, err == nil && n == len(u) && u != id{}
}

func (u id) String() string {
	h := hex.EncodeToString(u[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}
