package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/keyring"
)

type keysCommand struct {
	List     keysListCommand     `cmd:"" help:"List the signing keys, the newest first. Changes nothing."`
	Rotate   keysRotateCommand   `cmd:"" help:"Have the next key of the database sign as soon as verifiers know it."`
	Revoke   keysRevokeCommand   `cmd:"" help:"Refuse all tokens that a key of the database has signed. It cannot be undone."`
	Rewrap   keysRewrapCommand   `cmd:"" help:"Encrypt the keys of the database under the current ENCRYPTION_KEY."`
	Import   keysImportCommand   `cmd:"" help:"Take the key of JWT_PRIVATE_KEY into the database, so that keys of the database can follow it."`
	Generate keysGenerateCommand `cmd:"" help:"Make a key pair and print it as settings, or put it into an env file."`
}

// withKeys calls do with the keys of the database of the settings, which must exist and be up to date. mayMake says that an
// encryption key may be made, in development.
func (t *terminal) withKeys(mayMake bool, do func(*keyring.Manager) error) error {
	return t.withKeyring(mayMake, func(a *app.App) error { return do(a.Keyring) })
}

// withKeyring is the same for what needs more than the keys. The caller may be the operator.
func (t *terminal) withKeyring(mayMake bool, do func(*app.App) error) error {
	var keys keySettings
	cfg, err := t.settings(func(cfg config.Config) (faults config.Faults) {
		keys, faults = readKeySettings(cfg)
		return faults
	})
	if err != nil {
		return err
	}
	ring, err := t.keyring(cfg, keys, mayMake)
	if err != nil {
		return err
	}
	if err := t.checkDatabase(cfg); err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	c := app.FromSettings(cfg)
	c.Keyring, c.Operator = ring, true
	a := app.New(c)
	if err := a.OpenExisting(t.ctx); err != nil {
		return err
	}
	return errors.Join(do(a), a.Close())
}

type keysListCommand struct{}

// Run lists the keys.
func (keysListCommand) Run(t *terminal) error {
	return t.withKeys(false, func(m *keyring.Manager) error {
		keys, err := m.List(t.ctx, users.AsOperator())
		if err != nil {
			return err
		}
		return t.showKeys(keys)
	})
}

// showKeys prints a table.
func (t *terminal) showKeys(keys []keyring.Key) error {
	if len(keys) == 0 {
		fmt.Fprintln(t.stdout, "There are no signing keys; svc-users serve makes them")
		return nil
	}
	w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KID\tALG\tSTATE\tSIGNS FROM\tSIGNS UNTIL\tVERIFIES UNTIL")
	for _, k := range keys {
		from, until, verifies := showTime(k.SignsFrom), showTime(k.SignsUntil), showTime(k.VerifiesUntil)
		switch {
		case k.Environment:
			from, until, verifies = "environment", "-", "-"
		case k.State == keyring.StateRevoked:
			until, verifies = "revoked "+showTime(k.RevokedAt), "-"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", replaceUnprintable(k.ID), k.Algorithm, k.State, from, until, verifies)
	}
	return w.Flush()
}

func showTime(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// showSigner says which key signs, and which is next.
func (t *terminal) showSigner(keys []keyring.Key) {
	for _, k := range keys {
		switch k.State {
		case keyring.StateSigning:
			fmt.Fprintf(t.stdout, "Key %s signs\n", replaceUnprintable(k.ID))
		case keyring.StateNext:
			fmt.Fprintf(t.stdout, "Key %s is next, from %s\n", replaceUnprintable(k.ID), showTime(k.SignsFrom))
		}
	}
}

type keysRotateCommand struct {
	Now bool `help:"Also if verifiers may not know the next key yet: for a key that may be in the wrong hands."`
}

// Run has the next key sign.
func (cmd *keysRotateCommand) Run(t *terminal) error {
	return t.withKeys(false, func(m *keyring.Manager) error {
		keys, err := m.Rotate(t.ctx, users.AsOperator(), cmd.Now)
		if err == nil {
			t.showSigner(keys)
		}
		return err
	})
}

type keysRevokeCommand struct {
	EndSessions bool `help:"End the sessions of all accounts, too: every client has to log in again."`

	KID string `arg:"" name:"kid" help:"The id of the key, as in the header of its tokens and in svc-users keys list; after -- if it begins with a minus."`
}

// Run revokes a key.
func (cmd *keysRevokeCommand) Run(t *terminal) error {
	return t.withKeys(false, func(m *keyring.Manager) error {
		r, err := m.Revoke(t.ctx, users.AsOperator(), cmd.KID, cmd.EndSessions)
		if errors.Is(err, users.ErrNotFound) {
			return fmt.Errorf("the database has no signing key %q; svc-users keys list shows those it has", cmd.KID)
		}
		if err == nil {
			fmt.Fprintf(t.stdout, "Revoked key %s: its tokens are refused\n", replaceUnprintable(cmd.KID))
			if cmd.EndSessions {
				fmt.Fprintf(t.stdout, "Ended %d sessions\n", r.EndedSessions)
			}
			t.showSigner(r.Keys)
		}
		return err
	})
}

type keysRewrapCommand struct{}

// Run encrypts the keys again that are under a former encryption key.
func (keysRewrapCommand) Run(t *terminal) error {
	return t.withKeyring(false, func(a *app.App) error {
		n, err := a.Keyring.Rewrap(t.ctx, users.AsOperator())
		if err != nil {
			return err
		}
		factors, err := a.Importer.Rewrap(t.ctx, users.AsOperator())
		if err != nil {
			return err
		}
		and := ""
		if factors > 0 {
			and = fmt.Sprintf(" and %d second factors", factors)
		}
		fmt.Fprintf(t.stdout, "Encrypted %d keys%s under the current ENCRYPTION_KEY; ENCRYPTION_KEYS_OLD is no longer needed\n", n, and)
		return nil
	})
}

type keysImportCommand struct{}

// Run imports the key of the environment.
func (keysImportCommand) Run(t *terminal) error {
	return t.withKeys(true, func(m *keyring.Manager) error {
		keys, err := m.Import(t.ctx, users.AsOperator())
		if err == nil {
			t.showSigner(keys)
			fmt.Fprintln(t.stdout, "Take JWT_PRIVATE_KEY, JWT_PUBLIC_KEY and JWT_KID out of the settings of each replica, one after the other, before the next key signs")
		}
		return err
	})
}
