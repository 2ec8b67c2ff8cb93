package token

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/svc-users/svc-users"
)

const (
	// maxRemembered bounds how many verified tokens a key set caches, at less than rememberedSize bytes each. A token
	// with a scope counts for as many as it takes. A token that was evicted costs one more verification.
	maxRemembered  = 16_384
	rememberedSize = 300
)

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
	return otter.Must(&otter.Options[digest, verified]{MaximumWeight: maxRemembered, Weigher: func(_ digest, v verified) uint32 {
		weight := 1 + uint32(len(v.bearer.Act.Chain())) //nolint:gosec // a few
		if v.bearer.Scope == nil {
			return weight
		}
		return weight + uint32(v.bearer.Scope.Size())/rememberedSize //nolint:gosec // a scope is no longer than its token
	}})
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
	b := c.Bearer()
	s.memory.Set(key, verified{bearer: b, validity: validityOf(c)})
	return b, nil
}
