// Package system tests the built binary: its tests build svc-users once, start it as often as they need, and send it
// requests over loopback. They cover what happens in operation: processes are killed while they write, the database
// goes away or freezes, clients are slow or hostile, two replicas receive conflicting requests at once, and a right that
// one replica revokes is requested from the others.
//
// The tests use nothing but the service's responses, its log, its exit status and its database. Every response and
// every line of every process is searched for secrets, every line of a log must be one record, and a 500 or a log
// record of a defect fails the test in which it appears, whatever that test is about.
//
// A plain run takes a minute or two, because each race is run a few times only. These variables make it longer:
//
//   - SYSTEM_ROUNDS multiplies the rounds of every race, kill and restart. At least a thousand of each race is
//     SYSTEM_ROUNDS=1000 go test -timeout 12h -run Race ./tests/system
//   - SYSTEM_LIVE_ROUNDS multiplies the changes of rights that are made while all replicas are asked, and the
//     network faults during them. -v shows how long the changes took to converge on all replicas.
//   - SYSTEM_TIMING_PAIRS is how many pairs of logins, one of a known and one of an unknown e-mail, are timed;
//     from 500 on the rank-sum AUC must be within 0.45 and 0.55. It wants a quiet machine.
package system
