package importfile

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// scanner cuts values out of JSON text by its brackets and quotes alone, so that a value which is wrong inside does not keep
// those after it from being read.
type scanner struct {
	in   *bufio.Reader
	line int // of the next byte
	buf  []byte
}

// errCut is the error of a text that ends within a value.
var errCut = errors.New("the file ends too early: it is cut off, or a bracket or a quote is missing before")

// syntax is the error of a text that is no JSON where values are told apart.
func (s *scanner) syntax(wanted string) error {
	return fmt.Errorf("line %d is not valid JSON: %s is missing", s.line, wanted)
}

func (s *scanner) read() (byte, error) {
	c, err := s.in.ReadByte()
	if errors.Is(err, io.EOF) {
		return 0, errCut
	}
	if c == '\n' {
		s.line++
	}
	return c, err
}

func (s *scanner) unread(c byte) {
	_ = s.in.UnreadByte() // after a byte was read
	if c == '\n' {
		s.line--
	}
}

// next returns the next byte that is no white space.
func (s *scanner) next() (byte, error) {
	for {
		c, err := s.read()
		if err != nil || c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c, err
		}
	}
}

// value reads a value, and keeps no more than most bytes of it. It reports whether it was longer, and its first line.
func (s *scanner) value(most int) (raw []byte, line int, long bool, err error) {
	c, err := s.next()
	if err != nil {
		return nil, 0, false, err
	}
	s.buf, line = s.buf[:0], s.line
	depth, quoted, escaped := 0, false, false
	for {
		if !quoted && depth == 0 && len(s.buf) > 0 && (c == ',' || c == ']' || c == '}' || c == ':' || c <= ' ') {
			s.unread(c)
			break
		}
		if len(s.buf) < most+1 {
			s.buf = append(s.buf, c)
		}
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if depth <= 0 && !quoted && (c == '}' || c == ']' || c == '"') {
			break
		}
		if c, err = s.read(); err != nil {
			return nil, line, false, fmt.Errorf("the value that begins on line %d: %w", line, err)
		}
	}
	return s.buf[:min(len(s.buf), most)], line, len(s.buf) > most, nil
}

// elements are those of the array that a file is, or of the array "users" of the object that it is; of such an object each
// other member comes too, with its name, unless it is long.
func elements(in *bufio.Reader) iter.Seq2[text, error] {
	return func(yield func(text, error) bool) {
		s := &scanner{in: in, line: 1}
		c, err := s.next()
		switch {
		case err != nil:
		case c == '[':
			err = s.array(yield, "")
		case c == '{':
			err = s.object(yield)
		default:
			err = s.syntax("an array or an object")
		}
		if err == nil {
			if _, more := s.next(); more == nil {
				err = fmt.Errorf("line %d: more follows after the end of the array or object", s.line)
			} else if !errors.Is(more, errCut) {
				err = more
			}
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(text{}, err)
		}
	}
}

// errStopped ends reading because the reader wants no more.
var errStopped = errors.New("stopped")

// array yields the elements of an array whose bracket has been read.
func (s *scanner) array(yield func(text, error) bool, member string) error {
	for first := true; ; first = false {
		c, err := s.next()
		if err != nil {
			return err
		}
		if c == ']' {
			return nil
		}
		if first {
			s.unread(c)
		} else if c != ',' {
			return s.syntax("a comma or the end of the array")
		}
		raw, line, long, err := s.value(maxText)
		if err != nil {
			return err
		}
		t := text{line: line, raw: raw, member: member}
		if long {
			t.raw, t.problem = nil, problemLong
		}
		if !yield(t, nil) {
			return errStopped
		}
	}
}

// usersMember is the member with the users.
const usersMember = "users"

// maxMember bounds the values that are looked at beside the users, such as the name of a realm.
const maxMember = 4096

// object yields the users of an object whose bracket has been read, and its other members.
func (s *scanner) object(yield func(text, error) bool) error {
	for first := true; ; first = false {
		c, err := s.next()
		if err != nil {
			return err
		}
		if c == '}' {
			return nil
		}
		if first {
			s.unread(c)
		} else if c != ',' {
			return s.syntax("a comma or the end of the object")
		}
		name, err := s.memberName()
		if err != nil {
			return err
		}
		if c, err = s.next(); err != nil {
			return err
		}
		if name == usersMember && c == '[' {
			if !yield(text{line: s.line, member: name}, nil) { // so that an array without elements is seen
				return errStopped
			}
			err = s.array(yield, name)
		} else {
			s.unread(c)
			var raw []byte
			var line int
			var long bool
			raw, line, long, err = s.value(maxMember)
			if err == nil && !long && name != usersMember && !yield(text{line: line, raw: raw, member: name}, nil) {
				err = errStopped
			}
		}
		if err != nil {
			return err
		}
	}
}

// memberName reads the name of a member and the colon after it.
func (s *scanner) memberName() (string, error) {
	raw, _, _, err := s.value(maxMember)
	if err != nil {
		return "", err
	}
	var name string
	if json.Unmarshal(raw, &name) != nil {
		return "", s.syntax("the name of a member")
	}
	c, err := s.next()
	if err == nil && c != ':' {
		err = s.syntax("a colon")
	}
	return name, err
}
