package password

import (
	"strings"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/foreignhash"
)

// What can be told apart by its time can be told apart by its rounds, and rounds can be counted exactly.
func TestEqualWork(t *testing.T) {
	t.Parallel()
	const cost = 12
	short, long := "battery!", strings.Repeat("ä", 60)
	var c counter
	digest := quickDigest()
	h := newHasher(Options{Cost: cost, Workers: 1, MaxWait: unhurried}, c.count(digest), noRest)
	t.Cleanup(h.Close)

	hashOf := func(kind scheme, version string, cost int, password string) users.PasswordHash {
		s := newStored(kind, cost)
		s.version = version
		s.digest = digest(keysFor(s.salt64, password)[kind], s.salt, rounds(cost))
		return s.text()
	}
	type try struct {
		name     string
		hash     users.PasswordHash
		password string
		match    bool
	}
	tries := []try{
		{"no hash", "", short, false},
		{"no hash, long", "", long, false},
		{"no hash, NUL", "", "a\x00a", false},
		{"no hash, empty password", "", "", false},
		{"right", hashOf(plain, "2b", cost, short), short, true},
		{"right, 2a", hashOf(plain, "2a", cost, short), short, true},
		{"right, long", hashOf(sha256v2, "2b", cost, long), long, true},
		{"right, long, version 1", hashOf(sha256v1, "2a", cost, long), long, true},
		{"wrong", hashOf(plain, "2b", cost, short), "another!", false},
		{"too long for plain", hashOf(plain, "2b", cost, short), long, false},
		{"short for bcrypt-sha256, wrong", hashOf(sha256v2, "2b", cost, long), short, false},
		{"NUL", hashOf(plain, "2b", cost, "a"), "a\x00a", false},
		{"NUL, long", hashOf(sha256v2, "2b", cost, long+"\x00"), long + "\x00", false},
		{"megabyte", hashOf(plain, "2b", cost, short), strings.Repeat("x", 1<<20), false},
	}
	for stored := MinCost; stored < cost; stored++ {
		tries = append(tries,
			try{"cheaper, right", hashOf(plain, "2b", stored, short), short, true},
			try{"cheaper, wrong", hashOf(plain, "2b", stored, short), "another!", false},
			try{"cheaper, long, right", hashOf(sha256v2, "2b", stored, long), long, true},
			try{"cheaper, long, wrong", hashOf(sha256v2, "2b", stored, long), short, false},
		)
	}
	for _, hash := range unreadable {
		tries = append(tries, try{"unreadable", hash, short, false})
	}
	for _, x := range tries {
		c.reset()
		if got := mustCheck(t, h, x.hash, x.password); got.Match != x.match {
			t.Errorf("%s: %q: got %+v", x.name, string(x.hash), got)
		}
		if got := c.rounds.Load(); got != 1<<cost {
			t.Errorf("%s: %q: %d rounds, want %d", x.name, string(x.hash), got, 1<<cost)
		}
	}

	for _, p := range []string{short, long} {
		c.reset()
		mustHash(t, h, p)
		if calls, n := c.calls.Load(), c.rounds.Load(); calls != 1 || n != 1<<cost {
			t.Errorf("Hash of %d bytes: %d rounds in %d calls", len(p), n, calls)
		}
	}

	// A dearer hash cannot be compared for less, but no hash costs more than MaxCost.
	c.reset()
	mustCheck(t, h, hashOf(plain, "2b", MaxCost, short), "another!")
	if got := c.rounds.Load(); got != 1<<MaxCost {
		t.Errorf("dearer: %d rounds, want %d", got, 1<<MaxCost)
	}
}

// The rounds above are all there is to the time, as far as a clock on a busy machine can tell: left out, the
// topping up would be a factor of four and a missing hash one of thousands. The quickest of several is the
// one least disturbed, so the test asks again until the quickest are alike, and fails if they never are.
func TestEqualTime(t *testing.T) {
	t.Parallel()
	const cost = 6
	h := open(t, Options{Cost: cost, Workers: 1})
	long := strings.Repeat("a", 256)
	kinds := []*timed{
		{name: "right", hash: made(plain, "2b", cost, "battery!"), password: "battery!"},
		{name: "unknown", password: "battery!"},
		{name: "wrong", hash: made(plain, "2b", cost, "battery!"), password: "another!"},
		{name: "cheaper", hash: made(plain, "2b", MinCost, "battery!"), password: "battery!"},
		{name: "unreadable", hash: "$2c$06$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa", password: "battery!"},
		{name: "long", hash: made(sha256v2, "2b", cost, long), password: long},
		{name: "unknown, long", password: long},
		{name: "plain, too long", hash: made(plain, "2b", cost, "battery!"), password: long},
	}
	wantEqualTime(t, h, kinds)
}

// Hashes of other systems, and those of the other default, are topped up by time in place of rounds.
func TestEqualTimeOfOtherHashes(t *testing.T) {
	t.Parallel()
	const cost = 8
	argon2 := foreignhash.Argon2{MemoryKiB: 8 << 10, Passes: 2, Lanes: 1}
	for name, o := range map[string]Options{"bcrypt": {Cost: cost, Workers: 1}, "argon2id": {Argon2: &argon2, Workers: 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, o)
			const digest = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
			typed := "battery cafe\u0301"
			kinds := []*timed{
				{name: "unknown", password: "battery!"},
				{name: "plain", hash: made(plain, "2b", MinCost, "another!"), password: "battery!"},
				{name: "pbkdf2", hash: keep(t, h, "pbkdf2_sha256$10000$AAAAAAAA$"+digest, foreignhash.Marks{}), password: "battery!"},
				{name: "scrypt", hash: keep(t, h, "$scrypt$ln=8,r=8,p=1$AAAAAAAA$"+digest, foreignhash.Marks{AsTyped: true}), password: "battery!"},
				{name: "argon2i", hash: keep(t, h, "$argon2i$v=19$m=64,t=1,p=1$QUFBQUFBQUE$"+digest, foreignhash.Marks{AsTyped: true}), password: "battery!"},
				{name: "wrapped", hash: keep(t, h, "md5$salt$"+strings.Repeat("0", 32), foreignhash.Marks{AsTyped: true}), password: "battery!"},
				{name: "no password", hash: "!", password: "battery!"},
			}
			wantEqualTime(t, h, kinds)
			// The password as typed is compared too, with whatever hash.
			again := []*timed{{name: "unknown", password: typed}}
			for _, k := range kinds {
				again = append(again, &timed{name: k.name, hash: k.hash, password: typed})
			}
			wantEqualTime(t, h, again)
		})
	}
}

// timed is a comparison whose time is measured.
type timed struct {
	name     string
	hash     users.PasswordHash
	password string
	quickest time.Duration
}

// wantEqualTime wants all comparisons to take as long as the first.
func wantEqualTime(t *testing.T, h *Hasher, kinds []*timed) {
	t.Helper()
	for _, k := range kinds {
		k.quickest = time.Hour
	}
	alike := func() bool {
		for _, k := range kinds {
			if ratio := float64(k.quickest) / float64(kinds[0].quickest); ratio < 0.5 || ratio > 2 {
				return false
			}
		}
		return true
	}
	for i := 0; i < 40 && (i < 3 || !alike()); i++ {
		for _, k := range kinds {
			start := time.Now()
			mustCheck(t, h, k.hash, k.password)
			k.quickest = min(k.quickest, time.Since(start))
		}
	}
	if !alike() {
		for _, k := range kinds {
			t.Errorf("%s: %v", k.name, k.quickest)
		}
	}
}
