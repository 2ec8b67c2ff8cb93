package manifest

import (
	"context"
	"errors"
	"strconv"

	users "github.com/svc-users/svc-users"
)

// Manifest plans and applies what services declare. Its methods are safe for concurrent use. They return the refusals of
// package users, the context's error, or a defect.
type Manifest struct{ service *users.Service }

// New returns a Manifest that reads and changes with the methods of a Service, and so under its rules.
func New(s *users.Service) *Manifest { return &Manifest{s} }

// Plan needs roles:read and permissions:read, and service-accounts:read where the service has or declares any. It says what Apply would do, and changes nothing. users.ErrInvalid for what
// is wrong with the declaration; users.ErrConflict for what another service owns, for what is the system's, for roles that
// would inherit from themselves or from Admin, for a role in use that would be deleted, and for more than users.Limits
// allow.
func (m *Manifest) Plan(ctx context.Context, c users.Caller, in Declaration) (Plan, error) {
	c, err := m.service.AuthorizeRead(ctx, c, users.RolesRead)
	if err != nil {
		return Plan{}, err
	}
	if err := c.Require(users.PermissionsRead); err != nil {
		return Plan{}, err
	}
	is, err := m.current(ctx, m.service.Store, c, in)
	if err != nil {
		return Plan{}, err
	}
	plan, err := makePlan(m.service.Skeleton, is, in)
	if err != nil {
		return Plan{}, err
	}
	return plan, m.predictRefusal(ctx, c.Graph(), plan)
}

// current reads what a declaration is compared with.
func (m *Manifest) current(ctx context.Context, r users.Reader, c users.Caller, in Declaration) (current, error) {
	audiences, err := r.Audiences(ctx)
	if err != nil {
		return current{}, err
	}
	accounts, err := currentServices(ctx, r, c, in)
	return current{c.Graph(), audiences, accounts}, err
}

// Apply makes the database agree with a declaration: all of it or nothing. It needs what Plan does, and for each step what
// the ordinary method for it does, whose refusals are its own.
func (m *Manifest) Apply(ctx context.Context, c users.Caller, in Declaration) (Plan, error) {
	var done Plan
	err := m.service.Change(ctx, c, users.RolesRead, func(tx *users.Change) error {
		live := tx.Caller
		if err := live.Require(users.PermissionsRead); err != nil {
			return err
		}
		is, err := m.current(ctx, tx, live, in)
		if err != nil {
			return err
		}
		if done, err = makePlan(m.service.Skeleton, is, in); err != nil {
			return err
		}
		if err := done.checkLimits(live); err != nil {
			return err
		}
		if err := newExecution(tx.Service(), c, live.Graph()).run(ctx, done.steps); err != nil {
			return err
		}
		if len(done.steps) > 0 {
			tx.Record(declarationApplied(done.Service))
		}
		return nil
	})
	return done, err
}

// declarationApplied is the event of a declaration that has changed something.
func declarationApplied(service users.ServiceName) users.Event {
	return users.Event{Kind: users.DeclarationApplied, Target: users.Target{Kind: users.TargetService, Name: string(service)}}
}

// maxChanges bounds the changes of one transaction, in which everybody else who changes something waits.
const maxChanges = 10_000

// checkLimits refuses, before anything is done, a plan with too many changes, and one that would be refused in the end: a long
// document whose last line is forbidden must not keep other changes waiting.
func (p Plan) checkLimits(c users.Caller) error {
	if n := len(p.Changes); n > maxChanges {
		return users.Faults{{Problem: "asks for " + strconv.Itoa(n) + " changes at once; at most 10000 are made, so bring it in pieces"}}.Err()
	}
	for _, step := range p.steps {
		if err := c.Require(step.about.needs()); err != nil {
			return err
		}
	}
	var granted []users.PermissionName
	for _, change := range p.Changes {
		if change.Action == ActionAssign {
			granted = append(granted, users.PermissionName(change.Details))
		}
	}
	return c.CheckGrant(granted)
}

// needs is the permission that a change takes.
func (c PlannedChange) needs() users.PermissionName {
	of := map[Kind]map[Action]users.PermissionName{
		KindPermission: {ActionCreate: users.PermissionsCreate, ActionChange: users.PermissionsUpdate, ActionDelete: users.PermissionsDelete},
		KindRole:       {ActionCreate: users.RolesCreate, ActionChange: users.RolesUpdate, ActionDelete: users.RolesDelete},
		KindServiceAccount: {
			ActionCreate: users.ServiceAccountsCreate, ActionChange: users.ServiceAccountsUpdate, ActionDelete: users.ServiceAccountsDelete,
		},
		KindAudience: {ActionCreate: users.PermissionsCreate, ActionChange: users.PermissionsUpdate, ActionDelete: users.PermissionsDelete},
	}
	if p, ok := of[c.Kind][c.Action]; ok {
		return p
	}
	return users.RolesUpdate
}

func conflict(message string) error {
	return &users.Error{Kind: users.ErrConflict, Message: message}
}

// named adds the kind and the name to a conflict; the ordinary methods, which are about one thing, do not say them.
func named(err error, kind Kind, name string) error {
	var refused *users.Error
	if !errors.As(err, &refused) || !errors.Is(refused.Kind, users.ErrConflict) {
		return err
	}
	about := *refused
	about.Message = "The " + string(kind) + " " + name + ": " + refused.Message
	return &about
}
