package web

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	users "github.com/svc-users/svc-users"
)

// A body is declared as a struct, from which both the schema of the document and the reading follow:
//
//	string        a string, required
//	*string       a string that may be absent
//	*bool         true or false, may be absent
//	nullable      a string or null, may be absent
//	[]string      an array of strings, required unless its tag says omitempty
//	RawObject     an object of any members, may be absent
//	[]T           an array of objects, each read into a T by these same rules, required likewise
//	*T            an object, read into a T by these same rules, required likewise; nil if it is absent, or is none
//	AnyObject     an object of any members or null, may be absent
//
// Names match in their exact case. A member that is not declared is a fault, but where the spec passes unknown ones over.

// Nullable is a member that may be absent or null. In a body null empties the field. In an answer, with the option
// omitzero, it is absent unless it is set.
type Nullable struct{ users.Optional[*string] }

// IsZero reports whether the member is absent.
func (n Nullable) IsZero() bool { return !n.Set }

// MarshalJSON leaves the wrapping out.
func (n Nullable) MarshalJSON() ([]byte, error) { return AppendNullable(nil, n.To) }

// Schema says that null is allowed.
func (Nullable) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Nullable: true}
}

// RawObject is an object whose members are the business of the operation, as the client wrote it; nil if it is absent. Its
// syntax is that of the whole body: no member is there twice.
type RawObject []byte

// Schema says that it may have any members.
func (RawObject) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

// bodySpec says how a body is read into one struct.
type bodySpec struct {
	goType    reflect.Type
	mediaType string
	maxBytes  int64 // bytes of the whole body
	members   map[string]member
	names     []string // in the order of their declaration
	open      bool     // unknown members are passed over
}

type member struct {
	index    int
	required bool
	items    *bodySpec // of an array of objects
	object   *bodySpec // of an object
}

// newBodySpec studies a struct once, when the routes are made. A whole body has at most so many bytes.
func newBodySpec(t reflect.Type, most int64) *bodySpec {
	b := &bodySpec{goType: t, mediaType: JSONType, maxBytes: most, members: map[string]member{}}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		m := member{index: f.Index[0], required: !strings.Contains(options, "omitempty")}
		if f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct {
			m.items = newBodySpec(f.Type.Elem(), most)
		}
		if f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct {
			m.object = newBodySpec(f.Type.Elem(), most)
		}
		b.members[name] = m
		b.names = append(b.names, name)
	}
	return b
}

// passOverUnknown has unknown members passed over, at every depth, and returns b.
func (b *bodySpec) passOverUnknown() *bodySpec {
	b.open = true
	for _, m := range b.members {
		for _, inner := range []*bodySpec{m.items, m.object} {
			if inner != nil {
				inner.passOverUnknown()
			}
		}
	}
	return b
}

// read fills the struct that into points to. The reader it returns has the faults that the syntax of the members
// shows; the error is a refusal (400).
func (b *bodySpec) read(raw []byte, into any) (*reader, error) {
	return readObject(raw, func(r *reader) error { return r.fill(b, "", reflect.ValueOf(into).Elem()) })
}

// fill reads an object, which is next, into a struct. Its path is what its members are named below; that of the
// body itself is empty.
func (r *reader) fill(b *bodySpec, path string, target reflect.Value) error {
	seen := make(map[string]bool, len(b.names))
	err := r.object(func(name string) error {
		m, known := b.members[name]
		if !known && b.open {
			return r.skip()
		}
		if !known {
			if r.unknown++; r.unknown <= MaxFaults {
				r.fault(ShortenFieldName(path+name), "is not a field of this request")
			}
			return r.skip()
		}
		seen[name] = true
		if m.items != nil {
			return r.objects(m.items, path+name, target.Field(m.index))
		}
		if m.object != nil {
			return r.nested(m.object, path+name, target.Field(m.index))
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
func (r *reader) objects(b *bodySpec, field string, slice reflect.Value) error {
	return r.array(field, "must be an array of objects", func(at place) error {
		item := reflect.New(b.goType).Elem()
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

// nested reads an object into a pointer to a struct, which stays nil where the value is no object.
func (r *reader) nested(b *bodySpec, field string, pointer reflect.Value) error {
	if r.dec.PeekKind() != '{' {
		return r.wrongType(field, "must be an object")
	}
	pointer.Set(reflect.New(b.goType))
	return r.fill(b, field+".", pointer.Elem())
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
	case *Nullable:
		field.Set = true
		if r.null() {
			return r.skip()
		}
		s, ok, err := r.text(name)
		if ok {
			field.To = &s
		}
		return err
	case *AnyObject:
		if kind := r.dec.PeekKind(); kind != '{' && kind != 'n' {
			return r.wrongType(name, "must be an object")
		}
		return r.skip()
	case *RawObject:
		raw, err := r.rawObject(name)
		*field = raw
		return err
	case *[]string:
		list, err := r.texts(name)
		*field = list
		return err
	default:
		panic("web: a body has a field of a kind that cannot be read: " + name)
	}
}
