package importfile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/importer"
)

// ownFields are those of our own shape, as JSON members or as columns of CSV, for example
//
//	{"email":"ada@example.com","role":"Editor","password_hash":"$2b$12$…","created_at":"2024-05-01T10:00:00Z"}
var ownFields = []string{
	"id", "email", "email_verified", "role", "is_active", "password_hash", "totp_secret", "created_at", "updated_at",
}

// exportedBeside are the types of the lines of svc-users export --all that are about no person. They are passed over.
var exportedBeside = []string{"role", "permission", "service_account"}

// row returns the fields of a text, as a JSON object or a row of a table.
func row(t text) (map[string]string, users.Faults) {
	if t.table == nil {
		return members(t.raw)
	}
	values, problem := t.table.values(t.raw)
	if problem != "" {
		return nil, users.Faults{{Problem: problem}}
	}
	return values, nil
}

// ownRecord reads our own shape. A field that is not of it is refused, because a mistyped one would be lost.
func ownRecord(t text) (importer.Record, bool) {
	v, faults := row(t)
	r := importer.Record{SourceID: v["id"], Email: v["email"], Faults: faults}
	if faults != nil {
		return r, true
	}
	if slices.Contains(exportedBeside, v["type"]) {
		return importer.Record{}, false
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if problem := unknownField(name); problem != "" {
			r.Faults.Add(name, problem)
		}
	}
	r.Unverified = !readBool(&r.Faults, "email_verified", v["email_verified"], true)
	r.Disabled = !readBool(&r.Faults, "is_active", v["is_active"], true)
	r.CreatedAt = readTime(&r.Faults, "created_at", v["created_at"])
	r.UpdatedAt = readTime(&r.Faults, "updated_at", v["updated_at"])
	if role := v["role"]; role != "" {
		r.Roles = []string{ownRole(role)}
	}
	if hash := v["password_hash"]; hash != "" {
		r.Password = &importer.Hash{Text: hash}
	}
	if secret := v["totp_secret"]; secret != "" {
		r.TOTP = []importer.TOTP{readTOTP(secret)}
	}
	return r, true
}

// unknownField is what is wrong with a field that is not of our own shape, or nothing.
func unknownField(name string) string {
	switch {
	case slices.Contains(ownFields, name):
		return ""
	case strings.EqualFold(name, "password"):
		return "is for a password itself, which no file should have and an import does not take; password_hash is for its hash"
	}
	return "is no field of this form; there are " + strings.Join(ownFields, ", ")
}

// checkOwnColumns is unknownField for the first line of CSV: what is wrong with it is wrong with each row.
func checkOwnColumns(columns []string) error {
	for _, c := range columns {
		if problem := unknownField(c); problem != "" {
			return fmt.Errorf("the column %q %s", c, problem)
		}
	}
	return nil
}

// ownRole is the name of a role, which the API shows as an object.
func ownRole(text string) string {
	var shown struct{ Name string }
	if strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &shown, json.MatchCaseInsensitiveNames(true)) == nil && shown.Name != "" {
		return shown.Name
	}
	return text
}
