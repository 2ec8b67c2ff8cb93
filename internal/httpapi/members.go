package httpapi

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/svc-users/svc-users"
)

// A body is declared as a struct, from which both the schema of the document and the reading follow:
//
//	string        a string, required
//	*string       a string that may be absent
//	*bool         true or false, may be absent
//	nullable      a string or null, may be absent
//	[]string      an array of strings, required unless its tag says omitempty
//
// Names match in their exact case. A member that is not declared is a fault.

// nullable is a member that null empties.
type nullable struct{ users.Change[*string] }

// Schema says that null is allowed.
func (nullable) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Nullable: true}
}

// body knows how to read one struct.
type body struct {
	of        reflect.Type
	mediaType string
	members   map[string]member
	names     []string // in the order of their declaration
}

type member struct {
	index    int
	required bool
}

// bodyOf studies a struct once, when the routes are made.
func bodyOf(t reflect.Type) *body {
	b := &body{of: t, mediaType: jsonType, members: map[string]member{}}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		b.members[name] = member{index: f.Index[0], required: !strings.Contains(options, "omitempty")}
		b.names = append(b.names, name)
	}
	return b
}

// read fills the struct that into points to. The reader it returns has the faults that the syntax of the members
// shows; the error is a refusal (400).
func (b *body) read(raw []byte, into any) (*reader, error) {
	target := reflect.ValueOf(into).Elem()
	seen := make(map[string]bool, len(b.names))
	unknown := 0
	member := func(r *reader, name string) error {
		m, known := b.members[name]
		if !known {
			if unknown++; unknown <= maxFaults {
				r.faults.Add(fieldName(name), "is not a field of this request")
			}
			return r.skip()
		}
		seen[name] = true
		return r.member(name, target.Field(m.index).Addr().Interface())
	}
	return readObject(raw, member, func(r *reader) {
		for _, name := range b.names {
			if b.members[name].required && !seen[name] {
				r.faults.Add(name, "is required")
			}
		}
	})
}

// member reads one value into a field of a body.
func (r *reader) member(name string, field any) error {
	switch field := field.(type) {
	case *string:
		s, _, err := r.text(name)
		*field = s
		return err
	case **string:
		s, ok, err := r.text(name)
		if ok {
			*field = &s
		}
		return err
	case **bool:
		is, ok, err := r.flag(name)
		if ok {
			*field = &is
		}
		return err
	case *nullable:
		field.Set = true
		if r.null() {
			return r.skip()
		}
		s, ok, err := r.text(name)
		if ok {
			field.To = &s
		}
		return err
	case *[]string:
		list, err := r.texts(name)
		*field = list
		return err
	default:
		panic("httpapi: a body has a field of a kind that cannot be read: " + name)
	}
}
