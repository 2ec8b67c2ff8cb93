package importer

import (
	users "github.com/svc-users/svc-users"
)

// Outcome is what became of a record.
type Outcome string

// The outcomes of records. In a dry run they are what would become of them.
const (
	Created   Outcome = "created"
	Unchanged Outcome = "unchanged" // an account has the e-mail, and is as the record says
	Differs   Outcome = "differs"   // an account has the e-mail, and is not; it was left as it is
	Refused   Outcome = "refused"   // see Result.Faults
	Passed    Outcome = "passed"    // no account to be imported; see Result.Notes
)

// Outcomes lists them in the order of a summary.
func Outcomes() []Outcome { return []Outcome{Created, Unchanged, Differs, Refused, Passed} }

// Result is what became of a record, without any secret of it.
type Result struct {
	Line     int
	SourceID string
	Email    string
	Outcome  Outcome
	// ID is that of the account; zero where there is none, and in a dry run where a new one would be made.
	ID     users.ID
	Role   users.RoleName
	Faults users.Faults // with Refused
	// Notes are sentences about what the operator should know, such as that the id could not be kept.
	Notes []string
}

// Summary counts what became of the records.
type Summary struct {
	Records int
	Of      map[Outcome]int
	// Roles are those that were created, in this order.
	Roles []users.RoleName
	// Noted counts the results that have notes.
	Noted int
	// Factors counts the second factors that were kept.
	Factors int
}

// add counts a result.
func (s *Summary) add(r Result) {
	s.Records++
	s.Of[r.Outcome]++
	if len(r.Notes) > 0 {
		s.Noted++
	}
}
