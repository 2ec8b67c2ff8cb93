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
//	[]T           an array of objects, each read into a T by these same rules, required likewise
//
// Names match in their exact case. A member that is not declared is a fault.

// nullable is a member that may be absent or null. In a body null empties the field. In an answer, with the option
// omitzero, it is absent unless it is set.
type nullable struct{ users.Optional[*string] }

// IsZero reports whether the member is absent.
func (n nullable) IsZero() bool { return !n.Set }

// MarshalJSON leaves the wrapping out.
func (n nullable) MarshalJSON() ([]byte, error) { return appendNullable(nil, n.To) }

// Schema says that null is allowed.
func (nullable) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Nullable: true}
}

// body knows how to read one struct.
type body struct {
	of        reflect.Type
	mediaType string
	most      int64 // bytes of the whole body
	members   map[string]member
	names     []string // in the order of their declaration
}

type member struct {
	index    int
	required bool
	items    *body // of an array of objects
}

// bodyOf studies a struct once, when the routes are made. A whole body has at most so many bytes.
func bodyOf(t reflect.Type, most int64) *body {
	b := &body{of: t, mediaType: jsonType, most: most, members: map[string]member{}}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		m := member{index: f.Index[0], required: !strings.Contains(options, "omitempty")}
		if f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct {
			m.items = bodyOf(f.Type.Elem(), most)
		}
		b.members[name] = m
		b.names = append(b.names, name)
	}
	return b
}

// read fills the struct that into points to. The reader it returns has the faults that the syntax of the members
// shows; the error is a refusal (400).
func (b *body) read(raw []byte, into any) (*reader, error) {
	return readObject(raw, func(r *reader) error { return r.fill(b, "", reflect.ValueOf(into).Elem()) })
}

// fill reads an object, which is next, into a struct. Its path is what its members are named below; that of the
// body itself is empty.
func (r *reader) fill(b *body, path string, target reflect.Value) error {
	seen := make(map[string]bool, len(b.names))
	err := r.object(func(name string) error {
		m, known := b.members[name]
		if !known {
			if r.unknown++; r.unknown <= maxFaults {
				r.fault(fieldName(path+name), "is not a field of this request")
			}
			return r.skip()
		}
		seen[name] = true
		if m.items != nil {
			return r.objects(m.items, path+name, target.Field(m.index))
		}
		return r.member(path+name, target.Field(m.index).Addr().Interface())
	})
	if err != nil {
		return err
	}
	for _, name := range b.names {
		if b.members[name].required && !seen[name] {
			r.fault(path+name, "is required")
		}
	}
	return nil
}

// objects reads an array of objects into a slice of structs. An element that is none is a fault of its own, and
// stands in the slice as a zero struct, so that the others keep their places.
func (r *reader) objects(b *body, field string, slice reflect.Value) error {
	return r.array(field, "must be an array of objects", func(at place) error {
		item := reflect.New(b.of).Elem()
		var err error
		if r.dec.PeekKind() == '{' {
			err = r.fill(b, at.String()+".", item)
		} else {
			err = r.wrongType(at.String(), "must be an object")
		}
		slice.Set(reflect.Append(slice, item))
		return err
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
