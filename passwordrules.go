package users

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// PasswordRules say which passwords may be chosen, wherever one is: for a new account, by its owner, by an administrator, and on
// the command line. There is no rule about the kinds of characters (NIST SP 800-63B-4 §3.1.1.2). The demo accounts alone are
// outside the rules. The zero value asks for 8 characters.
type PasswordRules struct {
	// MinLength is in characters (code points in NFC); 8 if it is less.
	MinLength int
	// Common reports whether a password is one of those that are tried first; nil knows none.
	Common func(password string) bool
	// Names are those of the service, such as "svc-users" and "users.example.com". A password must not be made of them.
	Names []string
	// Screens are asked last, one after the other, until one objects.
	Screens []PasswordScreen
}

// PasswordScreen knows passwords that must not be chosen, and takes more time than a lookup in memory.
type PasswordScreen interface {
	// Screen returns why a password must not be chosen, such as "is known from data breaches", or "" if it may be. An error
	// means that nothing is known, and the password is not taken.
	Screen(ctx context.Context, p Password) (reason string, err error)
}

const (
	minPasswordRunes = 8
	maxPasswordRunes = 256 // of a chosen password in NFC
	// minWordRunes is how long a part of an e-mail or of a name has to be to count: shorter ones occur by chance.
	minWordRunes = 3
	// minBesideWords is how many characters a password needs beside such parts, spaces and punctuation: a year or some digits
	// and signs, which people add, are no secret.
	minBesideWords = 6
)

// Choose takes a new password if it keeps all rules but those of Screens: MinLength to 256 characters (code points, any
// script), no NUL, not common, not made of words. Length is the rule that helps (NIST SP 800-63B-4 §3.1.1.2); the upper bound
// keeps hashing bounded. emails are those of the account. The error is what is wrong with the field.
func (r PasswordRules) Choose(s string, emails ...Email) (Password, error) {
	least := max(r.MinLength, minPasswordRunes)
	errLength := lengthError(least)
	switch {
	case tooLongTyped(s):
		return Password{}, errLength
	case !utf8.ValidString(s):
		return Password{}, errors.New("must be valid UTF-8")
	}
	p := Password{nfc: norm.NFC.String(s)}
	switch n := utf8.RuneCountInString(p.nfc); {
	case n < least || n > maxPasswordRunes:
		return Password{}, errLength
	case strings.ContainsRune(p.nfc, 0):
		return Password{}, errors.New("must not contain NUL")
	case r.Common != nil && r.Common(p.nfc):
		return Password{}, errors.New("is one of the most common passwords")
	case madeOf(p.nfc, r.words(emails)):
		return Password{}, fmt.Errorf("must have %d characters or more beside parts of the e-mail and of the service's name, spaces and punctuation", minBesideWords)
	}
	return p, nil
}

// lengthError is the least number of characters. Its text is made when it is asked for: a text of a MiB is refused at no cost.
type lengthError int

func (e lengthError) Error() string {
	return fmt.Sprintf("must have %d to %d characters", int(e), maxPasswordRunes)
}

// words are the parts that a password must not be made of, in lower case, the longest first: whole addresses and names, what
// stands before and after the @, and what stands between other characters than letters and digits.
func (r PasswordRules) words(emails []Email) []string {
	texts := slices.Clone(r.Names)
	for _, e := range emails {
		local, domain, _ := strings.Cut(e.String(), "@")
		texts = append(texts, e.String(), local, domain)
	}
	var words []string
	for _, text := range texts {
		text = strings.ToLower(norm.NFC.String(text))
		words = append(words, text)
		words = append(words, strings.FieldsFunc(text, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })...)
	}
	words = slices.DeleteFunc(words, func(w string) bool { return utf8.RuneCountInString(w) < minWordRunes })
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
}

// madeOf reports whether a password is made of some words and little else.
func madeOf(password string, words []string) bool {
	lower := strings.ToLower(password)
	rest := lower
	for _, w := range words {
		rest = strings.ReplaceAll(rest, w, "\x00") // what stands on both sides must not become another word
	}
	if rest == lower {
		return false
	}
	beside := 0
	for _, c := range rest {
		if c != 0 && !unicode.IsSpace(c) && !unicode.IsPunct(c) {
			beside++
		}
	}
	return beside < minBesideWords
}

// newPassword reads a field with a password that is chosen for an account with these e-mails, of which those are zero that are
// wrong or unknown.
func (s *Service) newPassword(f *Faults, field, text string, emails ...Email) Password {
	if f.Has(field) {
		return Password{}
	}
	emails = slices.DeleteFunc(emails, func(e Email) bool { return e == Email{} })
	p, err := s.PasswordRules.Choose(text, emails...)
	if err != nil {
		f.Add(field, err.Error())
	}
	return p
}

// hashNew makes the hash of a password that newPassword has read from a field, if no screen objects: ErrInvalid if one does.
func (s *Service) hashNew(ctx context.Context, why Purpose, field string, p Password) (PasswordHash, error) {
	for _, screen := range s.PasswordRules.Screens {
		reason, err := screen.Screen(ctx, p)
		if err != nil {
			return "", err
		}
		if reason != "" {
			var faults Faults
			faults.Add(field, reason)
			return "", faults.Err()
		}
	}
	return s.Passwords.Hash(ctx, why, p)
}
