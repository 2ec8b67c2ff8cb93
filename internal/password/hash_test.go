package password

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"runtime"
	"strings"
	"testing"

	reference "golang.org/x/crypto/bcrypt"

	users "github.com/svc-users/svc-users"
)

var (
	plainText  = regexp.MustCompile(`^\$2b\$04\$[./A-Za-z0-9]{53}$`)
	sha256Text = regexp.MustCompile(`^\$bcrypt-sha256\$v=2,t=2b,r=4\$[./A-Za-z0-9]{21}[.Oeu]\$[./A-Za-z0-9]{31}$`)
)

// The kind of hash follows the length in bytes, and whatever is made matches what it was made of, and only
// that.
func TestHashByLength(t *testing.T) {
	t.Parallel()
	h := open(t, Options{Cost: MinCost})
	for _, c := range []struct {
		name     string
		password string
		format   *regexp.Regexp
	}{
		{"empty", "", plainText},
		{"8 bytes", "battery!", plainText},
		{"71 bytes", strings.Repeat("a", 71), plainText},
		{"72 bytes", strings.Repeat("a", 72), plainText},
		{"73 bytes", strings.Repeat("a", 73), sha256Text},
		{"36 characters of 2 bytes", strings.Repeat("ä", 36), plainText},
		{"a 2-byte character across the border", strings.Repeat("a", 71) + "ä", sha256Text},
		{"a 4-byte character across the border", strings.Repeat("a", 70) + "🔑", sha256Text},
		{"256 characters of 1 byte", strings.Repeat("a", 256), sha256Text},
		{"256 characters of 4 bytes", strings.Repeat("🔑", 256), sha256Text},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hash := mustHash(t, h, c.password)
			if !c.format.MatchString(string(hash)) {
				t.Errorf("got %s, want %s", string(hash), c.format)
			}
			if again := mustHash(t, h, c.password); again == hash {
				t.Error("two hashes of one password are the same: the salt is not random")
			}
			if got := mustCheck(t, h, hash, c.password); got != (users.PasswordCheck{Match: true}) {
				t.Errorf("its own password: got %+v", got)
			}
			for _, other := range []string{c.password + "a", c.password + strings.Repeat("b", 80), "b" + c.password} {
				if got := mustCheck(t, h, hash, other); got.Match {
					t.Errorf("matches a password of %d bytes too", len(other))
				}
			}
			if n := len(c.password); n > 0 {
				if got := mustCheck(t, h, hash, c.password[:n-1]); got.Match {
					t.Error("matches without its last byte")
				}
			}
		})
	}
}

func TestHashRefusesNUL(t *testing.T) {
	t.Parallel()
	h := open(t, Options{Cost: MinCost})
	for _, p := range []string{"\x00", "battery\x00", strings.Repeat("a", 80) + "\x00"} {
		if hash, err := h.Hash(t.Context(), users.PurposeNewAccount, users.PresentedPassword(p)); err == nil || hash != "" {
			t.Errorf("%q: got %s, %v", p, string(hash), err)
		}
	}
}

// Our bcrypt and golang.org/x/crypto/bcrypt accept each other's hashes.
func TestAgreesWithXCrypto(t *testing.T) {
	t.Parallel()
	h := open(t, Options{Cost: MinCost})
	for i := range 40 {
		secret := make([]byte, 1+rand.N(maxPlain))
		for j := range secret {
			secret[j] = byte(1 + rand.N(127))
		}
		t.Run(fmt.Sprint(i, " ", len(secret), " bytes"), func(t *testing.T) {
			t.Parallel()
			if err := reference.CompareHashAndPassword([]byte(mustHash(t, h, string(secret))), secret); err != nil {
				t.Errorf("x/crypto refuses our hash of %q: %v", secret, err)
			}
			theirs, err := reference.GenerateFromPassword(secret, MinCost)
			if err != nil {
				t.Fatal(err)
			}
			want := users.PasswordCheck{Match: true, Outdated: true} // they write $2a$
			if got := mustCheck(t, h, users.PasswordHash(theirs), string(secret)); got != want {
				t.Errorf("%s of %q: got %+v, want %+v", theirs, secret, got, want)
			}
		})
	}
}

func TestNewRefusesImpossibleCost(t *testing.T) {
	t.Parallel()
	for _, cost := range []int{-1, 1, MinCost - 1, MaxCost + 1, 31} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("cost %d: no panic", cost)
				}
			}()
			New(Options{Cost: cost}).Close()
		}()
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	h := New(Options{})
	t.Cleanup(h.Close)
	if h.cost != DefaultCost || h.Workers() != runtime.GOMAXPROCS(0) || h.pool.MaxWait != DefaultMaxWait {
		t.Errorf("cost %d, %d workers, wait %v", h.cost, h.Workers(), h.pool.MaxWait)
	}
}

// Under a quota there are as many workers as it takes to use the share of it that is for hashing.
func TestWorkersUnderAQuota(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		quota     float64
		workers   int
		want      int
		wantSpeed float64 // of each
	}{
		{0.1, 0, 1, 0.085}, {0.5, 0, 1, 0.425}, {1, 0, 1, 0.85}, {1.5, 0, 2, 0.6375}, {4, 0, 4, 0.85}, {40, 0, 34, 1}, {1, 4, 4, 0.2125}, {4, 1, 1, 1},
	} {
		o := Options{Quota: c.quota, Workers: c.workers}
		if got := o.workers(); got != c.want {
			t.Errorf("a quota of %v, %d asked for: %d workers, want %d", c.quota, c.workers, got, c.want)
		}
		if got := o.speed(); math.Abs(got-c.wantSpeed) > 1e-9 {
			t.Errorf("a quota of %v, %d asked for: each hashes at %v of its speed, want %v", c.quota, c.workers, got, c.wantSpeed)
		}
	}
}
