package declare

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/manifest"
)

func TestRead(t *testing.T) {
	t.Parallel()
	file, err := Read([]byte("\ufeff# The orders service\r\nservice: orders\r\naudience: https://orders.example\r\npermission_prefix: 'orders:'\r\npermissions:\r\n" + `
  - name: orders:read
    description: |
      Read orders,
      all of them
  - {name: "orders:write", description: null}
  - name: 'yes'
    description:
roles:
  - name: Clerk
    parent: "123"
    permissions:
      - orders:read
      - "orders:write"   # both
  - name: Größe ~
    description: ""
    parent: ~
...
`))
	if err != nil {
		t.Fatal(err)
	}
	text := func(s string) *string { return &s }
	want := manifest.Declaration{
		Service: "orders", Audience: text("https://orders.example"), PermissionPrefix: text("orders:"),
		Permissions: []manifest.DeclaredPermission{
			{Name: "orders:read", Description: text("Read orders,\nall of them\n")}, {Name: "orders:write"}, {Name: "yes"},
		},
		Roles: []manifest.DeclaredRole{
			{Name: "Clerk", Parent: text("123"), Permissions: []string{"orders:read", "orders:write"}},
			{Name: "Größe ~", Description: text("")},
		},
	}
	if diff := cmp.Diff(want, file.Declaration); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for path, line := range map[string]int{
		"service": 2, "audience": 3, "permissions": 5, "permissions.1.name": 11, "roles.0.permissions.1": 19, "roles.1.parent": 22,
		"roles.0.description": 15, "": 2, "nowhere": 2,
	} {
		if got := file.Line(path); got != line {
			t.Errorf("%q is in line %d, want %d", path, got, line)
		}
	}
}

// What Python, PHP and JavaScript write as JSON is read as JSON, also where YAML would read it otherwise or not at all.
func TestReadJSON(t *testing.T) {
	t.Parallel()
	const head = `{"service":"s","permissions":[{"name":"p:a","description":`
	for text, want := range map[string]string{
		head + `"\ud83d\udd11"}]}`:                      "\U0001f511",
		head + `"a\/b"}]}`:                              "a/b",
		head + "\"a\u007fb\"}]}":                        "a\u007fb",
		head + "\"a\u0085\u2028b\"}]}":                  "a\u0085\u2028b",
		head + `"\u0009\b\f\n\r\t\"\\"}]}`:              "\t\b\f\n\r\t\"\\",
		head + `"x: # y"}]}`:                            "x: # y",
		"\ufeff" + head + "\n\t\"tabs\"\r\n}\t]\n}\n\n": "tabs",
		"{\"service\"\n:\"s\",\"permissions\"\n:\n[{\"name\":\n\"p:a\"\n,\"description\":\"b\"}]}": "b",
		head + `"long ` + strings.Repeat("x", 2000) + `"}]}`:                                       "long " + strings.Repeat("x", 2000),
		// YAML that only begins as JSON does.
		"{service: s, permissions: [{name: 'p:a', description: \"\\x41\"}]}": "A",
	} {
		file, err := Read([]byte(text))
		if err != nil || len(file.Found) > 0 {
			t.Errorf("%.80q: %v", text, err)
			continue
		}
		if got := *file.Permissions[0].Description; got != want || file.Service != "s" || file.Permissions[0].Name != "p:a" {
			t.Errorf("%.80q: %q, want %q", text, got, want)
		}
	}
	file, err := Read([]byte("{\n \"service\": \"s\",\n \"roles\": [\n  {\"name\": \"r\",\n   \"parent\": null,\n   \"permissions\": [\"a\\n\",\n 1e3]}], \"x\":\n true}"))
	if err != nil {
		t.Fatal(err)
	}
	want := users.Faults{{Field: "roles.0.permissions.1", Problem: notText}, {Field: "x", Problem: "is not a key of a declaration"}}
	if diff := cmp.Diff(want, file.Found); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for path, line := range map[string]int{"": 1, "service": 2, "roles.0": 4, "roles.0.parent": 5, "roles.0.permissions.1": 7, "x": 7} {
		if got := file.Line(path); got != line {
			t.Errorf("%q is in line %d, want %d", path, got, line)
		}
	}
}

func TestReadFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"x":           {" must be a map"},
		"---":         {" must be a map"},
		"[]":          {" must be a map"},
		"roles: []":   {"service is required"},
		"service: ":   {"service " + notText},
		"service: 1":  {"service " + notText},
		"service: []": {"service " + notText},
		"service: true\nroles: {}\npermissions: x":         {"service " + notText, "roles must be a list", "permissions must be a list"},
		"service: s\nprune: true":                          {"prune is not a key of a declaration"},
		"service: s\n<<: {roles: []}":                      {"<< is not a key of a declaration"},
		"service: s\nService: s":                           {"Service is not a key of a declaration"},
		"service: s\nroles: [x, {}, {name: r, parent: 1}]": {"roles.0 must be a map", "roles.1.name is required", "roles.2.parent " + notText},
		"service: s\nroles: [{name: r, permissions: [1, ~, 2001-01-01, {}], x: 1}]": {
			"roles.0.permissions.0 " + notText, "roles.0.permissions.1 " + notText, "roles.0.permissions.2 " + notText,
			"roles.0.permissions.3 " + notText, "roles.0.x is not a key of a declaration",
		},
		"service: s\npermissions: [" + strings.Repeat("{name: x},", 1001) + "]":             {"permissions must have at most 1000 items"},
		"service: s\n" + strings.Repeat("k", 1000) + ": 1":                                  {strings.Repeat("k", 100) + "… is not a key of a declaration"},
		"service: s\nroles: [{name: r, permissions: [" + strings.Repeat("x,", 1001) + "]}]": {"roles.0.permissions must have at most 1000 items"},
	} {
		file, err := Read([]byte(text))
		if err != nil {
			t.Errorf("%.60q: %v", text, err)
			continue
		}
		var got []string
		for _, f := range file.Found {
			got = append(got, f.Field+" "+f.Problem)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.60q (-want +got):\n%s", text, diff)
		}
	}
}

const notText = "must be text (in quotes, if it looks like a number, a date, true, false or null)"

func TestUnreadable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                       "0: is empty",
		"# nothing\n":            "0: is empty",
		"service: \xff":          "0: is not valid UTF-8",
		"s\x00\x00\x00e\x00":     "0: is not valid YAML: control characters are not allowed",
		"service: s\nservice: t": "2: has a key twice in one map",
		"service: s\nroles: [{name: r,\nname: r}]": "3: has a key twice in one map",
		"service: s\n---\nservice: t":              "2: holds more than one document",
		"service: s\n---\n[":                       "3: is not valid YAML: did not find expected node content",
		"service: &a s":                            "1: has an anchor, which a declaration can't have",
		"service: *a":                              "0: is not valid YAML: unknown anchor 'a' referenced",
		"service: !!str 1":                         "1: has a tag, which a declaration can't have",
		"service: !secret x":                       "1: has a tag, which a declaration can't have",
		"? [a]\n: b":                               "1: has a key that is no plain text",
		"service: \"s":                             "0: is not valid YAML: found unexpected end of stream",
		"a: &a [x]\nb: &b [*a, *a]\nc: [*b,*b]":    "1: has an anchor, which a declaration can't have",
		strings.Repeat(" ", MaxSize+1):             "0: is larger than 1048576 bytes",
	} {
		_, err := Read([]byte(text))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%.60q: %v", text, err)
			continue
		}
		if got := fmt.Sprintf("%d: %s", syntax.Line, syntax.Problem); got != want {
			t.Errorf("%.60q: %s, want %s", text, got, want)
		}
	}
}

// No file of the size that is taken keeps the reader busy for long.
func TestReadIsBounded(t *testing.T) {
	t.Parallel()
	const bound = 20 * time.Second // a fraction of a second for most; what is not bounded takes minutes
	for name, text := range map[string]string{
		"open lists":   strings.Repeat("[", MaxSize),
		"nested lists": strings.Repeat("[", 9999) + strings.Repeat("]", 9999),
		"dashes":       strings.Repeat("- ", MaxSize/2),
		"maps":         strings.Repeat("{a: ", 9999),
		"comments":     strings.Repeat("#\n", MaxSize/2),
		"items":        "service: s\nroles:\n" + strings.Repeat("- {}\n", MaxSize/5-10),
		"one key":      strings.Repeat("a: b\n", MaxSize/5),
		"wrong items":  "service: s\nroles: [" + strings.TrimSuffix(strings.Repeat("{permissions: ["+strings.Repeat("1,", 400)+"]},", 1000), ",") + "]",
	} {
		var took time.Duration
		for range 3 { // a busy machine may take long for one of them, but hardly for each
			began := time.Now()
			if file, err := Read([]byte(text)); err == nil && len(file.Found) == 0 {
				t.Errorf("%s: nothing is wrong", name)
			}
			if took = time.Since(began); took <= bound {
				break
			}
		}
		if took > bound {
			t.Errorf("%s took %v", name, took)
		}
	}
}

// FuzzRead: whatever a file holds, reading it ends without a panic, and what is read is plain.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"service: s\nroles: [{name: r, permissions: [a]}]", "a: &a [*a]", "? x\n: y", "- - - x", "{\"service\":\"s\"}", "%YAML 1.1\n---\n", "a: |\n  b\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := Read(raw)
		var syntax *SyntaxError
		if err != nil && (!errors.As(err, &syntax) || syntax.Problem == "") {
			t.Fatal(err)
		}
		if err != nil {
			return
		}
		for _, fault := range file.Found {
			if file.Line(fault.Field) < 1 {
				t.Fatalf("%q is nowhere", fault.Field)
			}
		}
	})
}
