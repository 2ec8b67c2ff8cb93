package users

import (
	"context"
	"errors"
	"slices"
)

// Evaluation asks whether an account has a permission, as a request of AuthZEN gave it.
type Evaluation struct {
	// Subject is the id of the account. A text that is no id is that of no account.
	Subject string
	// Permission is its name. A text that is no name is that of no permission.
	Permission string
	// Found is what is wrong with this evaluation; with anything it is denied, and the others are not.
	Found Faults
}

// UnknownSubject is the Reason of an Evaluation about an account that does not exist.
const UnknownSubject Reason = "unknown_subject"

// Decision is the answer to one Evaluation.
type Decision struct {
	// Reason says why. It is empty if the evaluation has faults.
	Reason Reason
	Found  Faults
}

// Allowed reports whether the answer is yes.
func (d Decision) Allowed() bool { return d.Reason == Granted }

// EvaluationSemantic says when evaluations stop before the last one. The values are those of AuthZEN.
type EvaluationSemantic string

// The semantics there are.
const (
	ExecuteAll          EvaluationSemantic = "execute_all"            // never
	DenyOnFirstDeny     EvaluationSemantic = "deny_on_first_deny"     // at the first that is denied, faults included
	PermitOnFirstPermit EvaluationSemantic = "permit_on_first_permit" // at the first that is allowed
)

// stopsAt reports whether nothing is evaluated after a decision.
func (e EvaluationSemantic) stopsAt(d Decision) bool {
	return e == DenyOnFirstDeny && !d.Allowed() || e == PermitOnFirstPermit && d.Allowed()
}

// maxSubjects is how many accounts evaluations can be about: each may take queries of its own.
const maxSubjects = 100

// Evaluate answers evaluations in their order, and as many of them as the semantic wants. An evaluation about the
// caller's own account is about what this caller may do, and takes no permission; one about any other needs
// accounts:read, without which all are ErrForbidden before anything is looked up. ErrInvalid for more than maxSubjects
// accounts.
//
// As with Check, the cache is enough to allow the caller a thing, and the database is asked before it is refused; what
// other accounts may do is as the database has it. Whether a permission exists is told only with accounts:read, as Explain
// does; else the reason for one that does not exist is NotGranted.
func (s *Service) Evaluate(ctx context.Context, c Caller, in []Evaluation, semantic EvaluationSemantic) ([]Decision, error) {
	subjects := map[string]bool{}
	for _, e := range in {
		if len(e.Found) == 0 && e.Subject != c.Account.ID.String() {
			subjects[e.Subject] = true
		}
	}
	if len(subjects) > 0 {
		var err error
		if c, err = s.Authorize(ctx, c, AccountsRead); err != nil {
			return nil, err
		}
	}
	if len(subjects) > maxSubjects {
		return nil, Faults{{"evaluations", "must be about at most 100 accounts"}}.Err()
	}
	all := evaluator{service: s, caller: c, others: map[string]Access{}}
	decisions, err := all.run(ctx, in, semantic)
	if errors.Is(err, errCachedRefusal) {
		if all.caller, err = s.Fresh(ctx, c); err != nil {
			return nil, err
		}
		decisions, err = all.run(ctx, in, semantic)
	}
	return decisions, err
}

// errCachedRefusal is why evaluations begin again: what is cached would refuse the caller something.
var errCachedRefusal = errors.New("the cache would refuse it")

// evaluator answers evaluations for a caller.
type evaluator struct {
	service *Service
	caller  Caller
	others  map[string]Access // by the id that was asked about; no graph for an account that does not exist
}

func (v *evaluator) run(ctx context.Context, in []Evaluation, semantic EvaluationSemantic) ([]Decision, error) {
	decisions := make([]Decision, 0, len(in))
	for _, e := range in {
		d, err := v.decide(ctx, e)
		if err != nil {
			return nil, err
		}
		decisions = append(decisions, d)
		if semantic.stopsAt(d) {
			break
		}
	}
	return decisions, nil
}

func (v *evaluator) decide(ctx context.Context, e Evaluation) (Decision, error) {
	if len(e.Found) > 0 {
		return Decision{Found: slices.Clone(e.Found)}, nil
	}
	name, err := ParsePermissionName(e.Permission)
	isName := err == nil
	if e.Subject == v.caller.Account.ID.String() {
		return v.decideOwn(name, isName)
	}
	access, err := v.access(ctx, e.Subject)
	switch {
	case err != nil:
		return Decision{}, err
	case access.Graph == nil:
		return Decision{Reason: UnknownSubject}, nil
	case !isName && access.Account.Active:
		return Decision{Reason: UnknownPermission}, nil
	}
	return Decision{Reason: access.reason(name)}, nil
}

func (v *evaluator) decideOwn(name PermissionName, isName bool) (Decision, error) {
	if isName && v.caller.May(name) {
		return Decision{Reason: Granted}, nil
	}
	if v.caller.cached {
		return Decision{}, errCachedRefusal
	}
	if _, exists := v.caller.graph.PermissionByName(name); !exists && v.caller.May(AccountsRead) {
		return Decision{Reason: UnknownPermission}, nil
	}
	return Decision{Reason: NotGranted}, nil
}

// access returns what another account may do, as the database has it now; without a graph where there is none with that
// id.
func (v *evaluator) access(ctx context.Context, subject string) (Access, error) {
	if known, ok := v.others[subject]; ok {
		return known, nil
	}
	var found Access
	if id, ok := ParseID(subject); ok {
		var err error
		if found, err = v.service.Store.Access(ctx, id); err != nil && !errors.Is(err, ErrNotFound) {
			return Access{}, err
		}
	}
	v.others[subject] = found
	return found, nil
}
