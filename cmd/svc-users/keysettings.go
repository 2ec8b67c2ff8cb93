package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/seal"
	"github.com/svc-users/svc-users/internal/token"
)

// keySettings are the keys that are set outside the database.
type keySettings struct {
	signing *token.Key   // of JWT_PRIVATE_KEY, or nil
	retired []*token.Key // of JWT_PUBLIC_KEYS
	seals   *seal.Ring   // of ENCRYPTION_KEY and ENCRYPTION_KEYS_OLD, or nil
}

// readKeySettings reads the keys in the settings, and turns what is wrong with them into faults.
func readKeySettings(cfg config.Config) (keySettings, config.Faults) {
	var k keySettings
	var faults, found config.Faults
	k.signing, faults = signingKey(cfg)
	if !cfg.JWT.PublicKeys.IsZero() {
		var err error
		k.retired, err = token.ParsePublicKeys(cfg.JWT.PublicKeys.Reveal())
		faults = append(faults, keyErrors("JWT_PUBLIC_KEYS", err)...)
	}
	k.seals, found = encryptionKeys(cfg)
	return k, append(faults, found...)
}

// signingKey reads the configured signing key. There is none without JWT_PRIVATE_KEY; its id is looked at all the same.
func signingKey(cfg config.Config) (*token.Key, config.Faults) {
	if cfg.JWT.PrivateKey.IsZero() {
		if err := token.CheckID(cfg.JWT.KeyID); err != nil {
			return nil, config.Faults{{Variable: err.Variable, Problem: err.Problem}}
		}
		return nil, nil
	}
	key, err := token.ParseKey(token.Algorithm(cfg.JWT.Algorithm), cfg.JWT.PrivateKey.Reveal(), cfg.JWT.PublicKey.Reveal(), cfg.JWT.KeyID)
	return key, keyErrors("JWT_PRIVATE_KEY", err)
}

// keyErrors turns an error of package token into faults of the settings. variable is at fault where the error names none.
func keyErrors(variable string, err error) config.Faults {
	var found token.KeyErrors
	if !errors.As(err, &found) {
		if err == nil {
			return nil
		}
		return config.Faults{{Variable: variable, Problem: err.Error()}}
	}
	var faults config.Faults
	for _, e := range found {
		faults = append(faults, config.Fault{Variable: e.Variable, Problem: e.Problem})
	}
	return faults
}

// encryptionKeys reads the keys that signing keys in the database are encrypted under. There are none without
// ENCRYPTION_KEY.
func encryptionKeys(cfg config.Config) (*seal.Ring, config.Faults) {
	if cfg.EncryptionKey.IsZero() {
		return nil, nil
	}
	var faults config.Faults
	current, err := seal.ParseKey(cfg.EncryptionKey.Reveal())
	if err != nil {
		faults = append(faults, config.Fault{Variable: "ENCRYPTION_KEY", Problem: err.Error()})
	}
	var former []*seal.Key
	if !cfg.EncryptionKeysOld.IsZero() {
		for i, text := range strings.Split(cfg.EncryptionKeysOld.Reveal(), ",") {
			key, err := seal.ParseKey(text)
			if err != nil {
				faults = append(faults, config.Fault{Variable: "ENCRYPTION_KEYS_OLD", Problem: fmt.Sprintf("is wrong at key %d, which %v", i+1, err)})
				break
			}
			former = append(former, key)
		}
	}
	if faults != nil {
		return nil, faults
	}
	ring, err := seal.NewRing(current, former...)
	if err != nil {
		return nil, config.Faults{{Variable: "ENCRYPTION_KEYS_OLD", Problem: "must have neither ENCRYPTION_KEY nor a key twice"}}
	}
	return ring, nil
}

// The files of the data folder that keys are kept in, in development.
const (
	// encryptionKeyFile has the encryption key where ENCRYPTION_KEY is not set.
	encryptionKeyFile = "encryption.key"
	// inheritedKeyFile had the signing key in version 0.1 and before. It becomes the first key of the database, and stays as
	// it is, so that the version before can still be run.
	inheritedKeyFile = "jwt.pem"
)

// keyring is where the keys of the service come from. In development an encryption key is made where none is set, if that
// may be, and the key file of earlier versions is looked for.
func (t *terminal) keyring(cfg config.Config, k keySettings, mayMake bool) (*app.Keyring, error) {
	ring := app.NewKeyring(cfg)
	ring.Environment, ring.Retired, ring.Seals = k.signing, k.retired, k.seals
	if cfg.Environment == config.Production {
		return ring, nil
	}
	if err := t.developmentSeals(cfg, ring, mayMake); err != nil {
		return nil, err
	}
	ring.Inherited = func() (*token.Key, error) {
		file := filepath.Join(cfg.DataDir, inheritedKeyFile)
		if err := t.checkFile(file); err != nil {
			return nil, err
		}
		key, err := token.LoadFile(file, token.Algorithm(cfg.JWT.Algorithm), cfg.JWT.KeyID)
		if errors.Is(err, os.ErrNotExist) {
			if cfg.JWT.KeyID != "" {
				fmt.Fprintln(t.stderr, "svc-users: warning: JWT_KID has no effect without JWT_PRIVATE_KEY: the keys in the database are named by their thumbprints")
			}
			return nil, nil
		}
		return key, err
	}
	return ring, nil
}

// developmentSeals takes the encryption key of the data folder where none is set.
func (t *terminal) developmentSeals(cfg config.Config, ring *app.Keyring, mayMake bool) error {
	file := filepath.Join(cfg.DataDir, encryptionKeyFile)
	if ring.Seals != nil {
		return nil
	}
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) && !mayMake {
		return nil
	}
	if err := errors.Join(t.checkFile(cfg.DataDir), t.checkFile(file)); err != nil {
		return err
	}
	key, err := seal.LoadOrCreate(file)
	if err != nil {
		return err
	}
	ring.Seals, err = seal.NewRing(key)
	return err
}
