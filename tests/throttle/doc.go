// Package throttle tests the budgets of attempts through the API, on both databases and on several replicas: what guesses
// use up, what owners keep, and what an operator sees of it.
package throttle
