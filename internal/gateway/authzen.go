package gateway

import (
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// The paths are the default ones of the Authorization API 1.0 of OpenID AuthZEN (§10.1).
const (
	evaluationPath  = web.AuthZENPath + "/v1/evaluation"
	evaluationsPath = web.AuthZENPath + "/v1/evaluations"
)

// AccessSubject is whose access is evaluated (§5.1).
type AccessSubject struct {
	Type       string        `json:"type" minLength:"1" maxLength:"1024" doc:"account, or user, which is the same; of any other type there is no subject" example:"user"`
	ID         string        `json:"id" minLength:"1" maxLength:"1024" doc:"Id of the account" example:"019a0b6e-7c00-7a51-9c3d-2f6f0c5f7a10"`
	Properties web.AnyObject `json:"properties,omitempty" doc:"Not looked at"`
}

// AccessAction is what the subject wants to do (§5.3).
type AccessAction struct {
	Name       string        `json:"name" minLength:"1" maxLength:"1024" doc:"Name of a permission" example:"reports:read"`
	Properties web.AnyObject `json:"properties,omitempty" doc:"Not looked at"`
}

// AccessResource is what the subject wants to do it with (§5.2). Permissions are about no single resource.
type AccessResource struct {
	Type       string        `json:"type" minLength:"1" maxLength:"1024" doc:"Not looked at, once it is well-formed" example:"report"`
	ID         string        `json:"id" minLength:"1" maxLength:"1024" doc:"Not looked at, once it is well-formed" example:"2025-10"`
	Properties web.AnyObject `json:"properties,omitempty" doc:"Not looked at"`
}

// AccessEvaluation is the body that asks for one decision (§6.1).
type AccessEvaluation struct {
	Subject  *AccessSubject  `json:"subject"`
	Action   *AccessAction   `json:"action"`
	Resource *AccessResource `json:"resource"`
	Context  web.AnyObject   `json:"context,omitempty" doc:"Not looked at"`
}

// AccessEvaluations is the body that asks for several (§7.1). Without evaluations it is an AccessEvaluation.
type AccessEvaluations struct {
	Subject     *AccessSubject         `json:"subject,omitempty" doc:"Of each evaluation that has none of its own; likewise the others"`
	Action      *AccessAction          `json:"action,omitempty"`
	Resource    *AccessResource        `json:"resource,omitempty"`
	Context     web.AnyObject          `json:"context,omitempty" doc:"Not looked at"`
	Evaluations []AccessEvaluationItem `json:"evaluations,omitempty" nullable:"false" maxItems:"1000" doc:"About at most 100 subjects"`
	Options     *AccessOptions         `json:"options,omitempty"`
}

// AccessEvaluationItem is one of several evaluations. What it lacks is that of the whole body.
type AccessEvaluationItem struct {
	Subject  *AccessSubject  `json:"subject,omitempty"`
	Action   *AccessAction   `json:"action,omitempty"`
	Resource *AccessResource `json:"resource,omitempty"`
	Context  web.AnyObject   `json:"context,omitempty" doc:"Not looked at"`
}

// AccessOptions says how several evaluations are carried out (§7.1.2).
type AccessOptions struct {
	Semantic *string `json:"evaluations_semantic,omitempty" enum:"execute_all,deny_on_first_deny,permit_on_first_permit" doc:"When to stop before the last evaluation; execute_all, which is never, if it is absent"`
}

// AccessDecision is the answer to an evaluation (§5.5).
type AccessDecision struct {
	Decision bool                   `json:"decision"`
	Context  *AccessDecisionContext `json:"context,omitzero"`
}

// AccessDecisionContext says why.
type AccessDecisionContext struct {
	Reason string               `json:"reason,omitzero" enum:"granted,not_granted,account_disabled,unknown_permission,unknown_subject" doc:"As of an explanation, and unknown_subject where no account has the id. unknown_permission needs accounts:read, else it is not_granted"`
	Error  *AccessDecisionError `json:"error,omitzero"`
}

// AccessDecisionError is what is wrong with one of several evaluations, which is denied for that (§7.2.1).
type AccessDecisionError struct {
	Status  int    `json:"status" example:"400"`
	Message string `json:"message" doc:"One sentence, which begins with the field" example:"resource is required."`
}

// AccessDecisions is the answer to several evaluations (§7.2), or to the one that there was.
type AccessDecisions struct {
	Decision    *bool                  `json:"decision,omitzero" doc:"Where the request has no evaluations"`
	Context     *AccessDecisionContext `json:"context,omitzero" doc:"Where the request has no evaluations"`
	Evaluations []AccessDecision       `json:"evaluations,omitzero" nullable:"false" doc:"In the order of the request, and as many as were carried out"`
}

func evaluationRoutes() []web.Route {
	const describe = "The Authorization API 1.0 of OpenID AuthZEN. The subject is an account, the action a permission; resource, context and properties are not looked at. " +
		"To ask about another account than the caller's own needs the permission `accounts:read`. Outside the envelope but for errors, among which 400 takes the place of 415 and 422. Unknown members are passed over. "
	return []web.Route{
		web.Evaluation(web.Route{
			Method: http.MethodPost, Path: evaluationPath, Auth: web.AuthAnyBearer, BodyLimit: web.TokenBody,
			Name: "evaluateAccess", Tag: "Authorization", Summary: "Evaluate an access (AuthZEN)",
			Description: strings.TrimSpace(describe), Fails: []int{http.StatusForbidden},
			Request: exampleEvaluation, Example: AccessDecision{Decision: true, Context: &AccessDecisionContext{Reason: "granted"}},
		}, evaluateAccess),
		web.Evaluation(web.Route{
			Method: http.MethodPost, Path: evaluationsPath, Auth: web.AuthAnyBearer, BodyLimit: web.EvaluationsBody,
			Name: "evaluateAccesses", Tag: "Authorization", Summary: "Evaluate several accesses (AuthZEN)",
			Description: describe + "An evaluation with a fault is denied, and the others are not.", Fails: []int{http.StatusForbidden},
			Request: exampleEvaluations,
			Example: AccessDecisions{Evaluations: []AccessDecision{
				{Decision: true, Context: &AccessDecisionContext{Reason: "granted"}}, {Context: &AccessDecisionContext{Reason: "not_granted"}},
			}},
		}, evaluateAccesses),
	}
}

func evaluateAccess(x *web.Exchange, in AccessEvaluation) (AccessDecision, error) {
	one := AccessEvaluationItem{Subject: in.Subject, Action: in.Action, Resource: in.Resource}.read("", AccessEvaluationItem{}, &x.Found)
	if err := x.Found.Err(); err != nil {
		return AccessDecision{}, err
	}
	decisions, err := x.Service.Evaluate(x.Context(), x.Caller, []users.Evaluation{one}, users.ExecuteAll)
	if err != nil {
		return AccessDecision{}, err
	}
	x.LogAtDebug = true // services send it again and again; only failures are worth a line
	return toDecision(decisions[0]), nil
}

func evaluateAccesses(x *web.Exchange, in AccessEvaluations) (AccessDecisions, error) {
	defaults := AccessEvaluationItem{Subject: in.Subject, Action: in.Action, Resource: in.Resource}
	semantic := in.Options.read(&x.Found)
	if len(in.Evaluations) == 0 {
		one, err := evaluateAccess(x, AccessEvaluation{Subject: in.Subject, Action: in.Action, Resource: in.Resource})
		return AccessDecisions{Decision: &one.Decision, Context: one.Context}, err
	}
	own, whole := splitFaults(x.Found, len(in.Evaluations))
	defaults.check("", &whole)
	if err := whole.Err(); err != nil {
		return AccessDecisions{}, err
	}
	list := make([]users.Evaluation, len(in.Evaluations))
	for i, item := range in.Evaluations {
		list[i] = item.read(itemPath(i), defaults, &own[i])
	}
	decisions, err := x.Service.Evaluate(x.Context(), x.Caller, list, semantic)
	if err != nil {
		return AccessDecisions{}, err
	}
	x.LogAtDebug = true // as above
	return AccessDecisions{Evaluations: web.MapSlice(decisions, toDecision)}, nil
}

// read reads the options of a request, which may be nil.
func (o *AccessOptions) read(found *users.Faults) users.EvaluationSemantic {
	if o == nil || o.Semantic == nil {
		return users.ExecuteAll
	}
	switch semantic := users.EvaluationSemantic(*o.Semantic); semantic {
	case users.ExecuteAll, users.DenyOnFirstDeny, users.PermitOnFirstPermit:
		return semantic
	}
	found.Add("options.evaluations_semantic", "must be execute_all, deny_on_first_deny or permit_on_first_permit")
	return users.ExecuteAll
}

// itemPath is what the fields of an evaluation are named below: evaluations.0 and a dot.
func itemPath(i int) string { return "evaluations." + strconv.Itoa(i) + "." }

// splitFaults returns the faults of each of n evaluations, and those of the request as a whole.
func splitFaults(found users.Faults, n int) (own []users.Faults, whole users.Faults) {
	own = make([]users.Faults, n)
	for _, fault := range found {
		number, _, _ := strings.Cut(strings.TrimPrefix(fault.Field, "evaluations."), ".")
		i, err := strconv.Atoi(number)
		if !strings.HasPrefix(fault.Field, "evaluations.") || err != nil || i < 0 || i >= n {
			whole = append(whole, fault)
			continue
		}
		own[i] = append(own[i], fault)
	}
	return own, whole
}

// read returns an evaluation with all its faults. What is absent is that of the defaults, each as a whole; what is there
// and cannot be read is a fault already, and nothing takes its place.
func (e AccessEvaluationItem) read(path string, defaults AccessEvaluationItem, found *users.Faults) users.Evaluation {
	e.check(path, found)
	if e.Subject == nil && !found.Has(path+"subject") {
		e.Subject = defaults.Subject
	}
	if e.Action == nil && !found.Has(path+"action") {
		e.Action = defaults.Action
	}
	if e.Resource == nil && !found.Has(path+"resource") {
		e.Resource = defaults.Resource
	}
	for _, member := range []struct {
		name   string
		absent bool
	}{{"subject", e.Subject == nil}, {"action", e.Action == nil}, {"resource", e.Resource == nil}} {
		if member.absent {
			found.Add(path+member.name, "is required")
		}
	}
	if len(*found) > 0 {
		return users.Evaluation{Found: *found}
	}
	one := users.Evaluation{Permission: e.Action.Name}
	if e.Subject.Type == "account" || e.Subject.Type == "user" {
		one.Subject = e.Subject.ID
	}
	return one
}

// check notes what is wrong with the texts that are there.
func (e AccessEvaluationItem) check(path string, found *users.Faults) {
	if e.Subject != nil {
		checkText(found, path+"subject.type", e.Subject.Type)
		checkText(found, path+"subject.id", e.Subject.ID)
	}
	if e.Action != nil {
		checkText(found, path+"action.name", e.Action.Name)
	}
	if e.Resource != nil {
		checkText(found, path+"resource.type", e.Resource.Type)
		checkText(found, path+"resource.id", e.Resource.ID)
	}
}

// maxText bounds types, ids and names, in characters.
const maxText = 1024

func checkText(found *users.Faults, field, text string) {
	switch {
	case text == "":
		found.Add(field, "must not be empty")
	case utf8.RuneCountInString(text) > maxText:
		found.Add(field, "must have at most 1024 characters")
	case strings.ContainsFunc(text, unicode.IsControl):
		found.Add(field, "must not contain control characters")
	}
}

func toDecision(d users.Decision) AccessDecision {
	if len(d.Found) > 0 {
		first := d.Found[0]
		parts := strings.SplitN(first.Field, ".", 3) // evaluations, its number, the field
		message := strings.TrimSpace(parts[len(parts)-1]+" "+first.Problem) + "."
		if len(parts) < 3 {
			message = "The evaluation " + first.Problem + "."
		}
		return AccessDecision{Context: &AccessDecisionContext{Error: &AccessDecisionError{Status: http.StatusBadRequest, Message: message}}}
	}
	return AccessDecision{Decision: d.Allowed(), Context: &AccessDecisionContext{Reason: string(d.Reason)}}
}
