package manifest

import (
	"errors"
	"testing"

	users "github.com/svc-users/svc-users"
)

// However much is wrong, reading ends.
func TestDeclarationFaultsAreBounded(t *testing.T) {
	t.Parallel()
	d := Declaration{Service: "orders"}
	for range 1000 {
		d.Roles = append(d.Roles, DeclaredRole{Name: "x", Permissions: make([]string, 1000)})
	}
	_, err := makePlan(sight, current{graph: planWorld()}, d)
	var refused *users.Error
	if !errors.As(err, &refused) || len(refused.Faults) < maxDeclarationFaults || len(refused.Faults) > 2*maxDeclarationFaults {
		t.Errorf("%v", err)
	}
}
