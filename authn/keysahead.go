package authn

import (
	"context"
	"slices"
	"strings"
	"time"
)

// statementCoolDown is the least time between two requests for keys that statements cause. Statements are signed, or come
// from a server that could as well answer nothing, so they may cause more than tokens with made-up ids.
const statementCoolDown = time.Second

// expectation is what is known of the listed keys that are missing here.
type expectation struct {
	missing string        // their ids, sorted, with spaces between them; empty if there are none
	next    time.Time     // when to ask for them
	pause   time.Duration // until the time after that
}

// expect asks for the keys in the background if one of a list is missing: at once, since its first token may come at any
// moment, and then less and less often. A replica that is asked may not have it yet, and a key that cannot be used here
// stays missing. It is called with every answer of the feed.
func (s *keySource) expect(list *keyList) {
	if list == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now, set := s.clock(), s.usable()
	var missing []string
	for id := range list.ids {
		if set.find(id) == nil {
			missing = append(missing, id)
		}
	}
	slices.Sort(missing)
	e := &s.expected
	if ids := strings.Join(missing, " "); ids != e.missing {
		*e = expectation{missing: ids, next: s.statements, pause: statementCoolDown}
	}
	if e.missing == "" || s.fetching != nil || now.Before(e.next) || s.begin(now, true) == nil {
		return
	}
	s.statements = now.Add(statementCoolDown)
	e.next, e.pause = now.Add(spread(e.pause)), min(2*e.pause, keysFor)
}

// getSince returns the key of an id out of keys that were asked for after a time. The error is errKey where the issuer has
// no such key, or was asked too short a time ago; any other error says that the keys could not be fetched.
func (s *keySource) getSince(ctx context.Context, kid string, since time.Time) (publicKey, error) {
	for range 3 { // a request under way may have begun too early, and the one after it may have to be waited for
		key, wait, err := s.lookSince(kid, since)
		if wait == nil {
			return key, err
		}
		select {
		case <-wait.done:
		case <-ctx.Done():
			return nil, &keysError{ctx.Err()}
		}
		if wait.err != nil {
			return nil, &keysError{wait.err}
		}
	}
	return nil, errKey
}

// lookSince returns the key, or why there is none, or the request that has to be waited for.
func (s *keySource) lookSince(kid string, since time.Time) (publicKey, *fetch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, set := s.clock(), s.usable()
	switch {
	case set != nil && set.got.After(since):
		if key := set.find(kid); key != nil {
			return key, nil, nil
		}
		return nil, nil, errKey
	case s.fetching != nil:
		return nil, s.fetching, nil
	case now.Before(s.statements):
		return nil, nil, errKey
	}
	if wait := s.begin(now, true); wait != nil {
		s.statements = now.Add(statementCoolDown)
		return nil, wait, nil
	}
	return nil, nil, &keysError{s.failed}
}
