package system

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
)

// marker is part of every secret that this package makes up (passwords, junk in the place of tokens, the
// password of the database), so that one search finds them all, however many a long run has sent.
const marker = "S3CR3T"

// mailDomain is that of every e-mail these tests make up. E-mails may be answered but not logged: they are bound
// SQL values.
const mailDomain = "people.example"

// newPassword makes up a password that plain bcrypt can take.
func newPassword() string { return "pw-" + marker + "-" + rand.Text() }

// newLongPassword makes up one of more than the 72 bytes that bcrypt reads.
func newLongPassword() string { return newPassword() + strings.Repeat("-long", 20) }

// never may be in no answer and in no line of a log. The demo passwords are too short to carry the marker.
var never = []string{marker, "admin123", "user123", "$2a$", "$2b$", "$2y$", "$bcrypt-sha256$", "PRIVATE KEY"}

// tokenParts is how the header and the claims of each token of ours begin, and each refresh token and device token.
var tokenParts = []string{"eyJhbGciOi", "eyJpc3MiOi", "svcr_", "svcd_"}

// noteKey adds the private key, in each of the forms it has on its way, to what may be nowhere.
func noteKey(variable string) error {
	text, err := base64.StdEncoding.DecodeString(variable)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return errors.New("JWT_PRIVATE_KEY is no base64 of PEM")
	}
	// The first bytes are alike in all keys; any later piece of 24 characters is of this one alone. The pieces
	// overlap what a leak of a line or more would show.
	const piece = 24
	for _, form := range []string{variable, base64.StdEncoding.EncodeToString(block.Bytes)} {
		for at := len(form) / 4; at+piece <= len(form); at += 64 {
			never = append(never, form[at:at+piece])
		}
	}
	return nil
}

// leakIn returns what kind of secret text holds, or nothing. A token may be in an answer that issues one.
func leakIn(text string, mayHoldToken bool) string {
	for _, s := range never {
		if strings.Contains(text, s) {
			return "a password, a hash or a key"
		}
	}
	if mayHoldToken {
		return ""
	}
	for _, s := range tokenParts {
		if strings.Contains(text, s) {
			return "a token"
		}
	}
	return ""
}
