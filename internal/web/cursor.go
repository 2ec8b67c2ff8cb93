package web

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	users "github.com/svc-users/svc-users"
)

// A cursor is the position that a piece of a list ended at, sealed, so that clients can neither read nor make
// one. The list it belongs to is sealed in as additional data: in another list, or under another filter or
// order, it does not open. The random nonces are good for 2³² cursors under one key; a repetition beyond
// would let a client make cursors at best, which can only begin a list where it could be paged to anyway.

// maxCursor bounds the text that is decoded at all, in bytes. A position is at most a timestamp, an id and an
// e-mail, some 600 bytes before they are encoded.
const maxCursor = 2048

var cursorEncoding = base64.RawURLEncoding.Strict()

// newCursorCipher panics if key is not 32 bytes long.
func newCursorCipher(key []byte) cipher.AEAD {
	if len(key) != 32 {
		panic("web: the key of cursors must be 32 bytes long")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// sealCursor makes the cursor of a position in a list.
func (h *handler) sealCursor(list string, p users.Position) string {
	var micros int64 // the order by text has no use for the time, nor for the year 1
	if !p.Time.IsZero() {
		micros = p.Time.UnixMicro()
	}
	plain := binary.BigEndian.AppendUint64(nil, uint64(micros))
	plain = append(plain, p.ID[:]...)
	plain = append(plain, p.Text...)
	return cursorEncoding.EncodeToString(h.cursors.Seal(nil, nil, plain, []byte(list)))
}

// openCursor returns the position in a cursor of that list, and false for whatever is not one.
func (h *handler) openCursor(list, cursor string) (users.Position, bool) {
	// Line breaks are looked for by hand, because the decoder skips them.
	if len(cursor) > maxCursor || strings.ContainsAny(cursor, "\r\n") {
		return users.Position{}, false
	}
	sealed, err := cursorEncoding.DecodeString(cursor)
	if err != nil {
		return users.Position{}, false
	}
	plain, err := h.cursors.Open(nil, nil, sealed, []byte(list))
	if err != nil || len(plain) < 8+len(users.ID{}) {
		return users.Position{}, false
	}
	p := users.Position{Time: time.UnixMicro(int64(binary.BigEndian.Uint64(plain))).UTC()}
	copy(p.ID[:], plain[8:])
	p.Text = string(plain[8+len(p.ID):])
	return p, true
}
