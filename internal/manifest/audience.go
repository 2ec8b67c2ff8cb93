package manifest

import (
	"context"

	users "github.com/svc-users/svc-users"
)

// existingAudience is what the database has under the name of the declared audience; zero if there is none.
func (p *planner) existingAudience() users.Audience {
	for _, a := range p.audiences {
		if a.Name == p.audience.Name {
			return a
		}
	}
	return users.Audience{}
}

// planAudience makes the audience as it is declared.
func (p *planner) planAudience() {
	if p.audience == (users.Audience{}) {
		return
	}
	name, prefix := string(p.audience.Name), string(p.audience.Prefix)
	switch existing := p.existingAudience(); {
	case existing.Name == "":
		p.add(declareAudience(p.audience), PlannedChange{ActionCreate, KindAudience, name, "permission_prefix " + prefix})
	case existing.Prefix != p.audience.Prefix:
		details := differs(nil, "permission_prefix", string(existing.Prefix), prefix, false)
		p.add(declareAudience(p.audience), PlannedChange{ActionChange, KindAudience, name, details[0]})
	}
}

// planOrphanedAudiences takes away the audiences that the service owns and no longer declares, or only names them.
func (p *planner) planOrphanedAudiences() {
	for _, a := range p.audiences {
		if a.Owner == p.owner && a.Name != p.audience.Name {
			p.orphan(deleteAudience(a.Name), PlannedChange{ActionDelete, KindAudience, string(a.Name), ""})
		}
	}
}

func declareAudience(a users.Audience) stepFunc {
	return func(ctx context.Context, x *execution) error { return x.DeclareAudience(ctx, x.caller, a) }
}

func deleteAudience(name users.AudienceName) stepFunc {
	return func(ctx context.Context, x *execution) error { return x.DeleteAudience(ctx, x.caller, name) }
}
