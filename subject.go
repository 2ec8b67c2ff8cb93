package users

// SubjectKind says what kind of subject acts.
type SubjectKind string

// The kinds of subject. Events keep these words.
const (
	SubjectPerson   SubjectKind = "person"   // an account that logs in with a password
	SubjectService  SubjectKind = "service"  // an account of a program
	SubjectOperator SubjectKind = "operator" // the process itself or its command line: no account, acts as Admin
)

// Subject is who acts. It identifies the subject and says nothing of its rights; those are the Caller's.
type Subject struct {
	Kind SubjectKind
	ID   ID     // of the account; zero for the operator
	Name string // the Label of the account at that time; empty for the operator
}

// Subject returns the account as a subject.
func (a Account) Subject() Subject { return Subject{Kind: a.Kind, ID: a.ID, Name: a.Label()} }

// operatorSubject is the subject of the command line and of what the process does by itself at its start.
func operatorSubject() Subject { return Subject{Kind: SubjectOperator} }

// is reports whether the subject is the account with this id.
func (s Subject) is(account ID) bool { return s.Kind != SubjectOperator && s.ID == account }
