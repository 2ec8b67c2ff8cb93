package web

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	users "github.com/svc-users/svc-users"
)

// Bounds on what a body may hold.
const (
	maxDepth = 32   // objects and arrays inside one another, the body included
	maxItems = 1000 // of an array
	// MaxFaults is how many unknown members or parameters are named. A client that sends more does so on purpose.
	MaxFaults = 1000
	// maxFieldRunes bounds the name of a field in an answer, where it is the client's own text.
	maxFieldRunes = 100
	// decoderDepth is where the decoder gives up (its own constant is not exported).
	decoderDepth = 10_000
)

// reader reads a body strictly, token by token. A syntax error ends it; everything else that is wrong is a
// fault, and reading goes on, so that all faults are found at once and a syntax error further on still comes
// first.
type reader struct {
	raw    []byte
	dec    *jsontext.Decoder
	faults users.Faults
	// other is set when the body is no object that could be read to its end, so that nothing can be said of
	// the members that are missing.
	other   bool
	unknown int // members so far
}

// maxReaderFaults is how many faults of a body are kept.
const maxReaderFaults = 2 * MaxFaults

// fault notes a fault of what was sent. Arrays of arrays could have more than anybody can send a list of; past
// the bound, what else is wrong changes nothing.
func (r *reader) fault(field, problem string) {
	if len(r.faults) < maxReaderFaults {
		r.faults.Add(field, problem)
	}
}

// readObject reads raw as one JSON object with fill, which is called when one is next. The error is a refusal
// (400).
func readObject(raw []byte, fill func(r *reader) error) (*reader, error) {
	r := &reader{raw: raw, dec: jsontext.NewDecoder(bytes.NewBuffer(raw))}
	if i := indexInvalidUTF8(raw); i >= 0 {
		return r, invalidJSON("it is not valid UTF-8", int64(i))
	}
	err := r.whole(fill)
	if err != nil {
		err = r.explain(err)
	}
	return r, err
}

func (r *reader) whole(fill func(r *reader) error) error {
	if r.dec.PeekKind() != '{' {
		if err := r.skip(); err != nil {
			return err
		}
		r.other = true
		r.faults.Add("", "must be a JSON object")
		return r.end()
	}
	if err := fill(r); err != nil {
		return err
	}
	return r.end()
}

// object reads an object, which is next. It hands each member's name to member, which must read the value.
func (r *reader) object(member func(name string) error) error {
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	for r.dec.PeekKind() != '}' {
		name, err := r.dec.ReadToken()
		if err != nil {
			return err
		}
		if err := member(name.String()); err != nil {
			return err
		}
	}
	_, err := r.dec.ReadToken()
	return err
}

// place is where an item of an array stands. It is put into words only where there is something to say of it.
type place struct {
	field string
	n     int
}

// String is the place in the dotted spelling of errors, such as permission_ids.0.
func (p place) String() string { return p.field + "." + strconv.Itoa(p.n) }

// array reads an array; anything else is a fault of field. It hands the place of each item to item, which must
// read it.
func (r *reader) array(field, problem string, item func(at place) error) error {
	if r.dec.PeekKind() != '[' {
		return r.wrongType(field, problem)
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	for n := 0; r.dec.PeekKind() != ']'; n++ {
		read := func() error { return item(place{field, n}) }
		if n >= maxItems {
			r.fault(field, tooLong)
			read = r.skip
		}
		if err := read(); err != nil {
			return err
		}
	}
	_, err := r.dec.ReadToken()
	return err
}

// end makes sure that nothing follows.
func (r *reader) end() error {
	after := r.dec.InputOffset()
	if rest := bytes.TrimLeft(r.raw[after:], " \t\r\n"); len(rest) > 0 {
		return &jsontext.SyntacticError{ByteOffset: int64(len(r.raw) - len(rest)), Err: errTrailing}
	}
	return nil
}

var errTrailing = errors.New("data after the value")

// text reads a string; anything else is a fault of field.
func (r *reader) text(field string) (string, bool, error) {
	if r.dec.PeekKind() != '"' {
		return "", false, r.wrongType(field, "must be a string")
	}
	token, err := r.dec.ReadToken()
	if err != nil {
		return "", false, err
	}
	return token.String(), true, nil
}

// flag reads true or false; anything else is a fault of field.
func (r *reader) flag(field string) (bool, bool, error) {
	kind := r.dec.PeekKind()
	if kind != 't' && kind != 'f' {
		return false, false, r.wrongType(field, "must be true or false")
	}
	token, err := r.dec.ReadToken()
	if err != nil {
		return false, false, err
	}
	return token.Bool(), true, nil
}

// texts reads an array of strings. An element that is none is a fault of its own, and stands in the list as an
// empty string, so that the others keep their places.
func (r *reader) texts(field string) ([]string, error) {
	list := []string{}
	err := r.array(field, "must be an array of strings", func(at place) error {
		if r.dec.PeekKind() != '"' {
			list = append(list, "")
			return r.wrongType(at.String(), "must be a string")
		}
		element, err := r.dec.ReadToken()
		list = append(list, element.String())
		return err
	})
	return list, err
}

// rawObject reads over an object and returns its text; anything else is a fault of field.
func (r *reader) rawObject(field string) (RawObject, error) {
	if r.dec.PeekKind() != '{' {
		return nil, r.wrongType(field, "must be an object")
	}
	before := r.dec.InputOffset()
	if err := r.skip(); err != nil {
		return nil, err
	}
	// What stands before the value is the colon, and space.
	return bytes.Clone(bytes.TrimLeft(r.raw[before:r.dec.InputOffset()], ": \t\r\n")), nil
}

const tooLong = "must have at most 1000 items"

// null reports whether the next value is null.
func (r *reader) null() bool { return r.dec.PeekKind() == 'n' }

func (r *reader) wrongType(field, problem string) error {
	if r.null() {
		problem = "must not be null"
	}
	r.fault(field, problem)
	return r.skip()
}

// skip reads over one value, noting where it goes too deep or an array is too long.
func (r *reader) skip() error {
	outside := r.dec.StackDepth()
	for {
		if _, err := r.dec.ReadToken(); err != nil {
			return err
		}
		depth := r.dec.StackDepth()
		if depth == maxDepth+1 {
			r.fault("", "must not be nested more than 32 deep")
		}
		if kind, items := r.dec.StackIndex(depth); kind == '[' && items == maxItems+1 && depth > outside {
			r.fault(ShortenFieldName(dottedPath(r.dec.StackPointer().Parent())), tooLong)
		}
		if depth == outside {
			return nil
		}
	}
}

// dottedPath is a JSON pointer in the dotted spelling of errors.
func dottedPath(p jsontext.Pointer) string {
	var parts []string
	for part := range p.Tokens() {
		parts = append(parts, part)
	}
	return strings.Join(parts, ".")
}

// ShortenFieldName is text of the client's own, bounded to be named in an answer.
func ShortenFieldName(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	runes := 0
	for i := range s {
		if runes == maxFieldRunes {
			return s[:i] + "…"
		}
		runes++
	}
	return s
}
