package manifest

import (
	"context"
	"strconv"
	"strings"

	users "github.com/svc-users/svc-users"
)

// declaredService is a service account of a declaration whose fields have been read.
type declaredService struct {
	name        users.AccountName
	description *string
	role        users.RoleName
	path        string // in the document
}

// readServices reads the service accounts of a declaration and notes what is wrong with them.
func (in Declaration) readServices(f *users.Faults) []declaredService {
	var list []declaredService
	seen := map[users.AccountName]bool{}
	for i, s := range in.ServiceAccounts {
		at := "service_accounts." + strconv.Itoa(i)
		if len(*f) >= maxDeclarationFaults {
			return list
		}
		if f.Has(at) {
			continue
		}
		d := declaredService{
			name: f.AccountName(at+".name", s.Name), description: f.Description(at+".description", s.Description),
			role: f.RoleName(at+".role", s.Role), path: at,
		}
		noDuplicate(f, seen, at+".name", d.name)
		list = append(list, d)
	}
	return list
}

// currentServices returns the service accounts that a declaration is about, as r sees them: those that the service owns and
// those that it declares. Reading any of them takes service-accounts:read.
func currentServices(ctx context.Context, r users.ServiceAccountReader, c users.Caller, in Declaration) ([]users.ServiceAccount, error) {
	owner, err := users.ParseServiceName(in.Service)
	if err != nil {
		return nil, nil // a fault of the declaration, which is noted where it is read
	}
	found, err := r.ServiceAccounts(ctx, users.ServiceAccountFilter{DeclaredBy: owner}, users.List{Limit: maxChanges})
	if err != nil {
		return nil, err
	}
	known := map[users.AccountName]bool{}
	for _, a := range found {
		known[a.Name] = true
	}
	for _, s := range in.ServiceAccounts {
		name, err := users.ParseAccountName(s.Name)
		if err != nil || known[name] {
			continue
		}
		known[name] = true
		another, err := r.ServiceAccounts(ctx, users.ServiceAccountFilter{Name: name}, users.List{Limit: 1})
		if err != nil {
			return nil, err
		}
		found = append(found, another...)
	}
	if len(found) > 0 || len(in.ServiceAccounts) > 0 {
		return found, c.Require(users.ServiceAccountsRead)
	}
	return nil, nil
}

// referServices notes the roles of service accounts that lead to nothing, or to what prune is about to delete.
func (p *planner) referServices(f *users.Faults) {
	for _, d := range p.services {
		if key := d.role.Key(); d.role != "" && !p.declares.role[key] {
			n := p.byKey[key]
			addReference(f, d.path+".role", "role", n != nil, p.prune && n != nil && n.Owner == p.owner)
		}
	}
}

// serviceOwnership refuses service accounts of other services.
func (p *planner) serviceOwnership() error {
	for _, d := range p.services {
		if owner := p.byName[d.name].Owner.Service; owner != "" && owner != p.owner {
			return p.ownedByAnother(KindServiceAccount, string(d.name), owner)
		}
	}
	return nil
}

func (p *planner) planServices() {
	for _, d := range p.services {
		is, exists := p.byName[d.name]
		if !exists {
			details := []string{"role " + string(d.role)}
			if d.description != nil {
				details = append(details, quoted(d.description))
			}
			p.add(createService(p.owner, d), PlannedChange{ActionCreate, KindServiceAccount, string(d.name), strings.Join(details, "; ")})
			continue
		}
		var details []string
		if is.Owner.Service == "" {
			details = append(details, takesOwnership)
		}
		details = differs(details, "role", string(is.Role.Name), string(d.role), is.Role.Name.Key() == d.role.Key())
		details = differs(details, "description", quoted(is.Description), quoted(d.description), sameText(is.Description, d.description))
		if len(details) > 0 {
			p.add(changeService(p.owner, is.ID, d), PlannedChange{ActionChange, KindServiceAccount, string(d.name), strings.Join(details, "; ")})
		}
		if is.Role.Name.Key() != d.role.Key() {
			p.leaves[is.Role.ID]++
		}
	}
}

// planServiceOrphans deletes service accounts that are owned and not declared, before the roles that they hold.
func (p *planner) planServiceOrphans() {
	declared := map[users.AccountName]bool{}
	for _, d := range p.services {
		declared[d.name] = true
	}
	for _, a := range p.accounts {
		if a.Owner.Service == p.owner && !declared[a.Name] {
			p.orphan(deleteService(a.ID), PlannedChange{ActionDelete, KindServiceAccount, string(a.Name), ""})
			p.leaves[a.Role.ID]++
		}
	}
}

func createService(owner users.ServiceName, d declaredService) stepFunc {
	return func(ctx context.Context, x *execution) error {
		_, err := x.CreateServiceAccount(ctx, x.caller, users.NewServiceAccount{
			Name: string(d.name), Description: d.description, RoleID: x.role[d.role.Key()].String(), Owner: owner,
		})
		return err
	}
}

func changeService(owner users.ServiceName, id users.ID, d declaredService) stepFunc {
	return func(ctx context.Context, x *execution) error {
		_, err := x.UpdateServiceAccount(ctx, x.caller, id.String(), users.ServiceAccountPatch{
			Description: users.Optional[*string]{Set: true, To: d.description}, RoleID: new(x.role[d.role.Key()].String()), Owner: owner,
		})
		return err
	}
}

func deleteService(id users.ID) stepFunc {
	return func(ctx context.Context, x *execution) error {
		return x.DeleteServiceAccount(ctx, x.caller, id.String())
	}
}
