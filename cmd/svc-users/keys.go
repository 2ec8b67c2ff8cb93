package main

import (
	"fmt"

	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/fileguard"
	"github.com/svc-users/svc-users/internal/token"
)

type keysCommand struct {
	Generate keysGenerateCommand `cmd:"" help:"Make an RSA key pair and print it as settings, or put it into an env file."`
}

type keysGenerateCommand struct {
	Bits    int    `default:"2048" help:"Length of the modulus, 2048 to 8192."`
	EnvFile string `placeholder:"FILE" help:"Put the two lines into this file, mode 0600, replacing only those."`
}

// Run makes a key pair. It needs no settings and no database.
func (cmd *keysGenerateCommand) Run(t *terminal) error {
	key, err := token.GenerateKey(cmd.Bits)
	if err != nil {
		return fmt.Errorf("--bits: %w", err)
	}
	pairs := []config.Pair{
		{Name: "JWT_PRIVATE_KEY", Value: key.PrivateVariable()},
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
	fmt.Fprintf(t.stdout, "Put JWT_PRIVATE_KEY and JWT_PUBLIC_KEY into %s (key %s)\n", cmd.EnvFile, key.ID())
	return nil
}
