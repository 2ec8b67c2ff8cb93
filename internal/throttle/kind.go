package throttle

import (
	"net/netip"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/limit"
)

// Kind is a kind of budget, as it is stored and shown.
type Kind string

// The kinds of budgets.
const (
	KindAddress    Kind = "address"     // failed logins, by address
	KindAccount    Kind = "account"     // failed logins from devices that are not known, by e-mail
	KindDevice     Kind = "device"      // failed logins from a known device
	KindPassword   Kind = "password"    // wrong own passwords, by session
	KindCredential Kind = "credential"  // refused refresh tokens, API keys, client secrets and assertions, by address
	KindNewAccount Kind = "new_account" // accounts that are made, by the account that makes them
)

// Kinds lists them in the order in which they are documented.
func Kinds() []Kind {
	return []Kind{KindAddress, KindAccount, KindDevice, KindPassword, KindCredential, KindNewAccount}
}

// Rates are the sizes of the budgets that settings change.
type Rates struct {
	Address limit.Rate
	Account limit.Rate
	Device  limit.Rate
}

// DefaultRates are those of a service whose settings say nothing. The reasons for the numbers are in docs/security.md.
func DefaultRates() Rates {
	return Rates{
		Address: limit.Rate{Burst: 300, Every: 5 * time.Second},
		Account: limit.Rate{Burst: 20, Every: 10 * time.Minute},
		Device:  limit.Rate{Burst: 5, Every: 15 * time.Minute},
	}
}

// The sizes that no setting changes.
var (
	// passwordRate is that of KindPassword: the owner of the account knows the password, so it is that of a known device with
	// room for the attempts of several tabs.
	passwordRate = limit.Rate{Burst: 10, Every: 10 * time.Minute}
	// credentialRate is that of KindCredential. 128 random bits are not guessed; a refusal costs two queries, and the clients
	// of an office may all have lost their sessions at once.
	credentialRate = limit.Rate{Burst: 300, Every: time.Second}
	// newAccountRate is that of KindNewAccount: more than twice as many as two processors hash at the usual cost, after as many
	// as a company moves in a day. The commands of the operator are not counted.
	newAccountRate = limit.Rate{Burst: 10_000, Every: 50 * time.Millisecond}
)

// free reports whether a client can make up any number of things of a kind, without an account. The others are bounded by
// the accounts there are, and never share a row.
func (k Kind) free() bool { return k == KindAddress || k == KindAccount || k == KindCredential }

// budget is one budget that an attempt is counted against.
type budget struct {
	kind    Kind
	key     string // what tells it from others of its kind
	subject string // what is shown of it
	rate    limit.Rate
}

// budgets returns the budgets of an attempt: those of one element together, and where one of them has no attempt left,
// those of the next element.
func (g *Guard) budgets(a users.Attempt) [][]budget {
	account := ""
	if !a.Account.IsZero() {
		account = a.Account.String()
	}
	network := networkOf(a.Address)
	switch a.Kind {
	case users.AttemptLogin:
		strangers := []budget{
			{KindAddress, network, network, g.Rates.Address},
			{KindAccount, a.Email, account, g.Rates.Account},
		}
		if a.Device == "" {
			return [][]budget{strangers}
		}
		return [][]budget{{{KindDevice, account + " " + a.Device, account, g.Rates.Device}}, strangers}
	case users.AttemptConfirm:
		return [][]budget{{{KindPassword, account + " " + a.Session, account, passwordRate}}}
	case users.AttemptCredential:
		return [][]budget{{{KindCredential, network, network, credentialRate}}}
	case users.AttemptNewAccount:
		return [][]budget{{{KindNewAccount, account, account, newAccountRate}}}
	}
	return nil
}

// networkOf is what an address is counted as: an IPv4 address by itself, and of an IPv6 address the first 64 bits, as
// "2001:db8::/64", which are the least that a network is given (RFC 6177). An unknown address is "unknown", which all such share.
func networkOf(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	p, _ := a.Prefix(64) // fails for more bits than there are
	return p.String()
}
