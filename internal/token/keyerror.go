package token

import "strings"

// KeyError names a wrong setting of a key and the problem. It never contains the value.
type KeyError struct {
	Variable string // JWT_PRIVATE_KEY, JWT_PUBLIC_KEY or JWT_KID
	Problem  string // the rest of a sentence that begins with the variable: "must …"
}

// Error is one line.
func (e *KeyError) Error() string { return e.Variable + " " + e.Problem }

// KeyErrors are all settings of a key that are at fault, at least one, each at most once.
type KeyErrors []*KeyError

// Error is one line that names every one.
func (es KeyErrors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "; ")
}

// Unwrap lets errors.As find a *KeyError.
func (es KeyErrors) Unwrap() []error {
	errs := make([]error, len(es))
	for i, e := range es {
		errs[i] = e
	}
	return errs
}
