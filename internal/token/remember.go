package token

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/svc-users/svc-users"
)

// maxRemembered bounds how many verified tokens a key set caches, at less than 300 bytes each. A token
// that was evicted costs one more verification.
const maxRemembered = 16_384

// digest is the cache key of a token: SHA-256 of all its bytes. Not a hash of fewer bits, nor a part of
// the token, so that one token never passes for another; and not the token itself, so that a dump of the
// memory contains no valid token.
type digest [sha256.Size]byte

// copies are where tokens are hashed: converted to bytes each time, they would be a quarter of all the garbage
// of a small request.
var copies = sync.Pool{New: func() any { return new([maxLength]byte) }}

// fingerprint is the digest of a token of at most maxLength.
func fingerprint(token string) digest {
	bytes := copies.Get().(*[maxLength]byte)
	defer copies.Put(bytes)
	return sha256.Sum256(bytes[:copy(bytes[:], token)])
}

// verified is what is remembered of a token whose signature and claims were found good.
type verified struct {
	bearer   users.Bearer
	validity validity
}

// memory holds what has been verified. It belongs to one key set and goes with it, so no token outlives the
// key that signed it, nor the issuer and audience that it was held against.
type memory = *otter.Cache[digest, verified]

func newMemory() memory {
	return otter.Must(&otter.Options[digest, verified]{MaximumSize: maxRemembered})
}

// Bearer is Verify for who comes again and again: the signature of a token is verified once, its time is
// looked at each time. Of the claims it returns only those that say whose the token is. A token that does not
// count is not remembered: it costs what it costs.
func (s *KeySet) Bearer(token string, now time.Time) (users.Bearer, error) {
	if len(token) > maxLength {
		return users.Bearer{}, errTooLong
	}
	key := fingerprint(token)
	if v, ok := s.memory.GetIfPresent(key); ok {
		if err := v.validity.check(now); err != nil {
			return users.Bearer{}, err
		}
		return v.bearer, nil
	}
	c, err := s.Verify(token, now)
	if err != nil {
		return users.Bearer{}, err
	}
	b := users.Bearer{Account: c.Subject, Version: c.Version, Session: c.Session, Key: c.Key, Narrowing: c.Narrowing}
	s.memory.Set(key, verified{bearer: b, validity: validityOf(c)})
	return b, nil
}
