// Package sessions tests the rules of sessions on both databases, beneath HTTP: what a refresh token is worth at each
// moment, to its owner, to a client that has lost an answer, and to a thief.
package sessions
