//go:build race

package authz

// Under the race detector everything takes many times as long, and races do not hang on the cell: one in
// stride is run.
const (
	stride   = 11
	together = 2 // defects of one request
)
