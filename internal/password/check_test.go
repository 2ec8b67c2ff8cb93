package password

import (
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
)

// bcrypt alone would let these through: it stops at 72 bytes and reads its key in a circle.
func TestPlainMatchesNoMoreThanItsPassword(t *testing.T) {
	t.Parallel()
	h := open(t, Options{Cost: MinCost})
	for _, c := range []struct{ name, chosen, presented string }{
		{"a 73rd byte", strings.Repeat("a", 72), strings.Repeat("a", 73)},
		{"many more bytes", strings.Repeat("a", 72), strings.Repeat("a", 1000)},
		{"a character across the border", strings.Repeat("a", 70) + "bb", strings.Repeat("a", 70) + "bb🔑"},
		{"once around the circle", "battery!", "battery!\x00battery!"},
		{"twice around the circle", "a", "a\x00a\x00a"},
		{"only NULs for the empty password", "", "\x00\x00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hash := mustHash(t, h, c.chosen)
			s, ok := parse(hash)
			if !ok || s.scheme != plain {
				t.Fatalf("%s is not plain bcrypt", string(hash))
			}
			// The test is worth something only if bcrypt sees no difference.
			if bcrypt(keysFor(s.salt64, c.presented)[plain], s.salt, rounds(s.cost)) != s.digest {
				t.Fatal("bcrypt itself tells the two apart")
			}
			if got := mustCheck(t, h, hash, c.presented); got != (users.PasswordCheck{}) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// passlib would have hashed a NUL under bcrypt-sha256. Such a password cannot be chosen here, and a login
// with a NUL is refused whatever is stored.
func TestNULMatchesNothing(t *testing.T) {
	t.Parallel()
	h := open(t, Options{Cost: MinCost})
	for _, hash := range []users.PasswordHash{
		"$bcrypt-sha256$v=2,t=2b,r=4$6v2yEVjvjkATIRx.UnaLde$LQ8txMd4cq.CZc2lUc9KJMt2Cuv0XJu",
		"$bcrypt-sha256$2b,4$e3Ebw48.B0bNxvYRj4mLU.$XZotdgSQw2Z6S7oIZ4Ccvj/3TzqEuOG",
	} {
		if _, ok := parse(hash); !ok {
			t.Fatalf("%s: unreadable", string(hash))
		}
		if got := mustCheck(t, h, hash, strings.Repeat("a\x00b", 30)); got != (users.PasswordCheck{}) {
			t.Errorf("%s: got %+v", string(hash), got)
		}
	}
}

func TestOutdated(t *testing.T) {
	t.Parallel()
	short, long := "battery!", strings.Repeat("a", 73)
	cheap, dear := open(t, Options{Cost: MinCost}), open(t, Options{Cost: MinCost + 1})
	asPlain := func(version string, cost int, password string) users.PasswordHash {
		return made(plain, version, cost, password)
	}
	for _, c := range []struct {
		name     string
		h        *Hasher
		hash     users.PasswordHash
		password string
		want     users.PasswordCheck
	}{
		{"as made today", cheap, asPlain("2b", 4, short), short, users.PasswordCheck{Match: true}},
		{"long, as made today", cheap, made(sha256v2, "2b", 4, long), long, users.PasswordCheck{Match: true}},
		{"cheaper", dear, asPlain("2b", 4, short), short, users.PasswordCheck{Match: true, Outdated: true}},
		{"dearer", cheap, asPlain("2b", 5, short), short, users.PasswordCheck{Match: true, Outdated: true}},
		{"long, cheaper", dear, made(sha256v2, "2b", 4, long), long, users.PasswordCheck{Match: true, Outdated: true}},
		{"2a", cheap, asPlain("2a", 4, short), short, users.PasswordCheck{Match: true, Outdated: true}},
		{"2y", cheap, asPlain("2y", 4, short), short, users.PasswordCheck{Match: true, Outdated: true}},
		{"short under bcrypt-sha256", cheap, made(sha256v2, "2b", 4, short), short, users.PasswordCheck{Match: true, Outdated: true}},
		{"long under version 1", cheap, made(sha256v1, "2b", 4, long), long, users.PasswordCheck{Match: true, Outdated: true}},
		{"outdated and wrong", dear, asPlain("2a", 4, short), "another!", users.PasswordCheck{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := mustCheck(t, c.h, c.hash, c.password)
			if got != c.want {
				t.Fatalf("got %+v, want %+v", got, c.want)
			}
			if got.Outdated {
				// What replaces it must not be outdated again, or every login would write.
				if again := mustCheck(t, c.h, mustHash(t, c.h, c.password), c.password); again != (users.PasswordCheck{Match: true}) {
					t.Errorf("its replacement: got %+v", again)
				}
			}
		})
	}
}

// made is a hash of any kind, also of those that Hash does not make.
func made(kind scheme, version string, cost int, password string) users.PasswordHash {
	s := newStored(kind, cost)
	s.version = version
	s.digest = bcrypt(keysFor(s.salt64, password)[kind], s.salt, rounds(cost))
	return s.text()
}

// unreadable are texts that no format allows. Those that come near one are made of a real hash, of "battery!" in
// plain bcrypt and of "password" in bcrypt-sha256.
var unreadable = []users.PasswordHash{
	"", " ", "$", "$$$", "$2b$", "$2b$04$", "plain text", "\x00",
	"$2b$04$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FI",    // a character short
	"$2b$04$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIaa",  // one too many
	" $2b$04$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa",  // space before
	"$2b$04$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa\n", // line end after
	"$2b$04$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5F\n\n", // … within the length
	"$2b$04$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5F.\n",  // … and no padding bits
	"$2b$04$U54s6ODg3dKS/gD1ium0\n\nb4ibEVdzX9uOPHfeu902GF257XW5FIa", // … in the salt
	"$2b$04$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FI!",   // not in the alphabet
	"$2b$04$U54s6ODg3dKS/gD1iu!0mub4ibEVdzX9uOPHfeu902GF257XW5FIa",   // … in the salt
	"$2b$04$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIb",   // padding bits set in the digest
	"$2b$4$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa",    // cost in one digit
	"$2b$004$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa",  // … in three
	"$2b$+4$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa",   // … with a sign
	"$2b$03$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa",   // … below what bcrypt knows
	"$2b$17$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa",   // … above MaxCost
	"$2b$31$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa",   // … days of work
	"$2b$99$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa",
	"$2b$-1$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa",
	"$2$04$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa", // the first version of all
	"$2c$04$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa",
	"$2B$04$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa",
	"$3b$04$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa",
	"x$2b$04$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa",
	"$2b$04$U54s6ODg3dKS/gD1ium0mu$b4ibEVdzX9uOPHfeu902GF257XW5FIa",

	// bcrypt-sha256, first passlib's own list of what it refuses, then more.
	"$bcrypt-sha256$2a,5$5Hg1DKF!PE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu",
	"$bcrypt-sha256$2c,5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu",
	"$bcrypt-sha256$2x,5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu",
	"$bcrypt-sha256$2a,05$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu",
	"$bcrypt-sha256$2a,5$5Hg1DKFqPE8C2aflZ5vVoe$",
	"$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKF!PE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu",
	"$bcrypt-sha256$v=1,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu",
	"$bcrypt-sha256$v=3,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu",
	"$bcrypt-sha256$v=2,t=2c,r=5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu",
	"$bcrypt-sha256$v=2,t=2a,r=5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu",
	"$bcrypt-sha256$v=2,t=2x,r=5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu",
	"$bcrypt-sha256$v=2,t=2b,r=05$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu",
	"$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$",
	"$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe",
	"$bcrypt-sha256$v=2,t=2b,r=31$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS",
	"$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVof$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS",  // padding bits set in the salt
	"$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbT",  // … in the digest
	"$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS$", // something after
	"$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoeee$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS",
	"$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbSSS",
	"$bcrypt-sha256$v=2,t=2b,r=5$$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS",
	"$bcrypt-sha256$r=5,t=2b,v=2$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS",
	"$bcrypt-sha256$2y,5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu", // passlib never wrote it
	"$bcrypt-sha256$2b$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu",

	// Others' formats.
	"$argon2id$v=19$m=4194304,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRWJTmaaVhnj", // too much memory
	"argon2$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRWJTmaaVhnj",
	"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inz1",
	"bcrypt_sha256$$2b$12$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa", // Django
}

func TestUnreadableMatchesNothing(t *testing.T) {
	t.Parallel()
	h := open(t, Options{Cost: MinCost})
	for _, hash := range unreadable {
		if _, ok := parse(hash); ok {
			t.Errorf("%q was read", string(hash))
			continue // to compare with it might take days
		}
		password := "battery!"
		if strings.HasPrefix(string(hash), prefixSHA256) {
			password = "password"
		}
		if got := mustCheck(t, h, hash, password); got != (users.PasswordCheck{Unreadable: true}) {
			t.Errorf("%q: got %+v", string(hash), got)
		}
	}
}

// Old implementations left padding bits set in salts of plain bcrypt. All of bcrypt reads only the 16 bytes.
func TestLooseSalt(t *testing.T) {
	t.Parallel()
	h := open(t, Options{Cost: MinCost})
	strict := made(plain, "2b", MinCost, "battery!")
	last := strings.IndexByte("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", strict[28])
	loose := strict[:28] + users.PasswordHash("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[last|5]) + strict[29:]
	if loose == strict {
		t.Fatal("no padding bit was set")
	}
	if got := mustCheck(t, h, loose, "battery!"); !got.Match {
		t.Errorf("%s: got %+v", string(loose), got)
	}
}
