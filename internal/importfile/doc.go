// Package importfile reads exports of accounts, in the shapes of several systems: docs/import.md.
//
//	f, err := importfile.Open(file, importfile.Options{})  // detects the kind
//	for record, err := range f.Records() {…}               // of package importer
//
// Each shape is a file of its own. All of them read a stream of texts, one for each account, which text.go cuts out of lines,
// JSON arrays, CSV or the COPY of a PostgreSQL dump: at most a MiB of a file is in memory at a time, and a text that can't be
// read is a Record with Faults, after which reading goes on.
package importfile
