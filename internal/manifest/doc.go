// Package manifest makes the permissions and roles of a database agree with what a service declares: docs/declarations.md.
//
//	m := manifest.New(rules)
//	plan, err := m.Plan(ctx, caller, declaration)  // what Apply would do
//	plan, err = m.Apply(ctx, caller, declaration)  // all of it or nothing
//
//	Declaration ──▶ declared ──▶ planner: references, ownership, look-alikes, hierarchy ──▶ Plan
//	 declaration.go                plan.go, check.go, steps.go                               │
//	                                                     ┌─ Plan ◀── predict.go ◀────────────┤
//	                                                     └─ Apply ◀─ execution.go: one Change┘
//
// A plan is made of the graph of roles alone. Apply carries it out with the ordinary methods of users.Service, as it is
// inside one Change: each step is decided under its own rules, and nothing can be declared that could not be done by hand.
//
// Package declare reads declarations from files, package api takes them over HTTP.
package manifest
