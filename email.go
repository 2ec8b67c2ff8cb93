package users

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// maxEmailBytes is the longest address SMTP can carry in a path (RFC 5321 §4.5.3.1.3, less the brackets).
const maxEmailBytes = 254

// Email is one bare address (RFC 5322 addr-spec with a dot-atom on each side, internationalised as RFC 6531
// has it). It keeps the spelling that was typed and the canonical form in which addresses are compared. The
// zero Email is no address.
type Email struct {
	typed     string
	canonical string
}

// ParseEmail reads an address. The error is one sentence that does not repeat it.
//
// The canonical form is NFC, lower case, the domain as its IDNA A-label (UTS #46), so that two spellings a
// mail system would deliver to one box are one account. Characters outside ASCII that fold into ASCII, such
// as the Kelvin sign, are refused: they exist in addresses only to imitate another.
func ParseEmail(s string) (Email, error) {
	switch {
	case s == "":
		return Email{}, errors.New("must not be empty")
	case len(s) > maxEmailBytes:
		return Email{}, errors.New("must be at most 254 bytes long")
	case !utf8.ValidString(s):
		return Email{}, errors.New("must be valid UTF-8")
	}
	// Composed too: I with a dot above, in two characters, becomes one whose lower case is a plain i.
	for _, r := range s + norm.NFC.String(s) {
		if problem := emailRune(r); problem != "" {
			return Email{}, errors.New(problem)
		}
	}
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return Email{}, errors.New("must be an e-mail address such as ada@example.com")
	}
	local, domain := s[:at], s[at+1:]
	if !dotAtom(local) {
		return Email{}, errors.New("must have a plain local part before the @: no quotes, comments or spaces, and dots only between other characters")
	}
	host, err := canonicalDomain(domain)
	if err != nil {
		return Email{}, err
	}
	return Email{typed: s, canonical: canonicalText(local) + "@" + host}, nil
}

// StoredEmail is an address that ParseEmail once took apart, as a store gives it back.
func StoredEmail(typed, canonical string) Email { return Email{typed, canonical} }

// String is the address as it was typed.
func (e Email) String() string { return e.typed }

// Canonical is the form in which addresses are compared, counted and searched.
func (e Email) Canonical() string { return e.canonical }

// IsZero reports whether e is no address.
func (e Email) IsZero() bool { return e.canonical == "" }

// canonicalText is the comparing form of text without IDNA: NFC around lower case, because lowering can
// leave a sequence that NFC composes further.
func canonicalText(s string) string {
	return norm.NFC.String(strings.ToLower(norm.NFC.String(s)))
}

// emailRune says what is wrong with a character, or nothing.
func emailRune(r rune) string {
	if r < utf8.RuneSelf {
		if r < ' ' || r == 0x7f {
			return "must not contain control characters"
		}
		return ""
	}
	if unicode.ToLower(r) < utf8.RuneSelf {
		return "must not contain characters that imitate ASCII letters"
	}
	for _, n := range norm.NFC.String(string(r)) {
		if n < utf8.RuneSelf {
			return "must not contain characters that imitate ASCII letters"
		}
	}
	if !unicode.IsGraphic(r) || unicode.IsSpace(r) {
		return "must not contain control characters or spaces"
	}
	return ""
}

// dotAtom reports whether s is atoms joined by single dots (RFC 5322 §3.2.3), characters beyond ASCII
// allowed (RFC 6531 §3.3).
func dotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for i := range len(atom) {
			c := atom[i]
			if c < utf8.RuneSelf && !isAlnum(c) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", rune(c)) {
				return false
			}
		}
	}
	return true
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// canonicalDomain is the A-label form of a dotted host name. A last label of digits alone is an IP address in
// disguise, not a domain (RFC 3696 §2).
func canonicalDomain(domain string) (string, error) {
	bad := errors.New("must have a domain such as example.com after the @")
	host, err := idna.Lookup.ToASCII(domain)
	if err != nil || len(host) > 253 || !strings.Contains(host, ".") {
		return "", bad
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", bad
		}
		for i := range len(label) {
			if !isAlnum(label[i]) && label[i] != '-' {
				return "", bad
			}
		}
	}
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return "", bad
	}
	return strings.ToLower(host), nil
}
