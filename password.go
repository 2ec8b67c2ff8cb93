package users

import (
	"context"
	"log/slog"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxTypedRunes is how many code points a text can have whose NFC has maxPasswordRunes: none stands for more than four others
// (Unicode Standard Annex #15, "Maximum Expansion Factor" of NFD), such as U+1F82 for U+03B1 U+0313 U+0300 U+0345.
const maxTypedRunes = 4 * maxPasswordRunes

// Password is a password in NFC, the one form in which it is counted, hashed and compared. Printing or
// logging it shows nothing of it.
type Password struct {
	nfc   string
	typed string // as it was typed, if that was not in NFC and the password was presented
}

// unmatchable stands for a presented password that is too long to be one. No password that can be chosen has a NUL in
// it, and Passwords.Check matches none that has.
const unmatchable = "\x00"

// PresentedPassword is a password that is presented at a login. Rules of length are for choosing passwords, not for
// using them, so everything is taken; but what is longer than any chosen password was when it was typed is not
// normalised, which would take up to 0.1 ms for each KiB. It becomes a password that matches nothing, for the same
// work as any other wrong one.
func PresentedPassword(s string) Password {
	if tooLongTyped(s) {
		return Password{nfc: unmatchable}
	}
	p := Password{nfc: norm.NFC.String(s)}
	if p.nfc != s {
		p.typed = s
	}
	return p
}

// tooLongTyped reports whether a text has more code points than one whose NFC is a possible password. It looks at no
// more bytes than such a text can have.
func tooLongTyped(s string) bool {
	return len(s) > maxTypedRunes*utf8.UTFMax || utf8.RuneCountInString(s) > maxTypedRunes
}

// Reveal is the password itself, for hashing.
func (p Password) Reveal() string { return p.nfc }

// Typed is the password as it was typed, and false if that is no other text than Reveal returns. It is for hashes that come
// from a system that did not normalise.
func (p Password) Typed() (string, bool) { return p.typed, p.typed != "" }

func (Password) String() string       { return "[password]" }
func (Password) GoString() string     { return "[password]" }
func (Password) LogValue() slog.Value { return slog.StringValue("[password]") }

// PasswordHash is a stored hash in its own text format ($2b$…, $bcrypt-sha256$…, and for hashes of other systems those of
// package foreignhash). Printing or logging it shows nothing of it; convert it to string to keep it.
type PasswordHash string

func (PasswordHash) String() string       { return "[hash]" }
func (PasswordHash) GoString() string     { return "[hash]" }
func (PasswordHash) LogValue() slog.Value { return slog.StringValue("[hash]") }

// PasswordCheck is what comparing a password with a hash showed.
type PasswordCheck struct {
	Match    bool // it is the password
	Outdated bool // the hash is not of the kind Hash makes today; with Match, worth replacing
	// Marked says, with Outdated, that the hash may match more than the one password, as that of another system: it has to be
	// replaced now, while other outdated hashes can wait for a quiet moment.
	Marked bool
	// Unreadable is a hash of no known kind, or of too high a cost: nothing matches it. An empty hash is one too. "!", which
	// stands for no password, is not.
	Unreadable bool
}

// Purpose is what a password is hashed or compared for. The purposes take turns, so that a flood of one shuts out
// none of the others.
type Purpose int

// The purposes there are.
const (
	PurposeLogin      Purpose = iota // comparing the password of a login
	PurposeUpgrade                   // replacing an outdated hash after a login; not worth anybody's wait
	PurposeNewAccount                // hashing the password of an account that is made
	PurposeChange                    // hashing a changed password, comparing the current one that a change asks for
)

// Passwords hashes and compares on a bounded number of workers. Both methods return ErrUnavailable, with
// RetryAfter, when the work could not be done soon enough, and the context's error when it ends first.
type Passwords interface {
	// Hash makes a hash to keep.
	Hash(ctx context.Context, why Purpose, p Password) (PasswordHash, error)
	// Check compares. An empty or unreadable hash matches nothing and costs the same time as any other, and so does
	// a password with a NUL in it. ready, if not nil, is called when the comparison has its turn: if it returns an error,
	// Check returns that, and nothing is compared. It is not called after Check has returned.
	Check(ctx context.Context, why Purpose, ready func() error, h PasswordHash, p Password) (PasswordCheck, error)
}
