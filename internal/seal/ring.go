package seal

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// version begins every sealed text.
const version = "v1"

// Why a sealed text does not open.
var (
	// ErrUnknownKey is the error for what was sealed with an encryption key that the ring does not have.
	ErrUnknownKey = errors.New("sealed with another encryption key")
	// ErrDamaged is the error for what is no sealed text, was changed, or was sealed for another purpose or name.
	ErrDamaged = errors.New("not a sealed text of this purpose and name, or damaged")
)

// Ring seals with its current key, and opens what that or a former one has sealed. It is immutable and may be used by any
// number of goroutines. Printing or logging it shows nothing of its keys.
type Ring struct{ keys []*Key } // the current one first

// NewRing returns an error if a key is nil or there twice.
func NewRing(current *Key, former ...*Key) (*Ring, error) {
	r := &Ring{}
	for _, k := range append([]*Key{current}, former...) {
		if k == nil {
			return nil, errors.New("a ring has no nil key")
		}
		if r.find(k.id) != nil {
			return nil, errors.New("an encryption key is given twice")
		}
		r.keys = append(r.keys, k)
	}
	return r, nil
}

func (r *Ring) find(id string) *Key {
	if i := slices.IndexFunc(r.keys, func(k *Key) bool { return k.id == id }); i >= 0 {
		return r.keys[i]
	}
	return nil
}

// Seal encrypts plain with the current key for a purpose, such as "signing-keys", and a name, such as a key id. The
// result is ASCII in three parts with dots between them: the version, the id of the encryption key, and the base64url of
// nonce (12 bytes), cipher text and tag (16 bytes), for example
//
//	v1.sU4EMjQ0qCw.2cFuZ1kbRj5eVnq0b7Yt3WJtq9kq…
//
// Each call gives another text, since the nonce is drawn at random. A purpose must not contain a NUL.
func (r *Ring) Seal(purpose, name string, plain []byte) (string, error) {
	current := r.keys[0]
	aead, err := current.cipherFor(purpose)
	if err != nil {
		return "", err
	}
	sealed := aead.Seal(nil, nil, plain, boundTo(purpose, name)) //nolint:gosec // G407: the cipher draws the nonce itself, and takes none
	return version + "." + current.id + "." + sealedDigits.EncodeToString(sealed), nil
}

// Open decrypts what Seal returned for the same purpose and name. ErrUnknownKey, ErrDamaged.
func (r *Ring) Open(purpose, name, sealed string) ([]byte, error) {
	id, digits, ok := splitSealed(sealed)
	if !ok {
		return nil, ErrDamaged
	}
	key := r.find(id)
	if key == nil {
		return nil, ErrUnknownKey
	}
	aead, err := key.cipherFor(purpose)
	if err != nil {
		return nil, err
	}
	raw, err := sealedDigits.DecodeString(digits)
	if err != nil {
		return nil, ErrDamaged
	}
	plain, err := aead.Open(nil, nil, raw, boundTo(purpose, name))
	if err != nil {
		return nil, ErrDamaged
	}
	return plain, nil
}

// IsCurrent reports whether a sealed text was sealed with the current key. One that was not needs to be opened and
// sealed again before its key can be taken out of the ring.
func (r *Ring) IsCurrent(sealed string) bool {
	id, _, ok := splitSealed(sealed)
	return ok && id == r.keys[0].id
}

// AuthenticationKeys returns a key of 32 bytes for a purpose, such as "device-tokens", of each encryption key, the current one
// first: what is signed with that can be verified also after the encryption key was changed, as long as the ring has the
// former one. No encryption key and no other purpose can be found out from it.
func (r *Ring) AuthenticationKeys(purpose string) ([][]byte, error) {
	var list [][]byte
	for _, k := range r.keys {
		derived, err := hkdf.Key(sha256.New, k.secret, nil, authenticationInfo+purpose, minKey)
		if err != nil {
			return nil, fmt.Errorf("derive an authentication key: %w", err)
		}
		list = append(list, derived)
	}
	return list, nil
}

// splitSealed takes a sealed text apart. A line break is looked for by hand, because the decoder skips it.
func splitSealed(sealed string) (id, digits string, ok bool) {
	head, rest, _ := strings.Cut(sealed, ".")
	id, digits, ok = strings.Cut(rest, ".")
	return id, digits, ok && head == version && !strings.ContainsAny(sealed, "\r\n")
}

// boundTo is the additional data of a sealed text, which is authenticated with it: purpose, NUL, name.
func boundTo(purpose, name string) []byte { return []byte(purpose + "\x00" + name) }

// Format prints a placeholder for every verb.
func (Ring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[encryption keys]") }

// LogValue is a placeholder.
func (Ring) LogValue() slog.Value { return slog.StringValue("[encryption keys]") }
