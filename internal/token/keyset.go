package token

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"github.com/svc-users/svc-users"
)

// maxNameLength bounds issuer and audience, in bytes, so that a token with the own role alone always fits.
const maxNameLength = 512

// Options are the issuer, the audiences and the length of issued tokens.
type Options struct {
	Issuer string // claim iss, 1 to 512 bytes without control characters
	// Audiences are the claim aud, at least one, each as Issuer. One is written as a string, more as an array. A token
	// is valid if its aud has one of them, so that adding or removing an audience invalidates no token of the others.
	Audiences []string
	// MaxBytes is the longest token that is issued, at most 8192; zero is 8192. It must leave room for a token with
	// the own role alone, however long its name and the e-mail are: see TooFewBytes.
	MaxBytes int
}

// TooFewBytes is the error for an Options.MaxBytes that is too small: with this key, issuer and audiences even a token
// without permissions can be longer.
type TooFewBytes struct{ Least int }

// Error names the least that would do.
func (e *TooFewBytes) Error() string {
	return fmt.Sprintf("must be at least %d with this key, issuer and audiences", e.Least)
}

// KeySet signs with one key, or none, and verifies with that key and others: former keys, whose tokens are still valid, and
// coming ones. Keys of both algorithms may be in one set; a token is valid only under the algorithm of the key that its kid names.
// A KeySet keeps only the public halves of the others. A KeySet is immutable, see Holder; it may be used by any number of
// goroutines.
type KeySet struct {
	signing *Key   // nil if none is to sign
	keys    []*Key // all of them, the signing key first
	byID    map[string]*Key
	header  string // of every token of a person that is issued, encoded
	service string // of every token of a service account, encoded
	changes string // of every statement of changes, encoded
	options Options
	memory  memory
}

var _ users.Tokens = (*KeySet)(nil)

// NewKeySet returns a set that signs with one key; where that is nil, to sign is ErrUnavailable. It returns an error if the
// signing key has no private half, two keys have one id, or an option is out of its bounds; *TooFewBytes for MaxBytes.
func NewKeySet(signing *Key, others []*Key, options Options) (*KeySet, error) {
	if signing != nil && !signing.CanSign() {
		return nil, fmt.Errorf("the key %q has no private half to sign with", signing.id)
	}
	if len(options.Audiences) == 0 {
		return nil, errors.New("a key set needs an audience")
	}
	for _, name := range append([]string{options.Issuer}, options.Audiences...) {
		if !goodName(name) {
			return nil, fmt.Errorf("issuer and audiences must have 1 to %d bytes of valid UTF-8 without control characters", maxNameLength)
		}
	}
	if options.MaxBytes == 0 {
		options.MaxBytes = maxLength
	}
	if options.MaxBytes < 0 || options.MaxBytes > maxLength {
		return nil, fmt.Errorf("the longest token must have at most %d bytes", maxLength)
	}
	s := &KeySet{signing: signing, byID: make(map[string]*Key, 1+len(others)), options: options, memory: newMemory()}
	if signing != nil {
		s.keys = append(s.keys, signing)
	}
	for _, k := range others {
		if k == nil {
			return nil, errors.New("a key set cannot hold a nil key")
		}
		s.keys = append(s.keys, k.PublicOnly())
	}
	for _, k := range s.keys {
		if s.byID[k.id] != nil {
			return nil, fmt.Errorf("two keys have the id %q", k.id)
		}
		s.byID[k.id] = k
	}
	if signing == nil {
		return s, nil
	}
	if err := s.prepareToSign(); err != nil {
		return nil, err
	}
	return s, nil
}

// prepareToSign encodes the headers, and checks that the shortest token fits.
func (s *KeySet) prepareToSign() (err error) {
	if s.header, err = encodeHeader(tokenType, s.signing); err != nil {
		return err
	}
	if s.service, err = encodeHeader(serviceType, s.signing); err != nil {
		return err
	}
	if s.changes, err = encodeHeader(changesType, s.signing); err != nil {
		return err
	}
	switch least, err := s.leastLength(); {
	case err != nil:
		return fmt.Errorf("measure the shortest token: %w", err)
	case least > s.options.MaxBytes:
		return &TooFewBytes{least}
	}
	return nil
}

// encodeHeader returns the first part of what a key signs.
func encodeHeader(kind string, signing *Key) (string, error) {
	head, err := json.Marshal(header{Algorithm: signing.Algorithm(), Type: kind, KeyID: signing.id})
	if err != nil {
		return "", fmt.Errorf("encode the header: %w", err)
	}
	return partEncoding.EncodeToString(head), nil
}

func goodName(s string) bool {
	if s == "" || len(s) > maxNameLength || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// IssuerAudience returns the issuer and the audiences, which are not the caller's to change.
func (s *KeySet) IssuerAudience() (issuer string, audiences []string) {
	return s.options.Issuer, s.options.Audiences
}

// Public returns the public halves of all keys, the one that signs first. The slices are the caller's own.
func (s *KeySet) Public() []users.PublicKey {
	public := make([]users.PublicKey, len(s.keys))
	for i, k := range s.keys {
		one := k.public.parameters()
		one.ID, one.Algorithm, one.PEM = k.id, string(k.Algorithm()), k.PublicPEM()
		public[i] = one
	}
	return public
}
