package authn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

var errJSON = errors.New("not strict JSON")

// object is a JSON object whose members were read strictly.
type object map[string]any

// parseObject reads one JSON object as the service itself does (RFC 7493, and nothing after it): valid UTF-8, no
// escape that is half a character, no duplicate member at any depth. Unlike encoding/json with structs it matches the
// names of members exactly and keeps numbers as they are written.
func parseObject(raw []byte) (object, error) {
	if !utf8.Valid(raw) || !wholeEscapes(raw) || !json.Valid(raw) {
		return nil, errJSON
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	v, err := parseValue(dec)
	if err != nil {
		return nil, err
	}
	o, ok := v.(object)
	if !ok {
		return nil, errJSON
	}
	return o, nil
}

// parseValue reads the next value. How deep it may go is bounded by json.Valid, which has seen the text.
func parseValue(dec *json.Decoder) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, errJSON
	}
	switch token {
	case json.Delim('{'):
		return parseMembers(dec)
	case json.Delim('['):
		return parseElements(dec)
	}
	return token, nil
}

func parseMembers(dec *json.Decoder) (any, error) {
	o := object{}
	for dec.More() {
		token, err := dec.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, errJSON
		}
		if _, twice := o[name]; twice {
			return nil, errJSON
		}
		if o[name], err = parseValue(dec); err != nil {
			return nil, err
		}
	}
	_, err := dec.Token()
	return o, err
}

func parseElements(dec *json.Decoder) (any, error) {
	list := []any{}
	for dec.More() {
		v, err := parseValue(dec)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.Token()
	return list, err
}

// wholeEscapes reports whether each \u escape of a surrogate has its other half, which encoding/json would let
// pass as U+FFFD: two names that differ would be one. Outside of strings, where a backslash means nothing,
// json.Valid refuses it.
func wholeEscapes(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		unit, ok := escapedUnit(raw[i:])
		switch {
		case !ok:
			i++ // the other character of an escape, or the fault that json.Valid finds
		case unit >= 0xdc00 && unit <= 0xdfff:
			return false
		case unit >= 0xd800 && unit <= 0xdbff:
			if low, ok := escapedUnit(raw[i+6:]); !ok || low < 0xdc00 || low > 0xdfff {
				return false
			}
			i += 11
		default:
			i += 5
		}
	}
	return true
}

// escapedUnit reads an escape \uXXXX at the beginning of text.
func escapedUnit(text []byte) (uint64, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return unit, err == nil
}

// has reports whether there is a member.
func (o object) has(name string) bool {
	_, there := o[name]
	return there
}

// text returns a member that must be a string.
func (o object) text(name string) (string, error) {
	s, ok := o[name].(string)
	if !ok {
		return "", o.wrong(name, "string")
	}
	return s, nil
}

// integer returns a member that must be a plain integer: no fraction, no exponent, within 64 bits.
func (o object) integer(name string) (int64, error) {
	if number, ok := o[name].(json.Number); ok {
		if n, err := strconv.ParseInt(number.String(), 10, 64); err == nil {
			return n, nil
		}
	}
	return 0, o.wrong(name, "integer")
}

// flag returns a member that is false where it is missing, and must be a boolean where it is not.
func (o object) flag(name string) (bool, error) {
	v, there := o[name]
	if !there {
		return false, nil
	}
	b, ok := v.(bool)
	if !ok {
		return false, o.wrong(name, "boolean")
	}
	return b, nil
}

// texts returns a member that must be an array of strings. It is never nil without an error.
func (o object) texts(name string) ([]string, error) {
	list, ok := o[name].([]any)
	if !ok {
		return nil, o.wrong(name, "array of strings")
	}
	texts := make([]string, len(list))
	for i, v := range list {
		if texts[i], ok = v.(string); !ok {
			return nil, o.wrong(name, "array of strings")
		}
	}
	return texts, nil
}

// objects returns a member that must be an array of objects.
func (o object) objects(name string) ([]object, error) {
	list, ok := o[name].([]any)
	if !ok {
		return nil, o.wrong(name, "array of objects")
	}
	objects := make([]object, len(list))
	for i, v := range list {
		if objects[i], ok = v.(object); !ok {
			return nil, o.wrong(name, "array of objects")
		}
	}
	return objects, nil
}

// wrong names the member alone: what stands in it is not for logs.
func (o object) wrong(name, kind string) error {
	return fmt.Errorf("%s is missing or no %s", name, kind)
}
