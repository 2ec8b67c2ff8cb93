//go:build !race

package authz

// All cells are run; see race_test.go.
const (
	stride   = 1
	together = 3 // defects of one request
)
