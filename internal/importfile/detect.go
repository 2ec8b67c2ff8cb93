package importfile

import (
	"bufio"
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// detect finds out the form and the kind of a file by how it begins. The kind is empty where it can't be told.
func detect(head []byte) (Kind, form) {
	trimmed := bytes.TrimLeft(head, " \t\r\n")
	switch trimmed[0] {
	case '[':
		return kindOf(firstMembers(trimmed[1:])), formArray
	case '{':
		names, user := topMembers(trimmed)
		if user != nil || slices.Contains(names, "realm") {
			return kindOfUsers(names, user), formUsers
		}
		return kindOf(names), formLines
	}
	text := string(trimmed)
	if strings.HasPrefix(text, "COPY ") || strings.Contains(text, "\nCOPY ") || strings.HasPrefix(text, "--\n-- PostgreSQL database dump") {
		return Supabase, formCopy
	}
	first, _, _ := bytes.Cut(trimmed, []byte("\n"))
	names := strings.FieldsFunc(strings.ToLower(string(first)), func(r rune) bool { return strings.ContainsRune(",;\t\" \r", r) })
	switch {
	case slices.Contains(names, "encrypted_password"):
		return Supabase, formCSV
	case slices.Contains(names, "email"):
		return CSV, formCSV
	}
	return "", formCSV
}

// kindOf tells the kind by the members of an account.
func kindOf(names []string) Kind {
	has := func(name string) bool { return slices.Contains(names, name) }
	switch {
	case has("model") && has("fields"):
		return Django
	case has("encrypted_password") || has("raw_app_meta_data") || has("instance_id") && has("aud"):
		return Supabase
	case has("user_id") || has("passwordHash") && has("_id"):
		return Auth0
	case has("email"):
		return JSONL
	}
	return ""
}

// kindOfUsers tells the kind of an object with users by its members and those of its first user.
func kindOfUsers(names, user []string) Kind {
	has := func(name string) bool { return slices.Contains(user, name) }
	switch {
	case slices.Contains(names, "realm") || has("username") || has("credentials"):
		return Keycloak
	case has("localId"):
		return Firebase
	}
	return ""
}

// firstMembers are the names of the members of the first element of an array whose bracket has been passed.
func firstMembers(raw []byte) []string {
	names, _ := topMembers(bytes.TrimLeft(raw, " \t\r\n"))
	return names
}

// topMembers are the names of the members of an object, as far as it has been read, and those of the first of its users: nil
// where it has none, empty where that has none.
func topMembers(raw []byte) (names, user []string) {
	s := &scanner{in: bufio.NewReader(bytes.NewReader(raw)), line: 1}
	if c, err := s.next(); err != nil || c != '{' {
		return nil, nil
	}
	// What is wrong or cut off is not looked at.
	_ = s.object(func(t text, _ error) bool {
		switch {
		case t.member != usersMember:
			names = append(names, t.member)
		case t.raw == nil:
			user = []string{}
		default:
			user = append(user, objectNames(t.raw)...)
			return false
		}
		return true
	})
	return names, user
}

// objectNames are the names of the members of a JSON object.
func objectNames(raw []byte) []string {
	var values map[string]jsontext.Value
	if json.Unmarshal(raw, &values) != nil {
		return nil
	}
	var names []string
	for name := range values {
		names = append(names, name)
	}
	return names
}
