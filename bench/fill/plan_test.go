package fill

import (
	"math"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestAddressesAreDifferent(t *testing.T) {
	t.Parallel()
	const n = 1_000_000
	seen := make(map[string]struct{}, n)
	needles := 0
	for i := range n {
		e := email(i)
		if _, twice := seen[e]; twice {
			t.Fatalf("%s is the address of two accounts, the second is %d", e, i)
		}
		seen[e] = struct{}{}
		if strings.Contains(e, Needle) {
			needles++
		}
	}
	if needles != 1 {
		t.Errorf("the needle is in %d addresses", needles)
	}
}

// Every kind of account fills pages at every depth, in the smallest plan too, and is rare in large ones.
func TestKindsOfAccounts(t *testing.T) {
	t.Parallel()
	for accounts, share := range map[int]float64{1_000: 0.2, 100_000: 0.01} {
		p := Plan{Accounts: accounts}
		var readers, support, disabled, sampled int
		size := min(2000, accounts/2)
		for i := range accounts {
			a := p.Account(i)
			if again := p.Account(i); a != again {
				t.Fatalf("account %d is %v and %v", i, a, again)
			}
			switch {
			case a.Role == Reader:
				readers++
			case a.Role == Support:
				support++
			}
			if !a.Active {
				disabled++
			}
			if p.Sampled(i, size) {
				sampled++
			}
		}
		if readers != 64 {
			t.Errorf("%d of %d may read accounts", readers, accounts)
		}
		for what, test := range map[string]struct {
			got  int
			want float64
		}{"Support": {support, share * float64(accounts)}, "disabled": {disabled, share * float64(accounts)}, "in the sample": {sampled, float64(size)}} {
			if math.Abs(float64(test.got)-test.want) > test.want/5 {
				t.Errorf("%d of %d are %s, want about %.0f", test.got, accounts, what, test.want)
			}
		}
	}
}

func TestIDsSortByCreation(t *testing.T) {
	t.Parallel()
	p := Plan{Accounts: 1_000_000}
	last := ""
	for i := range 2000 {
		a := p.Account(i)
		text := Text(a.ID)
		if u, err := uuid.Parse(text); err != nil || u != a.ID || u.Version() != 7 || u.Variant() != uuid.RFC4122 {
			t.Fatalf("%s is not a UUID of version 7: %v", text, err)
		}
		if text <= last {
			t.Fatalf("%s comes after %s", text, last)
		}
		if ms := int64(a.ID[0])<<40 | int64(a.ID[1])<<32 | int64(a.ID[2])<<24 | int64(a.ID[3])<<16 | int64(a.ID[4])<<8 | int64(a.ID[5]); ms != a.Created.UnixMilli() {
			t.Fatalf("%s was made at %d", text, a.Created.UnixMilli())
		}
		last = text
	}
	for r := range roleNames {
		if u := uuid.UUID(Role(r).ID()); u.Version() != 7 || u.Variant() != uuid.RFC4122 {
			t.Errorf("role %d has the id %s", r, u)
		}
	}
}
