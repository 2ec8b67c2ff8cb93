package app

import (
	stdjson "encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
)

// described is the document as a client reads it.
type described struct {
	Paths map[string]map[string]struct {
		OperationID string
		Parameters  []map[string]any
		RequestBody map[string]any
		Responses   map[string]struct {
			Content map[string]struct{ Schema map[string]any }
			Links   map[string]struct {
				OperationID string
				Parameters  map[string]string
			}
		}
	}
	Components struct {
		Schemas, Responses map[string]any
	}
}

func readDocument(t *testing.T) described {
	t.Helper()
	var d described
	if err := stdjson.Unmarshal(Document(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// Generators make a type of each success. One operation has one, or a client that decodes what it gets into the type of
// another status fails after it has changed something.
func TestEachOperationHasOneSuccess(t *testing.T) {
	t.Parallel()
	several := 0
	for path, operations := range readDocument(t).Paths {
		for method, o := range operations {
			schemas := map[string]bool{}
			successes := 0
			for status, answer := range o.Responses {
				for _, media := range answer.Content {
					if status[0] == '2' {
						schemas[fmt.Sprint(media.Schema)] = true
						successes++
					}
				}
			}
			if successes > 1 {
				several++
			}
			if len(schemas) != 1 {
				t.Errorf("%s %s answers success in %d shapes: %v", method, path, len(schemas), schemas)
			}
		}
	}
	if several != 3 {
		t.Errorf("%d operations have two statuses of success, want 3: creates that can be tried without effect", several)
	}
}

// What is found in practice to make generated clients that do not compile, or do not work.
func TestSchemasSuitGenerators(t *testing.T) {
	t.Parallel()
	var document any
	if err := stdjson.Unmarshal(Document(), &document); err != nil {
		t.Fatal(err)
	}
	walk(document, "", func(at string, object map[string]any) {
		if object["type"] == "null" && !regexp.MustCompile(`/anyOf/1$`).MatchString(at) {
			t.Errorf("%s is null alone, which is no type of most languages", at)
		}
		if object["enum"] != nil && object["type"] != "string" {
			t.Errorf("%s is an enumeration of %v", at, object["type"])
		}
		for _, keyword := range []string{"const", "oneOf", "not", "allOf"} {
			if schema := object["type"] != nil || object["$ref"] != nil; object[keyword] != nil && schema {
				t.Errorf("%s has %s", at, keyword)
			}
		}
		if object["oneOf"] != nil {
			t.Errorf("%s is a choice, of which generators make no one type", at)
		}
		if choice, ok := object["anyOf"].([]any); ok {
			second, _ := choice[1].(map[string]any)
			if len(choice) != 2 || second["type"] != "null" {
				t.Errorf("%s is a choice of more than a thing or null", at)
			}
		}
	})
	schemas := readDocument(t).Components.Schemas
	for name := range schemas {
		if schemas["New"+name] != nil {
			t.Errorf("New%s is a schema, and what the constructor of %s is called", name, name)
		}
	}
}

// A parameter's default is sent by clients and by the documentation page, whatever else they send.
func TestDefaultsCanBeSent(t *testing.T) {
	t.Parallel()
	found := 0
	for path, operations := range readDocument(t).Paths {
		for _, o := range operations {
			for _, p := range o.Parameters {
				schema, _ := p["schema"].(map[string]any)
				if p["in"] != "query" {
					continue
				}
				found++
				if (p["name"] == "page" || p["name"] == "cursor") && (schema["default"] != nil || p["example"] != nil) {
					t.Errorf("%s: %s has a value that is sent unasked, and page and cursor exclude one another", path, p["name"])
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d parameters found", found)
	}
}

func TestNoComponentIsUnused(t *testing.T) {
	t.Parallel()
	document := string(Document())
	components := readDocument(t).Components
	for kind, names := range map[string]map[string]any{"schemas": components.Schemas, "responses": components.Responses} {
		for name := range names {
			if !strings.Contains(document, `"#/components/`+kind+"/"+name+`"`) {
				t.Errorf("nothing refers to %s %s", kind, name)
			}
		}
	}
}

func TestCreatesLeadToReads(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	creates := 0
	for path, operations := range d.Paths {
		created, ok := operations["post"].Responses["201"]
		if !ok || strings.HasSuffix(path, "/secrets") || strings.HasSuffix(path, "}/keys") || strings.HasSuffix(path, "/trusts") || strings.HasSuffix(path, "/rotate") { // the few of an account are read as a list, and a successor as its predecessor
			continue
		}
		creates++
		read := d.Paths[path+"/{id}"]["get"].OperationID
		if link := created.Links[read]; read == "" || link.OperationID != read || link.Parameters["id"] != "$response.body#/data/id" {
			t.Errorf("%s leads to %+v, not to %q", path, created.Links, read)
		}
	}
	if creates != 5 {
		t.Errorf("%d creates, want 5", creates)
	}
}

// walk visits all objects of a value.
func walk(value any, at string, visit func(at string, object map[string]any)) {
	switch value := value.(type) {
	case map[string]any:
		visit(at, value)
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if name != "example" && name != "examples" && name != "enum" {
				walk(value[name], at+"/"+name, visit)
			}
		}
	case []any:
		for i, item := range value {
			walk(item, fmt.Sprint(at, "/", i), visit)
		}
	}
}

// askedPatterns are the patterns of what is asked for, by the name of the member or parameter; of the items of a list.
func askedPatterns(t *testing.T) map[string][]string {
	t.Helper()
	d := readDocument(t)
	found := map[string][]string{}
	note := func(name string, schema map[string]any) {
		if items, ok := schema["items"].(map[string]any); ok && items["$ref"] == nil {
			schema = items
		}
		if pattern, ok := schema["pattern"].(string); ok {
			found[name] = append(found[name], pattern)
		} else if name == "email" || name == "permission" || name == "require" || name == "parent" {
			found[name] = append(found[name], "")
		}
	}
	for _, operations := range d.Paths {
		for _, o := range operations {
			for _, p := range o.Parameters {
				schema, _ := p["schema"].(map[string]any)
				note(fmt.Sprint(p["name"]), schema)
			}
		}
	}
	for _, body := range []string{"AccountCreation", "AccountPatch", "EmailChange", "RoleCreation", "RolePatch", "DeclaredRole", "DeclaredPermission", "PermissionCheck"} {
		schema, _ := d.Components.Schemas[body].(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		for name, property := range properties {
			if property, ok := property.(map[string]any); ok {
				note(body+"."+name, property)
			}
		}
	}
	return found
}

// The patterns take whatever the service takes, and refuse what is 422 at first sight.
func TestPatternsAgreeWithTheRules(t *testing.T) {
	t.Parallel()
	const email, permission, role = `^[^@\s]+@[^@\s]+[.。．｡][^@\s]+$`, `^[!#-\[\]-~]+$`, `^\S(.*\S)?$`
	want := map[string]string{
		"email": email, "AccountCreation.email": email, "AccountPatch.email": email, "EmailChange.email": email,
		"permission": permission, "require": permission, "PermissionCheck.permissions": permission,
		"DeclaredRole.permissions": permission, "DeclaredPermission.name": permission,
		"RoleCreation.name": role, "RolePatch.name": role, "DeclaredRole.name": role, "DeclaredRole.parent": role,
	}
	found := askedPatterns(t)
	for name, pattern := range want {
		if len(found[name]) == 0 || slices.ContainsFunc(found[name], func(p string) bool { return p != pattern }) {
			t.Errorf("%s has the patterns %q, want %q", name, found[name], pattern)
		}
	}
	rules := []struct {
		pattern    *regexp.Regexp
		takes      func(string) bool
		good, bad  string // texts with a place for any character
		mustRefuse []string
	}{
		{regexp.MustCompile(email), taken(users.ParseEmail), "a%sb@b%sc.com", "ada@b%scom", []string{"", "ada", "ada@example", "@example.com", "a b@example.com"}},
		{regexp.MustCompile(permission), taken(users.ParsePermissionName), "a%sb%s", "%s", []string{"", "a b", `"`, `\`, "ä"}},
		{regexp.MustCompile(role), taken(users.ParseRoleName), "a%sb%s", "%s", []string{"", " a", "a ", " "}},
	}
	for _, rule := range rules {
		for c := rune(0); c <= 0xffff; c++ {
			if c == 0x3100 { // from here on are letters, and then the forms of dots and spaces of other widths
				c = 0xf900
			}
			for _, text := range []string{strings.ReplaceAll(rule.good, "%s", string(c)), strings.ReplaceAll(rule.bad, "%s", string(c))} {
				if !rule.pattern.MatchString(text) && rule.takes(text) {
					t.Errorf("%s refuses %+q, which is taken", rule.pattern, text)
				}
			}
		}
		for _, text := range rule.mustRefuse {
			if rule.pattern.MatchString(text) || rule.takes(text) {
				t.Errorf("%q is taken", text)
			}
		}
	}
}

func taken[T any](parse func(string) (T, error)) func(string) bool {
	return func(s string) bool {
		_, err := parse(s)
		return err == nil
	}
}
