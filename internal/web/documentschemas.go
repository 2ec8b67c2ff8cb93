package web

import (
	"maps"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// The schemas are written for generators of clients as much as for people: see docs/decisions/0012-one-schema-for-each-success.md.
//
//   - Null is said by a nullable type; of an object, which stands behind a reference, by anyOf with null.
//   - Each envelope has a name, and an operation has one for all that it answers with success: clients decode what they
//     get into one type, whatever the status.
//   - No name of a schema is New and the name of another, which is what constructors are called.

// schemaOrNull is the schema of a thing or null. Each has a null of its own: while huma makes a schema of a type it writes to
// all that the schema contains, so a shared one would be written to by two documents that are made at once.
func schemaOrNull(s *huma.Schema) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{s, {Type: "null"}}}
}

// nullSchema is the schema of what is null and no more.
func nullSchema() *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, Nullable: true, AdditionalProperties: false, Description: "Always null"}
}

// enumSchema is the schema of one of some strings.
func enumSchema(texts ...any) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Enum: texts}
}

// schemaFor refers to the schema of a type, which is among the components from its first use on.
func schemaFor[T any](d *document) *huma.Schema { return d.schemaOf(reflect.TypeFor[T]()) }

func (d *document) schemaOf(t reflect.Type) *huma.Schema { return d.registry.Schema(t, true, "") }

// namedSchema refers to the schema of this name, which is made at its first use.
func (d *document) namedSchema(name string, make func() *huma.Schema) *huma.Schema {
	if d.registry.Map()[name] == nil {
		d.registry.Map()[name] = make()
	}
	return &huma.Schema{Ref: schemaPath + name}
}

// envelopeSchema refers to the schema of an envelope of this name: closed and complete, so that all keys are always
// there.
func (d *document) envelopeSchema(name string, data *huma.Schema, change func(properties map[string]*huma.Schema)) *huma.Schema {
	return d.namedSchema(name, func() *huma.Schema {
		keys := []string{"status", "code", "message", "data", "errors", "meta"}
		properties := map[string]*huma.Schema{
			"status":  enumSchema("success"),
			"code":    {Type: huma.TypeInteger, Description: "The status of the answer"},
			"message": {Type: huma.TypeString, Description: "One sentence for people"},
			"data":    data,
			"errors":  {Type: huma.TypeArray, Nullable: true, Items: schemaFor[Fault](d), Description: "Null but for 422, and for 400 under /access"},
			"meta":    schemaOrNull(schemaFor[ListMeta](d)),
		}
		if change != nil {
			change(properties)
		}
		if properties["keys"] != nil {
			keys = append(keys, "keys")
		}
		return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Required: keys, Properties: properties}
	})
}

// successSchema refers to the schema of all that an operation answers in the envelope with success, and that of the
// 503 which has data.
func (d *document) successSchema(r Route) *huma.Schema {
	if r.Data == nil {
		if r.dryRunnable {
			return d.envelopeSchema("ImpactEnvelope", schemaOrNull(schemaFor[Impact](d)), nil)
		}
		return d.envelopeSchema("EmptyEnvelope", nullSchema(), nil)
	}
	data := d.schemaOf(r.Data)
	switch {
	case r.dryRunnable:
		data = d.impactSchema(data)
	case r.ShownTo != "":
		data = d.writtenSchema(data)
	case r.whole:
		return d.envelopeSchema(d.schemaName(data)+"ListEnvelope", &huma.Schema{Type: huma.TypeArray, Items: data},
			func(properties map[string]*huma.Schema) { properties["meta"] = nullSchema() })
	case r.list:
		return d.envelopeSchema(d.schemaName(data)+"ListEnvelope", &huma.Schema{Type: huma.TypeArray, Items: data},
			func(properties map[string]*huma.Schema) { properties["meta"] = schemaFor[ListMeta](d) })
	}
	return d.envelopeSchema(d.schemaName(data)+"Envelope", data, func(properties map[string]*huma.Schema) {
		if r.Keys != nil {
			properties["keys"] = &huma.Schema{Type: huma.TypeArray, Items: d.schemaOf(reflect.TypeOf(r.Keys).Elem())}
		}
		if r.Degraded != nil {
			properties["status"] = enumSchema("success", "error")
		}
	})
}

// errorSchema refers to the schema of every error in the envelope.
func (d *document) errorSchema() *huma.Schema {
	return d.envelopeSchema("ErrorEnvelope", nullSchema(), func(properties map[string]*huma.Schema) {
		properties["status"] = enumSchema("error")
	})
}

// writtenSchema refers to the schema of what a create answers: that of the thing, and only its id is always there.
func (d *document) writtenSchema(whole *huma.Schema) *huma.Schema {
	return d.namedSchema("Written"+d.schemaName(whole), func() *huma.Schema {
		schema := *d.registry.SchemaFromRef(whole.Ref)
		schema.Required = []string{"id"}
		schema.Description = "All members, or the id alone where the caller may not read the thing"
		return &schema
	})
}

// impactSchema refers to the schema of what an operation answers that can be tried without effect: a thing as it is
// written, or the impact of a dry run. It is one object with the members of both and no choice of two, of which
// generators of clients make types that are hard to use, or none that work.
func (d *document) impactSchema(whole *huma.Schema) *huma.Schema {
	return d.namedSchema(d.schemaName(whole)+"OrImpact", func() *huma.Schema {
		schema := *d.registry.SchemaFromRef(whole.Ref)
		schema.Required = nil
		schema.Description = "The thing: all members, or the id alone where the caller may not read it. " +
			"Of a dry run roles, accounts and account, and nothing else."
		schema.Properties = maps.Clone(schema.Properties)
		for name, of := range d.registry.SchemaFromRef(schemaFor[Impact](d).Ref).Properties {
			if schema.Properties[name] != nil {
				panic("web: " + name + " is a member of both " + whole.Ref + " and Impact")
			}
			member := *of
			member.Description = "Of a dry run: " + member.Description
			schema.Properties[name] = &member
		}
		return &schema
	})
}

// schemaPath is where the schemas of the document are.
const schemaPath = "#/components/schemas/"

func (d *document) schemaName(reference *huma.Schema) string {
	return strings.TrimPrefix(reference.Ref, schemaPath)
}
