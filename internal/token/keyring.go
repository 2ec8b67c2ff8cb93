package token

import (
	"fmt"
	"strings"

	"github.com/svc-users/svc-users/internal/keyring"
)

// Keys puts the keys of a keyring.Ring to use in a Holder, and makes keys for it.
type Keys struct {
	Holder *Holder
	// Algorithm is that of the keys it makes.
	Algorithm Algorithm
	Options   Options
}

var _ keyring.Tokens = Keys{}

// Generate implements keyring.Tokens. The id never begins with a minus, as one thumbprint in 64 does: svc-users keys
// revoke would take it for a flag.
func (k Keys) Generate() (keyring.Pair, error) {
	for {
		made, err := GenerateKey(k.Algorithm)
		if err != nil {
			return keyring.Pair{}, err
		}
		if !strings.HasPrefix(made.id, "-") {
			return made.Pair()
		}
	}
}

// Use implements keyring.Tokens.
func (k Keys) Use(signing *keyring.Pair, others []keyring.Pair) error {
	var signer *Key
	var err error
	if signing != nil {
		if signer, err = signerOf(*signing); err != nil {
			return err
		}
	}
	verifiers := make([]*Key, len(others))
	for i, p := range others {
		if verifiers[i], err = verifierOf(p); err != nil {
			return err
		}
	}
	set, err := NewKeySet(signer, verifiers, k.Options)
	if err != nil {
		return err
	}
	k.Holder.Replace(set)
	return nil
}

// CheckSigner implements keyring.Tokens. *TooFewBytes if Options.MaxBytes leaves no room for a token that the key signs.
func (k Keys) CheckSigner(p keyring.Pair) error {
	key, err := signerOf(p)
	if err != nil {
		return err
	}
	_, err = NewKeySet(key, nil, k.Options)
	return err
}

// Thumbprint implements keyring.Tokens.
func (k Keys) Thumbprint(p keyring.Pair) (string, error) {
	key, err := verifierOf(p)
	if err != nil {
		return "", err
	}
	return thumbprint(key.public), nil
}

// Pair is the key as a keyring has it. The private part of a key that only verifies is nil; that of a key behind a signer
// such as a key management service cannot be had, and is an error.
func (k Key) Pair() (keyring.Pair, error) {
	p := keyring.Pair{ID: k.id, Algorithm: string(k.Algorithm()), Public: k.PublicDER()}
	if !k.CanSign() {
		return p, nil
	}
	private, err := k.PrivateDER()
	if err != nil {
		return keyring.Pair{}, err
	}
	p.Private = private
	return p, nil
}

// verifierOf reads the public part of a pair.
func verifierOf(p keyring.Pair) (*Key, error) {
	key, err := ParseSPKI(p.Public, p.ID)
	if err != nil {
		return nil, fmt.Errorf("the public part of the key %s: %w", p.ID, err)
	}
	if string(key.Algorithm()) != p.Algorithm {
		return nil, fmt.Errorf("the key %s is one for %s, not for %q", p.ID, key.Algorithm(), p.Algorithm)
	}
	return key, nil
}

// signerOf reads the private part of a pair, which must be that of its public part.
func signerOf(p keyring.Pair) (*Key, error) {
	public, err := verifierOf(p)
	if err != nil {
		return nil, err
	}
	key, err := ParsePKCS8(p.Private, p.ID)
	if err != nil {
		return nil, fmt.Errorf("the private part of the key %s: %w", p.ID, err)
	}
	if thumbprint(key.public) != thumbprint(public.public) {
		return nil, fmt.Errorf("the parts of the key %s are not of one key", p.ID)
	}
	return key, nil
}
