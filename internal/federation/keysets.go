package federation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	users "github.com/svc-users/svc-users"
)

const (
	// leastLife and mostLife bound how long a set of keys is used before it is read anew, whatever its Cache-Control says: a
	// key that was withdrawn must not count for long, and an issuer not be asked with each token.
	leastLife = 5 * time.Minute
	mostLife  = 24 * time.Hour
	// coolDown is how long an issuer is not asked for a key that it did not have: each assertion can name another.
	coolDown = 30 * time.Second
	// retryAfter is how long an issuer that could not be read is not asked again.
	retryAfter = 5 * time.Second
	// fetchTime bounds all that it takes to read the keys of an issuer.
	fetchTime = 5 * time.Second
	// maxSources bounds how many sets are in memory. A set has at most 100 keys, and most have a few.
	maxSources = 1000
)

// source is where a set of keys is: at a URL, or where the discovery document of the issuer says.
type source struct{ issuer, url string }

// String names it for the log.
func (s source) String() string {
	if s.url != "" {
		return s.url
	}
	return s.issuer
}

// keySets are the keys of issuers as this process has read them. Each replica reads them for itself.
type keySets struct {
	Ports
	mu   sync.Mutex
	sets map[source]*keySet
}

// keySet is the keys of one source. Only the holder of reading changes them.
type keySet struct {
	reading chan struct{} // of one place, taken while the source is read

	mu      sync.Mutex
	keys    []PublicKey
	readAt  time.Time // zero until they were read
	expires time.Time
	triedAt time.Time // the last attempt, whether or not it succeeded
	err     error     // of the last attempt
}

func newKeySets(p Ports) *keySets { return &keySets{Ports: p, sets: map[source]*keySet{}} }

// find returns the keys of a source that may have signed an assertion. The source is read where its keys are not known or
// have expired; and where none of them fits, if it was not tried for a while. ErrUnavailable where that fails: keys that have
// expired are not used.
func (s *keySets) find(ctx context.Context, src source, a Assertion) ([]PublicKey, error) {
	set := s.set(src)
	found, due, err := set.lookUp(a, s.Service.Now())
	if !due {
		return found, err
	}
	select {
	case set.reading <- struct{}{}:
		defer func() { <-set.reading }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	// Another request may have read the source in the meantime.
	if found, due, err = set.lookUp(a, s.Service.Now()); !due {
		return found, err
	}
	if err := s.read(ctx, src, set); err != nil {
		return nil, unreachable(err)
	}
	found, _, err = set.lookUp(a, s.Service.Now())
	return found, err
}

// set returns the set of a source, which may be empty.
func (s *keySets) set(src source) *keySet {
	s.mu.Lock()
	defer s.mu.Unlock()
	set, ok := s.sets[src]
	if !ok {
		if len(s.sets) >= maxSources {
			s.dropOldest()
		}
		set = &keySet{reading: make(chan struct{}, 1)}
		s.sets[src] = set
	}
	return set
}

// dropOldest forgets the set that was tried longest ago.
func (s *keySets) dropOldest() {
	var oldest source
	var at time.Time
	first := true
	for src, set := range s.sets {
		set.mu.Lock()
		tried := set.triedAt
		set.mu.Unlock()
		if first || tried.Before(at) {
			oldest, at, first = src, tried, false
		}
	}
	delete(s.sets, oldest)
}

// lookUp returns the keys that may have signed an assertion, none of a set that has expired, and whether it is time to read
// the source for it. ErrUnavailable where the last attempt failed, and it is not time for another.
func (k *keySet) lookUp(a Assertion, now time.Time) (found []PublicKey, due bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	pause := retryAfter
	if !k.readAt.IsZero() && now.Before(k.expires) {
		if found := candidates(k.keys, a); len(found) > 0 {
			return found, false, nil
		}
		pause = coolDown
	}
	switch {
	case k.triedAt.IsZero() || !now.Before(k.triedAt.Add(pause)) || k.err == nil && !now.Before(k.expires):
		return nil, true, nil
	case k.err != nil:
		return nil, false, unreachable(k.err)
	}
	return nil, false, nil
}

// read reads a source. It goes on if the request ends that has begun it, since others may wait for it.
func (s *keySets) read(ctx context.Context, src source, set *keySet) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTime)
	defer cancel()
	keys, life, err := s.fetchKeys(ctx, src)
	if err != nil && s.Unreachable != nil {
		s.Unreachable(src.String(), err)
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	now := s.Service.Now()
	set.triedAt, set.err = now, err
	if err == nil {
		set.keys, set.readAt, set.expires = keys, now, now.Add(min(max(life, leastLife), mostLife))
	}
	return err
}

// fetchKeys fetches the keys of a source, and says how long they may be used.
func (s *keySets) fetchKeys(ctx context.Context, src source) ([]PublicKey, time.Duration, error) {
	at := src.url
	if at == "" {
		document, err := s.Fetcher.Fetch(ctx, discoveryURL(src.issuer))
		if err != nil {
			return nil, 0, fmt.Errorf("the discovery document: %w", err)
		}
		issuer, keys, err := s.Assertions.ParseDiscovery(document.Body)
		switch {
		case err != nil:
			return nil, 0, fmt.Errorf("the discovery document: %w", err)
		case issuer != src.issuer:
			return nil, 0, errors.New("the discovery document is that of another issuer")
		case s.checkURL(keys, keysURL) != "":
			return nil, 0, errors.New("the jwks_uri of the discovery document " + s.checkURL(keys, keysURL))
		}
		at = keys
	}
	document, err := s.Fetcher.Fetch(ctx, at)
	if err != nil {
		return nil, 0, fmt.Errorf("the JWK set: %w", err)
	}
	keys, err := s.Assertions.ParseKeySet(document.Body)
	if err != nil {
		return nil, 0, fmt.Errorf("the JWK set: %w", err)
	}
	return keys, document.Fresh, nil
}

// unreachable is the answer while the keys of an issuer cannot be read.
func unreachable(cause error) error {
	return users.Unavailable("The keys of the issuer of the assertion cannot be read now.", retryAfter, cause)
}
