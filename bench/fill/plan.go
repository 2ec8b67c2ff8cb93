// Package fill puts accounts straight into the tables, since a million passwords cannot be hashed in the time that a
// benchmark has: all accounts share one hash. The accounts are the same at every run.
package fill

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"time"
)

// Role is which of the roles made here an account has.
type Role int

// Nearly all accounts are Customers, some are Support, and the first ones are Readers, which may read accounts. Each
// role inherits from the one before.
const (
	Customer Role = iota
	Support
	Reader
)

var roleNames = [...]string{"Customer", "Support", "Reader"}

// ID is the role's id.
func (r Role) ID() [16]byte { return id(epoch, uint64(r)+1<<32) } //nolint:gosec // a role is no negative number

const (
	// readers is how many accounts may read others.
	readers = 64
	// One in share accounts is Support, and one in share is disabled; in a small plan the share is larger, so that
	// there are leastOfAKind of each.
	share        = 100
	leastOfAKind = 200
)

// epoch is when the first account was made, and span how long making all of them took.
var epoch = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

const span = 300 * 24 * time.Hour

// Plan is a number of accounts that share a hash.
type Plan struct {
	Accounts int
	Hash     string
}

// Account is one of a plan.
type Account struct {
	ID      [16]byte
	Email   string // in its canonical form
	Role    Role
	Active  bool
	Created time.Time
}

// Account is the i-th, in the order in which they were made.
func (p Plan) Account(i int) Account {
	created := epoch.Add(span / time.Duration(p.Accounts) * time.Duration(i)).Truncate(time.Microsecond)
	a := Account{ID: id(created, uint64(i)), Email: email(i), Active: true, Created: created} //nolint:gosec // nor is a place in a plan
	switch lot := mix(i) % p.period(); {
	case i < readers:
		a.Role = Reader
	case lot == 1:
		a.Role = Support
	case lot == 2:
		a.Active = false
	}
	return a
}

// period is one in how many accounts is Support, or disabled.
func (p Plan) period() uint64 { return uint64(max(1, min(share, p.Accounts/leastOfAKind))) }

// Sampled reports whether the i-th account is one of the sample, about size of all accounts, spread evenly over
// every order and filter.
func (p Plan) Sampled(i, size int) bool {
	return (mix(i)>>32)%uint64(max(1, p.Accounts/size)) == 0
}

// id is a UUID of version 7.
func id(moment time.Time, n uint64) (u [16]byte) {
	binary.BigEndian.PutUint64(u[:8], uint64(moment.UnixMilli())<<16|7<<12)
	binary.BigEndian.PutUint64(u[8:], 2<<62|n)
	return u
}

// Text is the canonical spelling of a UUID.
func Text(u [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// mix scatters numbers evenly (the finalizer of splitmix64), so that what is derived from them looks drawn by lot and is
// the same at every run.
func mix(i int) uint64 {
	x := uint64(i) + 0x9e3779b97f4a7c15 //nolint:gosec // any number will do
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Needle is a part of the address of exactly one account of every plan.
const Needle = "quillfeather"

// needleAt is the index of that account.
const needleAt = 500

// email is an address that no other i has. It looks like those of people: given name, surname, number, at one
// of a few domains, a third of them at the first.
func email(i int) string {
	if i == needleAt {
		return "jonas." + Needle + "@example.net"
	}
	// Stepping through all combinations by a number that shares no factor with theirs meets each once before
	// any comes again, in an order without order.
	const combinations = len(given) * len(surnames) * len(separators) * len(domains)
	n := i % combinations * step % combinations
	pick := func(of int) int {
		k := n % of
		n /= of
		return k
	}
	domain, separator, surname, name := domains[pick(len(domains))], separators[pick(len(separators))], surnames[pick(len(surnames))], given[pick(len(given))]
	number := ""
	if round := i / combinations; round > 0 || mix(i)%3 == 0 {
		number = strconv.Itoa(round*100 + int(mix(i)>>8%100))
	}
	return name + separator + surname + number + "@" + domain
}
