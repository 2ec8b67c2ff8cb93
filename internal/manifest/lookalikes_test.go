package manifest

import (
	"errors"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/confusable"
)

// sight is how the service compares names.
var sight = users.Skeleton(confusable.New().Skeleton)

// A plan refuses what the steps of it would.
func TestPlanLookalikes(t *testing.T) {
	t.Parallel()
	g := users.NewGraph([]users.Role{{ID: users.ID{1}, Name: "Manager"}, {ID: users.ID{2}, Name: "Mаnager"}, {ID: users.ID{3}, Name: "Clerk"}}, nil, nil)
	for _, c := range []struct {
		roles []string
		alike bool
	}{
		{[]string{"Мanager"}, true},
		{[]string{"Mаnager"}, false}, // is there already
		{[]string{"CLERK"}, false},   // only another case
		{[]string{"Сlerk"}, true},
		{[]string{"Driver", "Drivеr"}, true},
		{[]string{"Аdmin"}, true},
		{[]string{"Driver", "Diver"}, false},
	} {
		d := Declaration{Service: "shop"}
		for _, name := range c.roles {
			d.Roles = append(d.Roles, DeclaredRole{Name: name})
		}
		if _, err := makePlan(sight, current{graph: g}, d); errors.Is(err, users.ErrConflict) != c.alike {
			t.Errorf("%q: %v", c.roles, err)
		}
	}
}
