package authz

import (
	"sync/atomic"
	"testing"
)

// cell is one row of the table: who does what. What must come of it is for the oracle to say.
type cell struct {
	who  caller
	call call
	lies bool // the token claims the contrary of what its account may do
	// key is the list of an API key that is sent in place of a token, with spaces between; empty for a token.
	key string
}

// table is a world and the cells that begin in it.
type table struct {
	name  string
	world state
	cells []cell
}

// tables are all there are.
func tables() []table {
	return []table{
		gate(), accountTable(), accountRoleTable(), sessionTable(), keyTable(), serviceTable(),
		roleTable(), parentTable(), assignmentTable(), permissionTable(), freePermissionTable(), askingTable(),
	}
}

// ran counts the cells that were run, over all engines.
var ran atomic.Int64

func TestTable(t *testing.T) {
	for _, table := range tables() {
		t.Run(table.name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, h *house) {
				h.install(t, table.world)
				for i, c := range table.cells {
					if i%stride != 0 {
						continue
					}
					t.Run(table.world.title(c), func(t *testing.T) {
						ran.Add(1)
						h.run(t, c)
					})
				}
				if !h.unchanged(t, everything...) {
					t.Errorf("something has changed: %s", h.look(t).differs(h.base))
				}
			})
		})
	}
}
