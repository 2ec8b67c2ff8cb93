// Package declare reads the file in which a service declares its permissions and roles.
//
//	file, err := declare.Read(raw)
//	plan, err := m.Plan(ctx, caller, file.Declaration)
//	file.Line("roles.0.parent") // the line of a value, for messages about it
//
// The file is YAML or JSON: one document of maps, lists and strings. Unknown keys, duplicate keys, anchors, aliases, tags
// and merges are refused with their line, since with each of them a file would mean something other than it shows.
package declare
