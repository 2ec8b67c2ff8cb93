package importfile

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/svc-users/svc-users/internal/importer"
)

// django reads what manage.py dumpdata writes, as one array or a line for each object:
//
//	{"model":"auth.group","pk":1,"fields":{"name":"Editors","permissions":[]}}
//	{"model":"auth.user","pk":7,"fields":{"email":"ada@example.com","password":"pbkdf2_sha256$…","is_active":true,"groups":[1]}}
//
// A user is any object with a password and an e-mail, so that models of one's own count too. Groups stand before the users
// that are in them, as dumpdata sorts them. is_superuser makes no administrator here.
type django struct {
	groups map[string]string // names by the pk, as JSON
}

func newDjango() *django { return &django{map[string]string{}} }

type djangoObject struct {
	Model  string         `json:"model"`
	PK     jsontext.Value `json:"pk"`
	Fields djangoFields   `json:"fields"`
}

type djangoFields struct {
	Name     string           `json:"name"` // of a group
	Email    *string          `json:"email"`
	Password *string          `json:"password"`
	Active   *bool            `json:"is_active"`
	Joined   string           `json:"date_joined"`
	Groups   []jsontext.Value `json:"groups"`
}

func (d *django) record(t text) (importer.Record, bool) {
	// Other models may have fields of these names and other types.
	var head struct {
		Model  string         `json:"model"`
		PK     jsontext.Value `json:"pk"`
		Fields jsontext.Value `json:"fields"`
	}
	if faults := decode(t.raw, &head); faults != nil {
		return importer.Record{Faults: faults}, true
	}
	r := importer.Record{SourceID: scalar(head.PK)}
	if head.Model == "" {
		r.Faults.Add("model", "is missing")
		return r, true
	}
	var names map[string]jsontext.Value
	if json.Unmarshal(head.Fields, &names) != nil {
		r.Faults.Add("fields", "must be an object")
		return r, true
	}
	_, email := names["email"]
	_, password := names["password"]
	if head.Model == "auth.group" {
		var name string
		if json.Unmarshal(names["name"], &name) == nil {
			d.groups[string(head.PK)] = name
		}
		return importer.Record{}, false
	}
	if !email || !password {
		return importer.Record{}, false
	}
	var o djangoObject
	if r.Faults = decode(t.raw, &o); r.Faults != nil {
		return r, true
	}
	u := o.Fields
	if u.Email != nil {
		r.Email = *u.Email
	}
	if u.Password != nil && *u.Password != "" && !strings.HasPrefix(*u.Password, "!") {
		r.Password = &importer.Hash{Text: *u.Password}
	}
	r.Disabled = u.Active != nil && !*u.Active
	r.CreatedAt = readTime(&r.Faults, "fields.date_joined", u.Joined)
	for _, g := range u.Groups {
		if name, ok := d.group(g); ok {
			r.Roles = append(r.Roles, name)
		} else {
			r.Faults.Add("fields.groups", "names a group that does not stand before it; dump auth.group first")
		}
	}
	return r, true
}

// group is the name of a group by its pk, or by its natural key ["Editors"].
func (d *django) group(value jsontext.Value) (string, bool) {
	var natural []string
	if json.Unmarshal(value, &natural) == nil && len(natural) == 1 {
		return natural[0], true
	}
	name, ok := d.groups[string(value)]
	return name, ok
}

// scalar is a string without its quotes, or another value as it is.
func scalar(value jsontext.Value) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}
