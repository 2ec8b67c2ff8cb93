package authn

import (
	"context"
	"errors"
	"time"
)

// keyList is the ids of all keys whose tokens svc-users accepts, as a statement tells them. It is immutable. A nil list is
// that of a service from before there were lists, which accepts the tokens of all its published keys.
type keyList struct {
	ids   map[string]bool
	heard time.Time // by the clock of the keySource
}

var errUnlisted = errors.New("kid names no key of the last list in the change feed")

// accepts reports whether tokens of a key are accepted, as far as the list says.
func (l *keyList) accepts(kid string) bool { return l == nil || l.ids[kid] }

// readKeyList reads the list of a statement that the key kid has signed. A key that has itself unlisted cannot say so.
func readKeyList(o object, kid string, heard time.Time) (*keyList, error) {
	if _, there := o["keys"]; !there {
		return nil, nil
	}
	ids, err := o.texts("keys")
	if err != nil {
		return nil, err
	}
	list := &keyList{ids: make(map[string]bool, len(ids)), heard: heard}
	for _, id := range ids {
		if id == "" || len(id) > maxKID || list.ids[id] {
			return nil, errStatement
		}
		list.ids[id] = true
	}
	if !list.ids[kid] {
		return nil, errStatement
	}
	return list, nil
}

// tokenKey returns the key of a token. While the feed is lost the last list counts further, so that a revoked key stays
// revoked whatever the JWK set says. A key that is not in it may be one that was made meanwhile: where requests are refused
// while the feed is lost, the error is errLost, which says nothing of the token.
func (v *Verifier) tokenKey(ctx context.Context, kid string) (publicKey, error) {
	l := v.live.Load()
	switch {
	case l == nil || l.facts.keys.accepts(kid):
		return v.keys.get(ctx, kid)
	case v.options.Changes.WhenLost == Refuse && !l.fresh(readClocks()):
		return nil, errLost
	}
	return nil, errUnlisted
}

// statementKey returns the key of a statement that follows the list last. A key that is not in it may have been revoked, or
// be the new one of a service that has it in its settings and was started again. The JWK set says which, if it was asked
// for after the list.
func (v *Verifier) statementKey(ctx context.Context, kid string, last *keyList) (publicKey, error) {
	if last.accepts(kid) {
		return v.keys.get(ctx, kid)
	}
	return v.keys.getSince(ctx, kid, last.heard)
}

// lastKeys returns the last list that was told.
func (f *follower) lastKeys() *keyList {
	if f.next != nil {
		return f.next.keys
	}
	if l := f.v.live.Load(); l != nil {
		return l.facts.keys
	}
	return nil
}
