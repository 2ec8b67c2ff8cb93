// Package importer takes over accounts of other systems: docs/import.md.
//
//	im := importer.New(importer.Ports{Service: rules, Store: st, Hashes: hashes, Seals: ring})
//	summary, err := im.Run(ctx, users.AsOperator(), records, importer.Options{DefaultRole: "User"}, func(r importer.Result) error {…})
//
//	records ──▶ batches of 500 ──▶ check each record ──▶ hashes ──▶ one Change for each batch: roles, accounts, factors, events
//	 record.go     run.go             check.go            hash.go      write.go, decide.go, roles.go
//	                                                                      │
//	                                              Result for each record ◀┘  result.go
//
// Nothing that exists is changed: a record whose e-mail an account has is reported and passed over. So an import that was
// interrupted is repeated, and goes on where it ended. A record that is refused does not stop the rest.
//
// Package importfile reads records from files, package store from the database of the FastAPI service, whose roles and
// permissions TakeOver makes first.
package importer
