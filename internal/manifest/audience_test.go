package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
)

// planAudiences are those that the plans of the tests begin from.
func planAudiences() []users.Audience {
	return []users.Audience{{Name: "billing", Prefix: "billing:", Owner: "billing"}}
}

func TestPlansOfAudiences(t *testing.T) {
	t.Parallel()
	const scope = "must be an OAuth scope token: printable ASCII without spaces, quotes or backslashes"
	const characters = "must have 1 to 96 printable ASCII characters without spaces, commas, quotes and backslashes"
	mine := users.Audience{Name: "orders", Prefix: "orders:", Owner: "orders"}
	for name, c := range map[string]struct {
		audience, prefix string // - is none
		prune            bool
		existing         []users.Audience
		want             string // changes, orphans and what is refused
	}{
		"a new one":            {"orders", "orders:", false, nil, "create audience orders permission_prefix orders:"},
		"as it is":             {"orders", "orders:", false, []users.Audience{mine}, ""},
		"another prefix":       {"orders", "orders.", false, []users.Audience{mine}, "change audience orders permission_prefix orders: → orders."},
		"none":                 {"-", "-", false, []users.Audience{mine}, "orphaned audience orders"},
		"none, pruned":         {"-", "-", true, []users.Audience{mine}, "delete audience orders"},
		"another name":         {"https://orders.example", "orders:", false, []users.Audience{mine}, "create audience https://orders.example permission_prefix orders:; orphaned audience orders"},
		"another name, pruned": {"urn:orders", "orders:", true, []users.Audience{mine}, "create audience urn:orders permission_prefix orders:; delete audience orders"},
		"one of billing":       {"billing", "orders:", false, nil, "The audience billing: The audience billing belongs to the service billing; the service orders can't declare it."},
		"a reserved prefix": {"orders", "accounts:", false, nil,
			"The audience orders: Permissions of this service itself begin with accounts:; an audience can't have that prefix."},
		"the beginning of one":    {"orders", "api-", false, nil, "The audience orders: Permissions of this service itself begin with api-; an audience can't have that prefix."},
		"below a reserved prefix": {"orders", "roles:x:", false, nil, "The audience orders: Names that begin with roles: or look so are reserved for this service's own permissions; choose another, such as app:roles:x:"},
		"a lookalike":             {"orders", "ro1es:", false, nil, "The audience orders: Names that begin with roles: or look so are reserved for this service's own permissions; choose another, such as app:ro1es:"},
		"no prefix":               {"orders", "-", false, nil, "permission_prefix is required with audience"},
		"no audience":             {"-", "orders:", false, nil, "audience is required with permission_prefix"},
		"empty":                   {"", "", false, nil, "audience " + characters + "; permission_prefix must have 1 to 100 characters"},
		"no separator":            {"orders", "orders", false, nil, "permission_prefix must end in a separator, as orders: does"},
		"no names":                {"a,b", "a b:", false, nil, "audience " + characters + "; permission_prefix " + scope},
		"no URI":                  {"1:x", ":", false, nil, "audience must be a URI, or a plain name without colons"},
		"a URI without more":      {"urn:", ":", false, nil, "audience must be a URI, or a plain name without colons"},
		"too long":                {strings.Repeat("x", 97), strings.Repeat("x", 32) + ":", false, nil, "audience " + characters + "; permission_prefix must have at most 32 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := asIs()
			d.Prune = c.prune
			if c.audience != "-" {
				d.Audience = &c.audience
			}
			if c.prefix != "-" {
				d.PermissionPrefix = &c.prefix
			}
			plan, err := makePlan(sight, current{graph: planWorld(), audiences: slices.Concat(planAudiences(), c.existing)}, d)
			var got []string
			for _, x := range plan.Changes {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", x.Action, x.Kind, x.Name, x.Details)))
			}
			for _, x := range plan.Orphaned {
				got = append(got, fmt.Sprintf("orphaned %s %s", x.Kind, x.Name))
			}
			var refused *users.Error
			if errors.As(err, &refused) && len(refused.Faults) == 0 {
				got = append(got, refused.Message)
			} else if refused != nil {
				for _, f := range refused.Faults {
					got = append(got, f.Field+" "+f.Problem)
				}
			}
			if is := strings.Join(got, "; "); is != c.want {
				t.Errorf("got  %s\nwant %s", is, c.want)
			}
		})
	}
}
