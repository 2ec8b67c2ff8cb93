package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/gateway"
	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/seal"
	"github.com/svc-users/svc-users/internal/token"
)

const (
	// keyLead is how long a signing key is published before it signs. Verifiers that read the JWK set by the clock, and not
	// when they meet an unknown key, do so every few hours, and once a day at the least. It is far longer than four times
	// the max-age of the JWK set (5 minutes).
	keyLead = 24 * time.Hour
	// keyTail is how long a signing key verifies after the last token that it has signed has expired: the leeway of
	// verifiers (30 s), and with room to spare the time that it takes a replica to notice that another key signs.
	keyTail = time.Hour
)

// Keyring says where the keys that sign and verify tokens come from.
type Keyring struct {
	// Tokens are the issuer, the audiences and the length of tokens.
	Tokens token.Options
	// Algorithm is that of the keys that are made.
	Algorithm token.Algorithm
	Policy    keyring.Policy
	// Seals encrypts the keys in the database. It may be nil with Environment, and for a command that makes no keys.
	Seals *seal.Ring
	// Environment is the key that signs in place of those of the database; nil for none.
	Environment *token.Key
	// Retired are public keys beside those of the database, whose tokens are accepted.
	Retired []*token.Key
	// Inherited returns the key that the first key of the database is to be, or nil: in development, that of the key file of
	// earlier versions. It is asked only where the database has no keys.
	Inherited func() (*token.Key, error)
	// Fresh lets the first key be made although tokens were signed with a key of the environment before, all of which are
	// then refused: in development.
	Fresh bool
}

// NewKeyring makes the Keyring of the settings. Seals, Environment, Retired and Inherited are left to the caller.
func NewKeyring(cfg config.Config) *Keyring {
	return &Keyring{
		Tokens:    token.Options{Issuer: cfg.JWT.Issuer, Audiences: cfg.JWT.Audiences, MaxBytes: cfg.JWT.MaxBytes},
		Algorithm: token.Algorithm(cfg.JWT.Algorithm),
		Policy:    keyring.Policy{Period: cfg.KeyRotation, Lead: keyLead, Life: max(cfg.JWT.Lifetime, cfg.Sessions.AccessLife, cfg.Clients.TokenLife), Tail: keyTail},
		Fresh:     cfg.Environment != config.Production,
	}
}

// useKeyring makes the ring of keys of the database, which knows none yet, and the holder of those that are in use.
func (a *App) useKeyring(k *Keyring) (*keyring.Ring, error) {
	none, err := token.NewKeySet(nil, nil, k.Tokens)
	if err != nil {
		return nil, fmt.Errorf("JWT_ISSUER, JWT_AUDIENCE: %w", err)
	}
	a.Tokens = token.NewHolder(none)
	ports := keyring.Ports{
		Store: a.Store, Tokens: token.Keys{Holder: a.Tokens, Algorithm: k.Algorithm, Options: k.Tokens}, Seals: k.Seals,
		Policy: k.Policy, Now: time.Now, Wait: wait, Observe: a.observeKeys(),
	}
	if k.Environment != nil {
		pair, err := k.Environment.Pair()
		if err != nil {
			return nil, fmt.Errorf("JWT_PRIVATE_KEY: %w", err)
		}
		ports.Environment = &pair
	}
	for _, key := range k.Retired {
		pair, err := key.Pair()
		if err != nil {
			return nil, fmt.Errorf("JWT_PUBLIC_KEYS: %w", err)
		}
		ports.Retired = append(ports.Retired, pair)
	}
	return keyring.NewRing(ports), nil
}

// wait returns nil when a time is over, or the error of ctx.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// StartKeys reads the keys of the database and makes the first, so that tokens can be signed and verified. Errors say what
// to do, and name the settings that are wrong. It needs a Config.Keyring.
func (a *App) StartKeys(ctx context.Context) error {
	k := a.config.Keyring
	if k.Inherited != nil && k.Environment == nil {
		if err := a.Keyring.Inherit(ctx, func() (*keyring.Pair, error) {
			key, err := k.Inherited()
			if key == nil || err != nil {
				return nil, err
			}
			pair, err := key.Pair()
			return &pair, err
		}); err != nil {
			return err
		}
	}
	return nameTokenSettings(a.Keyring.Start(ctx, k.Fresh))
}

// nameTokenSettings names the setting that keeps keys from being used.
func nameTokenSettings(err error) error {
	if short := new(token.TooFewBytes); errors.As(err, &short) {
		return fmt.Errorf("JWT_MAX_BYTES %w", short)
	}
	return err
}

// observeKeys logs what an operator should know of the keys. The clock is checked once a minute, and complained of once
// an hour.
func (a *App) observeKeys() func(keyring.Observation) {
	var complained time.Time
	return func(o keyring.Observation) {
		log := a.config.Log
		switch {
		case log == nil: // a command, which prints its errors
		case o.Err != nil:
			log.Warn("the signing keys of the database could not be read or written; trying again", "cause", o.Err.Error())
		case o.Signing != "":
			log.Info("signing key in use", "kid", o.Signing)
		case time.Since(complained) >= warnEvery:
			complained = time.Now()
			log.Warn("the clock of this machine differs from that of the database", "ahead", o.ClockAhead.String())
		}
	}
}

// health is that of the database and of the keys.
type health struct {
	gateway.Health
	keys interface{ Ready() error }
}

// Ready implements gateway.Health.
func (h health) Ready(ctx context.Context) error {
	if err := h.Health.Ready(ctx); err != nil {
		return err
	}
	return h.keys.Ready()
}
