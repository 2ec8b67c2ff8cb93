package users

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	maxNameRunes        = 100
	maxDescriptionRunes = 255
)

// RoleName is the name of a role: 1 to 100 characters, all of them visible (see hiddenRune) or spaces, no space at its
// ends. Names are kept as typed and are unique without regard to case; see also Skeleton.
type RoleName string

// ParseRoleName reads a role's name. The error is one sentence that does not repeat it.
func ParseRoleName(s string) (RoleName, error) {
	if err := nameLength(s); err != nil {
		return "", err
	}
	if strings.IndexFunc(s, unicode.IsControl) >= 0 {
		return "", errors.New("must not contain control characters")
	}
	if strings.IndexFunc(s, hiddenRune) >= 0 {
		return "", errors.New("must not contain format characters or others that cannot be seen")
	}
	if strings.TrimSpace(s) != s {
		return "", errors.New("must not begin or end with a space")
	}
	return RoleName(s), nil
}

// hiddenRune reports whether a character shows nothing by itself, and so could make two names whose difference cannot be
// seen: format characters such as U+200B, what is ignored where it cannot be shown (UAX 44, Default_Ignorable_
// Code_Point), private and unassigned characters, and those that are blank although they count as symbols or letters.
func hiddenRune(r rune) bool {
	switch r {
	case 0x2800, 0x13441, 0x13442, 0x1d159: // blank: Braille pattern, Egyptian hieroglyphs, null notehead
		return true
	}
	return !unicode.IsGraphic(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Key is the form in which role names are compared: NFC, full case folding (Unicode §3.13).
func (n RoleName) Key() string { return foldText(string(n)) }

func foldText(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return strings.ToLower(s) // which is the same, and most names are of this kind
	}
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(s)))
}

// PermissionName is an OAuth scope token (RFC 6749 §3.3) of 1 to 100 characters, case-sensitive, by custom
// resource:action.
type PermissionName string

// ParsePermissionName reads a permission's name. The error is one sentence that does not repeat it.
func ParsePermissionName(s string) (PermissionName, error) {
	if err := nameLength(s); err != nil {
		return "", err
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == '"' || c == '\\' || c > '~' {
			return "", errors.New("must be an OAuth scope token: printable ASCII without spaces, quotes or backslashes")
		}
	}
	return PermissionName(s), nil
}

// ServiceName is the name by which a service declares its permissions and roles: spelled as a PermissionName.
type ServiceName string

// ParseServiceName reads a service's name. The error is one sentence that does not repeat it.
func ParseServiceName(s string) (ServiceName, error) {
	name, err := ParsePermissionName(s)
	return ServiceName(name), err
}

func nameLength(s string) error {
	if n := utf8.RuneCountInString(s); n < 1 || n > maxNameRunes {
		return errors.New("must have 1 to 100 characters")
	}
	return nil
}

func checkDescription(s string) error {
	if utf8.RuneCountInString(s) > maxDescriptionRunes {
		return errors.New("must have at most 255 characters")
	}
	if strings.ContainsRune(s, 0) {
		return errors.New("must not contain NUL")
	}
	return nil
}
