package main

import (
	"fmt"

	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/fileguard"
	"github.com/svc-users/svc-users/internal/token"
)

type keysGenerateCommand struct {
	Algorithm string `default:"RS256" enum:"RS256,ES256" help:"Algorithm of the key: RS256 (RSA) or ES256 (P-256)."`
	Bits      int    `placeholder:"2048" help:"Length of the modulus of an RSA key, 2048 to 8192."`
	EnvFile   string `placeholder:"FILE" help:"Put the three lines into this file, mode 0600, replacing only those."`
}

// Run makes a key pair. It needs no settings and no database.
func (cmd *keysGenerateCommand) Run(t *terminal) error {
	key, err := cmd.key()
	if err != nil {
		return err
	}
	private, err := key.PrivateVariable()
	if err != nil {
		return err
	}
	pairs := []config.Pair{
		{Name: "JWT_ALGORITHM", Value: string(key.Algorithm())},
		{Name: "JWT_PRIVATE_KEY", Value: private},
		{Name: "JWT_PUBLIC_KEY", Value: key.PublicVariable()},
	}
	if cmd.EnvFile == "" {
		for _, p := range pairs {
			fmt.Fprintf(t.stdout, "%s=%s\n", p.Name, p.Value)
		}
		return nil
	}
	// Its other lines stay, so they have to be those of who runs this.
	if _, err := fileguard.Check(cmd.EnvFile); err != nil {
		return err
	}
	if err := config.SetInEnvFile(cmd.EnvFile, pairs...); err != nil {
		return err
	}
	fmt.Fprintf(t.stdout, "Put JWT_ALGORITHM, JWT_PRIVATE_KEY and JWT_PUBLIC_KEY into %s (key %s)\n", cmd.EnvFile, key.ID())
	return nil
}

// key makes the key that the flags ask for.
func (cmd *keysGenerateCommand) key() (*token.Key, error) {
	algorithm := token.Algorithm(cmd.Algorithm)
	switch {
	case cmd.Bits == 0:
		return token.GenerateKey(algorithm)
	case algorithm != token.RS256:
		return nil, fmt.Errorf("--bits is for %s alone: a key for %s has 256 bits", token.RS256, algorithm)
	}
	key, err := token.GenerateRSAKey(cmd.Bits)
	if err != nil {
		return nil, fmt.Errorf("--bits: %w", err)
	}
	return key, nil
}
