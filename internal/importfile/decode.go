package importfile

import (
	"bytes"
	"encoding/base32"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/importer"
)

// decode reads a JSON object into a struct. What is wrong names its field, and repeats no value.
func decode(raw []byte, into any) (faults users.Faults) {
	err := json.Unmarshal(raw, into)
	if err == nil {
		return nil
	}
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic):
		faults.Add(dotted(semantic.JSONPointer), "must be "+describeType(semantic.GoType))
	case errors.As(err, &syntactic) && errors.Is(err, jsontext.ErrDuplicateName):
		faults.Add(dotted(syntactic.JSONPointer), "is a duplicate")
	default:
		faults.Add("", "is not valid JSON")
	}
	return faults
}

// dotted is a JSON pointer as fields are named: credentials.0.type.
func dotted(p jsontext.Pointer) string {
	var parts []string
	for token := range p.Tokens() {
		parts = append(parts, token)
	}
	return strings.Join(parts, ".")
}

func describeType(t reflect.Type) string {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == nil:
		return "of another type"
	case t.Kind() == reflect.String:
		return "a string"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Slice:
		return "an array"
	case t.Kind() == reflect.Struct || t.Kind() == reflect.Map:
		return "an object"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64:
		return "a number"
	}
	return "of another type"
}

// members reads a JSON object whose values are wanted as texts: a string as it is, null as none, anything else as JSON.
func members(raw []byte) (map[string]string, users.Faults) {
	var values map[string]jsontext.Value
	if faults := decode(raw, &values); faults != nil {
		return nil, faults
	}
	if values == nil {
		return nil, users.Faults{{Problem: "must be an object"}}
	}
	texts := make(map[string]string, len(values))
	for name, value := range values {
		switch value.Kind() {
		case 'n':
		case '"':
			text, err := jsontext.AppendUnquote(nil, value)
			if err != nil {
				return nil, users.Faults{{Field: name, Problem: "is not a valid string"}}
			}
			texts[name] = string(text)
		default:
			texts[name] = string(value)
		}
	}
	return texts, nil
}

// timeForms are those in which exports write times: RFC 3339, and what PostgreSQL prints. One without a zone is in UTC.
var timeForms = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999Z07", "2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999",
}

const wantedTime = "must be a time such as 2026-11-28T12:00:00Z"

// readTime reads a time; empty is none.
func readTime(f *users.Faults, field, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	for _, form := range timeForms {
		if at, err := time.Parse(form, text); err == nil {
			return at
		}
	}
	f.Add(field, wantedTime)
	return time.Time{}
}

// readMillis reads milliseconds since 1970 as JSON has them, a number or a string; empty and null are none.
func readMillis(f *users.Faults, field string, value jsontext.Value) time.Time {
	text := string(bytes.Trim(value, `"`))
	if text == "" || text == "null" {
		return time.Time{}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 1<<48 {
		f.Add(field, "must be milliseconds since 1970")
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// readBool reads a yes or no as databases, spreadsheets and JSON write it; empty is otherwise.
func readBool(f *users.Faults, field, text string, otherwise bool) bool {
	switch strings.ToLower(text) {
	case "":
		return otherwise
	case "true", "t", "1", "yes":
		return true
	case "false", "f", "0", "no":
		return false
	}
	f.Add(field, "must be true or false")
	return otherwise
}

// readTOTP makes a second factor with the usual parameters of a secret as authenticator apps take it: base32, letters in
// either case, with or without spaces and padding.
func readTOTP(text string) importer.TOTP {
	secret, problem := readBase32(text)
	if problem != "" {
		return importer.TOTP{Problem: problem}
	}
	return importer.TOTP{Secret: secret, Digits: 6, Period: 30, Algorithm: "SHA1"}
}

func readBase32(text string) (secret []byte, problem string) {
	text = strings.TrimRight(strings.ToUpper(strings.ReplaceAll(text, " ", "")), "=")
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	if err != nil {
		return nil, "must be base32"
	}
	return secret, ""
}

// metadataRoles are the members "role" and "roles" of the metadata that an administrator of the other system has set: a string
// or an array of strings. What else is there says nothing here.
func metadataRoles(metadata []byte) []string {
	var values map[string]jsontext.Value
	if len(metadata) == 0 || json.Unmarshal(metadata, &values) != nil {
		return nil
	}
	var roles []string
	for _, name := range []string{"role", "roles"} {
		var one string
		var several []string
		switch {
		case json.Unmarshal(values[name], &one) == nil && one != "":
			roles = append(roles, one)
		case json.Unmarshal(values[name], &several) == nil:
			roles = append(roles, several...)
		}
	}
	return roles
}
