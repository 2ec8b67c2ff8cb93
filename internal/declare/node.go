package declare

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/svc-users/svc-users/internal/manifest"
)

// reader walks through the nodes of a document and records the line of each value by its path.
type reader struct{ *File }

// plain refuses anchors, aliases, tags and merges. It is called first, so that no other code meets an alias. The parser
// bounds the depth.
func (r reader) plain(n *yaml.Node) error {
	switch {
	case n.Kind == yaml.AliasNode:
		return &SyntaxError{n.Line, "has an alias, which a declaration can't have"}
	case n.Anchor != "":
		return &SyntaxError{n.Line, "has an anchor, which a declaration can't have"}
	case n.Style&yaml.TaggedStyle != 0:
		return &SyntaxError{n.Line, "has a tag, which a declaration can't have"}
	}
	seen := map[string]bool{}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			switch {
			case child.Kind != yaml.ScalarNode:
				return &SyntaxError{child.Line, "has a key that is no plain text"}
			case seen[child.Value]:
				return &SyntaxError{child.Line, "has a key twice in one map"}
			}
			seen[child.Value] = true
		}
		if err := r.plain(child); err != nil {
			return err
		}
	}
	return nil
}

// read is how the value of one key is read, which is at the path it is given.
type read func(n *yaml.Node, path string)

func (r reader) declaration(n *yaml.Node) {
	r.fields(n, "", map[string]read{
		"service":           func(n *yaml.Node, path string) { r.Service = r.text(n, path) },
		"audience":          func(n *yaml.Node, path string) { r.Audience = r.optional(n, path) },
		"permission_prefix": func(n *yaml.Node, path string) { r.PermissionPrefix = r.optional(n, path) },
		"permissions": func(n *yaml.Node, path string) {
			r.items(n, path, func(n *yaml.Node, path string) { r.Permissions = append(r.Permissions, r.permission(n, path)) })
		},
		"roles": func(n *yaml.Node, path string) {
			r.items(n, path, func(n *yaml.Node, path string) { r.Roles = append(r.Roles, r.role(n, path)) })
		},
		"service_accounts": func(n *yaml.Node, path string) {
			r.items(n, path, func(n *yaml.Node, path string) { r.ServiceAccounts = append(r.ServiceAccounts, r.service(n, path)) })
		},
	}, "service")
}

func (r reader) permission(n *yaml.Node, path string) (p manifest.DeclaredPermission) {
	r.fields(n, path, map[string]read{
		"name":        func(n *yaml.Node, path string) { p.Name = r.text(n, path) },
		"description": func(n *yaml.Node, path string) { p.Description = r.optional(n, path) },
	}, "name")
	return p
}

func (r reader) role(n *yaml.Node, path string) (role manifest.DeclaredRole) {
	r.fields(n, path, map[string]read{
		"name":        func(n *yaml.Node, path string) { role.Name = r.text(n, path) },
		"description": func(n *yaml.Node, path string) { role.Description = r.optional(n, path) },
		"parent":      func(n *yaml.Node, path string) { role.Parent = r.optional(n, path) },
		"permissions": func(n *yaml.Node, path string) {
			r.items(n, path, func(n *yaml.Node, path string) { role.Permissions = append(role.Permissions, r.text(n, path)) })
		},
	}, "name")
	return role
}

func (r reader) service(n *yaml.Node, path string) (s manifest.DeclaredServiceAccount) {
	r.fields(n, path, map[string]read{
		"name":        func(n *yaml.Node, path string) { s.Name = r.text(n, path) },
		"description": func(n *yaml.Node, path string) { s.Description = r.optional(n, path) },
		"role":        func(n *yaml.Node, path string) { s.Role = r.text(n, path) },
	}, "name", "role")
	return s
}

// fields reads a map whose keys are known, some of which must be there.
func (r reader) fields(n *yaml.Node, path string, known map[string]read, required ...string) {
	r.at(n, path)
	if n.Kind != yaml.MappingNode {
		r.wrong(path, "must be a map")
		return
	}
	there := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		below := join(path, key.Value)
		r.at(key, below)
		if read := known[key.Value]; read != nil {
			there[key.Value] = true
			read(value, below)
		} else {
			r.wrong(bounded(below), "is not a key of a declaration")
		}
	}
	for _, name := range required {
		if !there[name] {
			r.wrong(join(path, name), "is required")
		}
	}
}

// items reads a list.
func (r reader) items(n *yaml.Node, path string, item read) {
	if n.Kind != yaml.SequenceNode {
		r.wrong(path, "must be a list")
		return
	}
	if len(n.Content) > maxItems {
		r.wrong(path, "must have at most 1000 items")
		return
	}
	for i, child := range n.Content {
		at := join(path, strconv.Itoa(i))
		r.at(child, at)
		item(child, at)
	}
}

// text reads a string. A string that looks like a number or like true must be quoted.
func (r reader) text(n *yaml.Node, path string) string {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		r.wrong(path, "must be text (in quotes, if it looks like a number, a date, true, false or null)")
	}
	return n.Value
}

// optional reads a string or nothing.
func (r reader) optional(n *yaml.Node, path string) *string {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return nil
	}
	s := r.text(n, path)
	return &s
}

// maxFaults bounds the faults that are reported at a time.
const maxFaults = 1000

func (r reader) wrong(path, problem string) {
	if len(r.Found) < maxFaults {
		r.Found.Add(path, problem)
	}
}

func (r reader) at(n *yaml.Node, path string) { r.lines[path] = n.Line }

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// bounded keeps a key that is the file's own text short, and harmless to a terminal.
func bounded(path string) string {
	const most = 100
	path = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, path)
	if utf8.RuneCountInString(path) <= most {
		return path
	}
	return string([]rune(path)[:most]) + "…"
}
