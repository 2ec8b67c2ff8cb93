package federation

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Pattern says which subjects a Trust is for. It is a subject itself, or has a `*` in one or more of its segments, which are
// what `:` and `/` separate:
//
//	system:serviceaccount:shop:*            any service account of the namespace shop
//	repo:acme/orders:ref:refs/heads/rel-*   any branch of refs/heads that begins with rel- and has no further slash
//
// A `*` stands for one or more characters that are neither `:` nor `/`. So it never spans segments, and matches no segment
// that is empty. All other characters stand for themselves, in their exact case.
//
// The first two segments have no `*`: they say whose subject it is, such as the organization at a CI system that serves
// everyone. A segment has one `*` at most.
type Pattern string

const (
	// maxSubject is the longest subject and the longest pattern, in bytes. RFC 7519 has no bound; OpenID Connect has 255
	// characters, and those of CI systems are longer.
	maxSubject = 512
	// literalSegments have no `*`.
	literalSegments = 2
)

// isSeparator reports whether a character ends a segment.
func isSeparator(c rune) bool { return c == ':' || c == '/' }

// ParsePattern reads a pattern. The error is one sentence that does not repeat it.
func ParsePattern(text string) (Pattern, error) {
	switch {
	case text == "":
		return "", errors.New("must not be empty")
	case len(text) > maxSubject:
		return "", errors.New("must have at most 512 bytes")
	case !isPlain(text):
		return "", errors.New("must have neither spaces nor control characters")
	}
	for i, segment := range splitSegments(text) {
		switch stars := strings.Count(segment, "*"); {
		case stars > 1:
			return "", errors.New("must have at most one * between two separators, which are : and /")
		case stars > 0 && i < literalSegments:
			return "", errors.New("must have no * before the second of its separators, which are : and /")
		}
	}
	return Pattern(text), nil
}

// Match reports whether a subject is one of those that the pattern is for.
func (p Pattern) Match(subject string) bool {
	if subject == "" || len(subject) > maxSubject {
		return false
	}
	if !strings.Contains(string(p), "*") {
		return subject == string(p)
	}
	if separatorsOf(string(p)) != separatorsOf(subject) {
		return false
	}
	segments := splitSegments(subject)
	for i, want := range splitSegments(string(p)) {
		if !matchSegment(want, segments[i]) {
			return false
		}
	}
	return true
}

// matchSegment compares a segment with that of a pattern.
func matchSegment(want, segment string) bool {
	before, after, wild := strings.Cut(want, "*")
	if !wild {
		return segment == want
	}
	return len(segment) > len(before)+len(after) && strings.HasPrefix(segment, before) && strings.HasSuffix(segment, after)
}

// splitSegments returns what is between the separators of a text: one segment more than it has separators.
func splitSegments(text string) []string {
	var segments []string
	for {
		i := strings.IndexFunc(text, isSeparator)
		if i < 0 {
			return append(segments, text)
		}
		segments = append(segments, text[:i])
		text = text[i+1:]
	}
}

// separatorsOf returns the separators of a text in their order, such as "::/".
func separatorsOf(text string) string {
	return strings.Map(func(c rune) rune {
		if isSeparator(c) {
			return c
		}
		return -1
	}, text)
}

// isPlain reports whether a text is UTF-8 whose characters can all be seen.
func isPlain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(c rune) bool { return unicode.IsSpace(c) || !unicode.IsGraphic(c) })
}
