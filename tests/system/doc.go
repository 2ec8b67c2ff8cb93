// Package system drives the real binary: its tests build svc-users once, start it as often as they need, speak
// to it over loopback and do to it what life does. Processes are killed while they write, the database goes
// away or freezes, clients are slow or hostile, two replicas are asked for two halves of one mistake, and what one of
// them takes away the others are asked for.
//
// Nothing here looks inside. What a test knows of the service is what it answers, what it logs, how it ends and
// what it leaves in the database. Every answer and every line of every process is searched for secrets, every
// line of a log must be one record, and a 500 or a record of a defect fails the test in which it appears,
// whatever that test is about.
//
// A plain run takes a minute or two, because each race is run a few times only. These variables make it longer:
//
//   - SYSTEM_ROUNDS multiplies the rounds of every race, kill and restart. At least a thousand of each race is
//     SYSTEM_ROUNDS=1000 go test -timeout 12h -run Race ./tests/system
//   - SYSTEM_LIVE_ROUNDS multiplies the changes of rights that are made while all replicas are asked, and the
//     troubles meanwhile. -v shows how long they took to be obeyed.
//   - SYSTEM_TIMING_PAIRS is how many pairs of logins, one of a known and one of an unknown e-mail, are timed;
//     from 500 on the rank-sum AUC must be within 0.45 and 0.55. It wants a quiet machine.
package system
