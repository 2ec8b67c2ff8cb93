// Package authz tests who may do what, over a real socket and on both databases.
//
// The table is data: operations × callers × targets, thousands of cells. What each cell must answer, and what
// must be changed afterwards, is said by an oracle (oracle_*_test.go) that is written from the words of the
// contract alone, on maps and loops, and that calls nothing of the service. A refused cell must leave
// everything as it was; an allowed one must make exactly its change.
//
// The oracle is itself held against answers that a person read out of the contract (scenario tests with their
// statuses written down), and random sequences of operations in random worlds are held against it.
package authz
