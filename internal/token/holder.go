package token

import (
	"sync/atomic"
	"time"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

// Holder is the users.Tokens and the feed.Signer of a process whose keys may change while it runs: it has a KeySet, which can be replaced by
// another. Each call uses one KeySet from beginning to end.
type Holder struct{ held atomic.Pointer[held] }

type held struct {
	set    *KeySet
	public []users.PublicKey
}

var (
	_ users.Tokens = (*Holder)(nil)
	_ feed.Signer  = (*Holder)(nil)
)

// NewHolder returns a Holder that uses set.
func NewHolder(s *KeySet) *Holder {
	h := &Holder{}
	h.Replace(s)
	return h
}

// Replace makes later calls use another set. Tokens are valid for as long as their key is in the set.
func (h *Holder) Replace(s *KeySet) { h.held.Store(&held{set: s, public: s.Public()}) }

// Public returns the public keys of the set, the one that signs first. They must not be changed.
func (h *Holder) Public() []users.PublicKey { return h.held.Load().public }

func (h *Holder) set() *KeySet { return h.held.Load().set }

// Issue implements users.Tokens.
func (h *Holder) Issue(c users.Claims) (token string, whole bool, err error) { return h.set().Issue(c) }

// Fits implements users.Tokens.
func (h *Holder) Fits(c users.Claims) bool { return h.set().Fits(c) }

// Bearer implements users.Tokens.
func (h *Holder) Bearer(token string, now time.Time) (users.Bearer, error) {
	return h.set().Bearer(token, now)
}

// Verify implements users.Tokens.
func (h *Holder) Verify(token string, now time.Time) (users.Claims, error) {
	return h.set().Verify(token, now)
}

// IssuerAudience implements users.Tokens.
func (h *Holder) IssuerAudience() (issuer string, audiences []string) {
	return h.set().IssuerAudience()
}

// SignChanges implements feed.Signer.
func (h *Holder) SignChanges(c feed.Statement) (string, error) { return h.set().SignChanges(c) }
