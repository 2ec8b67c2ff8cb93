// Package declare reads the file in which a service declares its permissions and roles.
//
//	file, err := declare.Read(raw)
//	plan, err := svc.PlanDeclaration(ctx, caller, file.Declaration)
//	file.Line("roles.0.parent") // where that is, for whoever has to mend it
//
// The file is YAML, and JSON with that, of which only what a person would write is taken: one document of maps,
// lists and strings. Keys that nobody knows, keys that come twice, anchors, aliases, tags and merges are refused
// with the line they are in, since each of them would make a file say something else than it shows.
package declare
