package importer

import (
	"time"

	users "github.com/svc-users/svc-users"
)

// Record is an account of another system, as its export has it. What a reader could not read is in Faults.
type Record struct {
	// Line is where it begins in the file, from 1; of a database the number of its row.
	Line int
	// SourceID is its id in the other system, such as "auth0|507f1f77bcf86cd799439011"; empty if there is none. A UUID is kept.
	SourceID string
	Email    string
	// Unverified says that the other system knows the e-mail and has not verified that it is the person's.
	Unverified bool
	// Roles are the names that the export gives; there may be none.
	Roles []string
	// Password is nil for an account that has none there.
	Password             *Hash
	Disabled             bool
	CreatedAt, UpdatedAt time.Time // zero if unknown
	TOTP                 []TOTP
	// Passed is why it is no account to be imported, such as "is deleted there"; empty for one that is.
	Passed string
	Faults users.Faults
}

// Hash is a password hash as an export has it. One of the two is there.
type Hash struct {
	// Text is a hash in a format of its own, such as $2b$10$… or pbkdf2_sha256$260000$….
	Text string
	// Problem is why the reader found none in the export's form, such as "the salt is no base64".
	Problem string
}

// TOTP is what a person's authenticator app computes its codes with (RFC 6238).
type TOTP struct {
	Label     string // that the person has given it; may be empty
	Secret    []byte // the key itself
	Digits    int    // 6 or 8
	Period    int    // seconds
	Algorithm string // SHA1, SHA256 or SHA512
	// Problem is why the reader found none that can be kept, such as "must be base32"; then the rest is empty.
	Problem string
}

// check returns what is wrong with it, or nothing.
func (t TOTP) check() string {
	switch {
	case t.Problem != "":
		return t.Problem
	case len(t.Secret) < minTOTPSecret || len(t.Secret) > maxTOTPSecret:
		return "must have a secret of 10 to 128 bytes"
	case t.Digits != 6 && t.Digits != 8:
		return "must have 6 or 8 digits"
	case t.Period < 1 || t.Period > maxTOTPPeriod:
		return "must have a period of 1 to 300 seconds"
	case t.Algorithm != "SHA1" && t.Algorithm != "SHA256" && t.Algorithm != "SHA512":
		return "must be of SHA1, SHA256 or SHA512"
	}
	return ""
}

const (
	// minTOTPSecret is what Google Authenticator's own secrets had, and many systems still make.
	minTOTPSecret = 10
	maxTOTPSecret = 128
	maxTOTPPeriod = 300
)
