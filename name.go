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

// RoleName is the name of a role: 1 to 100 characters, none of them a control character, no space at its
// ends. Names are kept as typed and are unique without regard to case.
type RoleName string

// ParseRoleName reads a role's name. The error is one sentence that does not repeat it.
func ParseRoleName(s string) (RoleName, error) {
	if err := nameLength(s); err != nil {
		return "", err
	}
	if strings.IndexFunc(s, unicode.IsControl) >= 0 {
		return "", errors.New("must not contain control characters")
	}
	if strings.TrimSpace(s) != s {
		return "", errors.New("must not begin or end with a space")
	}
	return RoleName(s), nil
}

// Key is the form in which role names are compared: NFC, full case folding (Unicode §3.13).
func (n RoleName) Key() string { return foldText(string(n)) }

func foldText(s string) string {
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
