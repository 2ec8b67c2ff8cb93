package web

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	users "github.com/svc-users/svc-users"
)

// Impact is what a change would change of what accounts may do.
type Impact struct {
	Roles    []RoleImpact  `json:"roles" nullable:"false" doc:"Roles whose effective permissions would change, sorted by name"`
	Accounts int           `json:"accounts" minimum:"0" doc:"How many accounts' rights would change"`
	Account  accountImpact `json:"account" doc:"The account whose role or state would change; else null"`
}

// RoleImpact is what a role would gain and lose.
type RoleImpact struct {
	ID       string   `json:"id" format:"uuid"`
	Name     string   `json:"name"`
	Gains    []string `json:"gains" nullable:"false"`
	Loses    []string `json:"loses" nullable:"false"`
	Accounts int      `json:"accounts" minimum:"0" doc:"How many active ones have this very role"`
}

// AccountImpact is what an account would gain and lose.
type AccountImpact struct {
	ID    string   `json:"id" format:"uuid"`
	Gains []string `json:"gains" nullable:"false"`
	Loses []string `json:"loses" nullable:"false"`
}

// accountImpact is one of them or null.
type accountImpact struct{ *AccountImpact }

// Schema says that null is possible, which a pointer alone does not.
func (accountImpact) Schema(r huma.Registry) *huma.Schema {
	return schemaOrNull(r.Schema(reflect.TypeFor[AccountImpact](), true, ""))
}

// MarshalJSON leaves the wrapping out.
func (a accountImpact) MarshalJSON() ([]byte, error) { return AppendJSON(nil, a.AccountImpact) }

const dryRunMessage = "Dry run: nothing was changed"

// DryRunnable says of a route that it can be tried without effect, with ?dry_run=true. Its handler must call x.Service,
// which then rolls its changes back.
func DryRunnable(r Route) Route {
	r.dryRunnable = true
	r.Params = append(r.Params, DescribeQueryParam("dry_run",
		"With true nothing is written: the answer, 200, says what would change, or is the refusal that it would meet.",
		&huma.Schema{Type: "boolean", Default: false}))
	return r
}

// dryRun calls do, which answers the request. Where the request asks for a dry run, do works on a Service whose changes
// are rolled back, and what would have changed is the answer in place of its own.
func (x *Exchange) dryRun(r *Route, do func() error) error {
	if !r.dryRunnable {
		return do()
	}
	dry := x.FlagParam("dry_run")
	if dry == nil || !*dry || x.Found.Has("dry_run") {
		return do()
	}
	impact, err := x.Service.DryRun(x.ctx, func(s *users.Service) error {
		x.Service = s
		return do()
	})
	if err != nil {
		return err
	}
	x.Header().Del("Location")
	return x.Reply(Envelope{Code: http.StatusOK, Message: dryRunMessage, Data: toImpact(impact)})
}

func toImpact(i users.Impact) Impact {
	out := Impact{Accounts: i.Accounts, Roles: MapSlice(i.Roles, func(r users.RoleImpact) RoleImpact {
		return RoleImpact{
			ID: r.Role.ID.String(), Name: string(r.Role.Name), Gains: ToStrings(r.Gains), Loses: ToStrings(r.Loses), Accounts: r.Accounts,
		}
	})}
	if a := i.Account; a != nil {
		out.Account.AccountImpact = &AccountImpact{ID: a.ID.String(), Gains: ToStrings(a.Gains), Loses: ToStrings(a.Loses)}
	}
	return out
}
