// Package keys tests that no client notices when signing keys follow one another: two replicas rotate keys in accelerated
// time, are killed at each step, and clients with their default caches verify every token meanwhile.
//
// A rotation takes 30 days at the least hurry that the settings allow, a day. So the replicas are made of the same parts as the
// service's own, by package app, with a period of seconds; each is a process of its own, which is this test program once
// more. These flags make the test longer and wider:
//
//	go test ./tests/keys -args -clients                 jose and PyJWT, too; scripts/test-clients.sh does so
//	go test ./tests/keys -timeout 1h -args -period 30s  slow enough for clients that ask for keys every 10 seconds at most
//	go test ./tests/keys -timeout 1h -args -rotations 60
package keys
