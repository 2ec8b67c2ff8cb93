package authn

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// coolDown is the least time between two requests for keys that unknown ids cause, and after a failed request, since
	// any client can send tokens with made-up ids. Up to a quarter is added at random, so that many processes that were
	// started together do not send their requests together.
	coolDown = 10 * time.Second
	// coolDownWithout is the same while there are no keys at all and every request is turned away.
	coolDownWithout = time.Second
	// keysFor is how long keys count as fresh that came without Cache-Control; what it says is kept between
	// the two others.
	keysFor, minKeysFor, maxKeysFor = 5 * time.Minute, coolDown, 24 * time.Hour
	// keysAtMost is how long keys that cannot be renewed are used. Until then requests are served while the issuer is
	// down; a key that was withdrawn meanwhile is refused afterwards.
	keysAtMost = 24 * time.Hour

	// idleWait is how long a request waits for the renewal of keys that have not been used for a long time: one of them
	// may have been withdrawn since. A working issuer answers sooner.
	idleWait = time.Second

	keysTimeout = 5 * time.Second
	maxKeysBody = 1 << 20
)

// keySet holds the keys of one response. It is immutable.
type keySet struct {
	keys  map[string]publicKey
	etag  string
	got   time.Time // when it was asked for
	until time.Time // how long it counts as fresh
}

// due is when to renew the keys in the background: early enough that the keys of a working issuer stay fresh.
func (set *keySet) due() time.Time { return set.got.Add(set.until.Sub(set.got) * 3 / 4) }

// idle reports whether the keys have been stale for as long as they were fresh, so that no request can have used them.
func (set *keySet) idle(now time.Time) bool {
	return !now.Before(set.until.Add(set.until.Sub(set.got)))
}

// keySource keeps the issuer's keys. Reading costs a lock and a look into a map; fetching is done by one goroutine for
// all that wait for it.
type keySource struct {
	url    string
	client *http.Client
	log    *slog.Logger
	clock  func() time.Time // for tests; of its readings only differences count

	mu       sync.Mutex
	set      *keySet
	fetching *fetch    // the request under way, or nil
	unknown  time.Time // before this no unknown id causes a request
	// statements is when the next statement may cause a request, see expect and getSince.
	statements time.Time
	expected   expectation
	retry      time.Time // before this nothing does, after a failure
	failed     error     // of the last request, nil if it went well
}

// fetch is a request for keys under way.
type fetch struct {
	done chan struct{} // closed when err is there
	err  error
}

// get returns the key of an id. The error is errKey where the issuer has no such key; any other error says that the keys
// could not be fetched.
func (s *keySource) get(ctx context.Context, kid string) (publicKey, error) {
	key, wait, err := s.look(kid)
	if wait == nil {
		return key, err
	}
	var enough <-chan time.Time // never, without a key to go on with
	if key != nil {
		timer := time.NewTimer(idleWait)
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case <-wait.done:
	case <-enough:
		return key, nil
	case <-ctx.Done():
		return nil, &keysError{ctx.Err()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if key := s.usable().find(kid); key != nil {
		return key, nil
	}
	if wait.err != nil {
		return nil, &keysError{wait.err}
	}
	return nil, errKey
}

// look returns the key, or why there is none, and the request that has to be waited for: with a key, not for long.
func (s *keySource) look(kid string) (publicKey, *fetch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	set := s.usable()
	key := set.find(kid)
	switch {
	case key != nil && now.Before(set.due()):
		return key, nil, nil
	case key != nil:
		// While the keys are usable, no request waits for an issuer that does not answer or failed the last time.
		wait := s.begin(now, false)
		if !set.idle(now) || s.failed != nil {
			wait = nil
		}
		return key, wait, nil
	case set == nil || !now.Before(set.until):
		if wait := s.begin(now, false); wait != nil {
			return nil, wait, nil
		}
	case s.fetching != nil:
		return nil, s.fetching, nil
	case !now.Before(s.unknown):
		if wait := s.begin(now, false); wait != nil {
			s.unknown = now.Add(spread(coolDown))
			return nil, wait, nil
		}
	}
	if s.failed != nil {
		return nil, nil, &keysError{s.failed}
	}
	return nil, nil, errKey
}

// usable returns the keys that may be used, or nil.
func (s *keySource) usable() *keySet {
	if s.set == nil || s.clock().Sub(s.set.got) > keysAtMost {
		return nil
	}
	return s.set
}

func (set *keySet) find(kid string) publicKey {
	if set == nil {
		return nil
	}
	return set.keys[kid]
}

// begin returns the request under way, begins one if there is none, or returns nil if it is too early for that. With
// uncached no cache on the way may answer it without the issuer.
func (s *keySource) begin(now time.Time, uncached bool) *fetch {
	if s.fetching != nil {
		return s.fetching
	}
	if now.Before(s.retry) {
		return nil
	}
	f := &fetch{done: make(chan struct{})}
	s.fetching = f
	// Not with the context of the request that began it, since others wait for it too.
	go s.fetch(f, s.set, now, uncached)
	return f
}

func (s *keySource) fetch(f *fetch, old *keySet, now time.Time, uncached bool) {
	set, err := s.request(old, now, uncached)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.set = set
	} else {
		pause := coolDown
		if s.usable() == nil {
			pause = coolDownWithout
		}
		s.retry = s.clock().Add(spread(pause))
		s.log.Warn("authn: the issuer's keys could not be read", "error", err, "keys", s.usable() != nil)
	}
	f.err, s.failed, s.fetching = err, err, nil
	close(f.done)
}

// request asks for the keys, or whether they are still the old ones.
func (s *keySource) request(old *keySet, now time.Time, uncached bool) (*keySet, error) {
	ctx, cancel := context.WithTimeout(context.Background(), keysTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	if uncached {
		request.Header.Set("Cache-Control", "no-cache") // RFC 9111 §5.2.1.4
	}
	if old != nil && old.etag != "" {
		request.Header.Set("If-None-Match", old.etag)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	set := &keySet{etag: response.Header.Get("ETag"), got: now, until: now.Add(maxAge(response.Header))}
	switch {
	case response.StatusCode == http.StatusNotModified && old != nil:
		set.keys, set.etag = old.keys, old.etag
		return set, nil
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("answered %d", response.StatusCode)
	}
	body, err := readAtMost(response.Body, maxKeysBody)
	if err != nil {
		return nil, err
	}
	set.keys, err = parseKeys(body)
	return set, err
}

// maxAge is how long an answer counts as fresh, by its Cache-Control (RFC 9111 §5.2.2).
func maxAge(h http.Header) time.Duration {
	age := keysFor
	for part := range strings.SplitSeq(strings.ToLower(strings.Join(h.Values("Cache-Control"), ",")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "no-store", "no-cache":
			return minKeysFor
		case "max-age":
			if seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
				age = time.Duration(seconds) * time.Second
			}
		}
	}
	return min(max(age, minKeysFor), maxKeysFor)
}

// keysError says that a token could not be verified, since the keys could not be fetched. The token may be valid.
type keysError struct{ cause error }

func (e *keysError) Error() string { return "the issuer's keys cannot be fetched: " + e.cause.Error() }
func (e *keysError) Unwrap() error { return e.cause }
