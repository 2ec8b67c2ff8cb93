package federation

import (
	"maps"
	"slices"
	"strconv"
	"time"

	users "github.com/svc-users/svc-users"
)

// Trust says which assertions of an issuer are for a service account.
type Trust struct {
	ID      users.ID
	Account users.ID
	// Issuer is the claim iss, character for character, and the URL at which the issuer is discovered.
	Issuer  string
	Subject Pattern
	// Audience must be the claim aud, or among its values.
	Audience string
	// Claims must all be there, each as a string that is exactly this.
	Claims map[string]string
	// KeysURL is where the JWK set of the issuer is; empty if it is discovered.
	KeysURL   string
	CreatedAt time.Time
}

// Claim is a claim that a Trust requires, as the request gave it.
type Claim struct{ Name, Value string }

// NewTrust is what it takes to make a Trust, as the request gave it.
type NewTrust struct {
	Issuer   string
	Subject  string
	Audience *string // nil is our own issuer
	Claims   []Claim
	KeysURL  *string // nil is to be discovered
	Found    users.Faults
}

const (
	maxTrusts     = 20  // of a service account
	maxClaims     = 10  // that a trust requires
	maxClaimName  = 100 // bytes
	maxClaimValue = 512 // bytes
	maxAudience   = 512 // bytes
)

// ownClaims are those that have rules of their own.
var ownClaims = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"}

// covers reports whether an assertion is one that the trust is for. It says nothing of its times and its signature.
func (t Trust) covers(a Assertion) bool {
	if a.Issuer != t.Issuer || !t.Subject.Match(a.Subject) || !slices.Contains(a.Audiences, t.Audience) {
		return false
	}
	for name, value := range t.Claims {
		if found, ok := a.Claims[name]; !ok || found != value {
			return false
		}
	}
	return true
}

// sameRule reports whether two trusts are for the same assertions.
func (t Trust) sameRule(other Trust) bool {
	return t.Issuer == other.Issuer && t.Subject == other.Subject && t.Audience == other.Audience && t.KeysURL == other.KeysURL &&
		maps.Equal(t.Claims, other.Claims)
}

// source is where the keys of the issuer are.
func (t Trust) source() source {
	if t.KeysURL != "" {
		return source{url: t.KeysURL}
	}
	return source{issuer: t.Issuer}
}

// read makes a Trust of a request. Its fields that are wrong are added to the faults.
func (in NewTrust) read(o Options, faults *users.Faults) Trust {
	t := Trust{Issuer: in.Issuer, Audience: o.Issuer, Claims: map[string]string{}}
	if problem := o.checkURL(in.Issuer, issuerURL); problem != "" {
		faults.Add("issuer", problem)
	} else if in.Issuer == o.Issuer {
		faults.Add("issuer", "must be another than this service")
	}
	var err error
	if t.Subject, err = ParsePattern(in.Subject); err != nil {
		faults.Add("subject", err.Error())
	}
	if in.Audience != nil {
		t.Audience = *in.Audience
		if t.Audience == "" || len(t.Audience) > maxAudience || !isPlain(t.Audience) {
			faults.Add("audience", "must have 1 to 512 bytes, without spaces and control characters")
		}
	}
	if in.KeysURL != nil {
		t.KeysURL = *in.KeysURL
		if problem := o.checkURL(t.KeysURL, keysURL); problem != "" {
			faults.Add("jwks_url", problem)
		}
	}
	if len(in.Claims) > maxClaims {
		faults.Add("claims", "must be at most "+strconv.Itoa(maxClaims))
	}
	for i, c := range in.Claims[:min(len(in.Claims), maxClaims)] {
		field := "claims." + strconv.Itoa(i)
		switch _, twice := t.Claims[c.Name]; {
		case c.Name == "" || len(c.Name) > maxClaimName || !isPlain(c.Name):
			faults.Add(field+".name", "must have 1 to 100 bytes, without spaces and control characters")
		case slices.Contains(ownClaims, c.Name):
			faults.Add(field+".name", "must be none of iss, sub, aud, exp, nbf, iat and jti, which have rules of their own")
		case twice:
			faults.Add(field+".name", "is a duplicate")
		case c.Value == "" || len(c.Value) > maxClaimValue:
			faults.Add(field+".value", "must have 1 to 512 bytes")
		default:
			t.Claims[c.Name] = c.Value
		}
	}
	return t
}
