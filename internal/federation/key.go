package federation

import (
	"time"

	users "github.com/svc-users/svc-users"
)

// Key is what a service account signs assertions with: a public key, or the URL of a JWK set of it.
type Key struct {
	ID      users.ID
	Account users.ID
	// KeyID is the kid of the public key; empty if it has none.
	KeyID string
	// Algorithm is the alg of the public key; empty if any of its type counts.
	Algorithm string
	// Thumbprint is that of RFC 7638; empty with a URL.
	Thumbprint string
	// JWK is the public key; empty with a URL. See PublicKey.JWK.
	JWK string
	// URL is where the JWK set is; empty with a public key.
	URL       string
	CreatedAt time.Time
}

// NewKey is what it takes to register a Key, as the request gave it: one of the two.
type NewKey struct {
	JWK   *string // the JSON text of a JWK
	URL   *string
	Found users.Faults
}

// maxKeys is how many keys a service account can have: so many are tried where an assertion does not name one.
const maxKeys = 10

// read makes a Key of a request. What is wrong is added to the faults.
func (in NewKey) read(f *Federation, faults *users.Faults) Key {
	switch {
	case faults.Has("jwk") || faults.Has("jwks_url"):
	case in.JWK != nil && in.URL != nil:
		faults.Add("jwks_url", "must be left out where there is a jwk")
	case in.URL != nil:
		if problem := f.checkURL(*in.URL, keysURL); problem != "" {
			faults.Add("jwks_url", problem)
		}
		return Key{URL: *in.URL}
	case in.JWK == nil:
		faults.Add("jwk", "is required, or a jwks_url in its place")
	default:
		public, err := f.Assertions.ParseKey(*in.JWK)
		if err != nil {
			faults.Add("jwk", err.Error())
			return Key{}
		}
		k := Key{KeyID: public.ID, Thumbprint: public.Thumbprint, JWK: public.JWK}
		if len(public.Algorithms) == 1 {
			k.Algorithm = public.Algorithms[0]
		}
		return k
	}
	return Key{}
}

// same reports whether two are the same public key, or the same URL.
func (k Key) same(other Key) bool { return k.Thumbprint == other.Thumbprint && k.URL == other.URL }
