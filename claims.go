package users

import "time"

// Claims is what a token says of its bearer (RFC 7519). Issuer and audience belong to the key set that signs
// and verifies, and are not repeated here.
type Claims struct {
	Subject   ID        // sub
	TokenID   ID        // jti
	IssuedAt  time.Time // iat, whole seconds
	NotBefore time.Time // nbf, whole seconds
	Expires   time.Time // exp, whole seconds
	Version   int64     // ver: the account's token version at issue
	Email     string    // of a person; empty for a service account
	// Service says that the token is of a service account (RFC 9068), which has no email.
	Service bool
	// Scope is what the token is restricted to, and the claim scope; nil where it is not, as at a login.
	Scope  *Scope
	RoleID ID       // role_id: the own role; zero in tokens from before there was that claim
	Roles  []string // the own role first, then those it inherits from, nearest first; none of a token that is Exchanged or has a Scope
	// Permissions are the sorted names of all effective permissions. They inform; what the bearer may do is
	// decided from the database.
	Permissions []string
	Session     ID // sid: of the session that the token belongs to; zero if it has none
	// Exchanged says that the token was issued for another credential, which it is no more than: it reads, checks and takes
	// away, as an API key does.
	Exchanged bool
	// APIKey is api_key_id of an exchanged token: the API key that it was issued for, at first hand or not; else zero.
	APIKey ID
	// Act are the actors of an exchanged token, the latest first; nil if its subject acts by itself.
	Act *Actor
	// Narrowing is aud and permission_prefix of a token for a declared audience; zero for one for all of IssuerAudience.
	Narrowing Narrowing
	// Key is the kid of the key that has signed the token. Tokens says it; of claims to be issued it is not looked at.
	Key string
}

// Tokens signs and verifies JSON Web Tokens (RFC 7519, RFC 7515; RS256 or ES256, by the key).
type Tokens interface {
	// Issue signs claims. ErrUnavailable while there is no key to sign with, ErrScopeTooLong for a scope that a token has no
	// room for. A token that would be longer than is issued lacks its permissions (claim
	// permissions_omitted) and, if need be, names the own role alone: then it is not whole.
	Issue(c Claims) (token string, whole bool, err error)
	// Fits reports whether a token of these claims would be whole; true while there is no key to sign with.
	Fits(c Claims) bool
	// Bearer returns whom a token stands for if it is ours and valid at now, else an error that says why, for
	// the log alone: ErrUnknownKey, wrapped, for a key id that is not among the keys. Whether the account still stands behind
	// it is the Service's to decide.
	Bearer(token string, now time.Time) (Bearer, error)
	// Verify returns all that a token says, and of which tokens as Bearer does.
	Verify(token string, now time.Time) (Claims, error)
	// IssuerAudience returns iss of the tokens and aud of those that are for no declared audience, which has at least one.
	IssuerAudience() (issuer string, audiences []string)
}

// Bearer is what a token says of its account and what decides whether it is valid: all that a request
// needs of it, since rights are looked up and not believed.
type Bearer struct {
	Account ID     // sub
	Version int64  // ver
	Session ID     // sid; zero for a token without a session
	Key     string // kid of the key that has signed the token
	// Narrowing is that of a token for a declared audience.
	Narrowing Narrowing
	Service   bool   // it is of a service account
	Scope     *Scope // as in Claims
	Expires   time.Time
	// The following are as in Claims.
	Exchanged bool
	APIKey    ID
	Act       *Actor
}

// Bearer is what decides whether the token of the claims is valid.
func (c Claims) Bearer() Bearer {
	return Bearer{
		Account: c.Subject, Version: c.Version, Session: c.Session, Key: c.Key, Narrowing: c.Narrowing, Service: c.Service, Scope: c.Scope,
		Expires: c.Expires, Exchanged: c.Exchanged, APIKey: c.APIKey, Act: c.Act,
	}
}

// PublicKey is a key that others verify our tokens with (RFC 7517): an RSA key (RFC 7518 §6.3) or one on the curve P-256
// (RFC 7518 §6.2). The numbers are big endian.
type PublicKey struct {
	ID        string // kid
	Algorithm string // alg, the only one the key is for: RS256 or ES256
	KeyType   string // kty: RSA or EC
	Modulus   []byte // n of an RSA key, no leading zero
	Exponent  []byte // e of an RSA key, no leading zero
	Curve     string // crv of an EC key: P-256
	X, Y      []byte // x and y of an EC key, 32 bytes each
	PEM       []byte // SubjectPublicKeyInfo
}
