package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/federation"
)

type clientKeysCommand struct {
	List   clientKeysListCommand   `cmd:"" help:"List the keys of a service account. Changes nothing."`
	Add    clientKeysAddCommand    `cmd:"" help:"Register a public key, or the URL of a JWK set."`
	Delete clientKeysDeleteCommand `cmd:"" help:"Delete a key: what it signs counts no more. Tokens that were issued for it expire by themselves."`
}

type clientKeysListCommand struct {
	Name string `arg:"" help:"The name of the service account."`
}

// Run lists the keys of a service account, the oldest first.
func (cmd *clientKeysListCommand) Run(t *terminal) error {
	return t.withServiceAccount(cmd.Name, func(a *app.App, account users.ServiceAccount) error {
		keys, err := a.Federation.Keys(t.ctx, users.AsOperator(), account.ID.String())
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			fmt.Fprintf(t.stdout, "The service account %s has no keys\n", account.Name)
			return nil
		}
		w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tKID\tTHUMBPRINT OR URL\tCREATED")
		for _, k := range keys {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", k.ID, orDash(k.KeyID), replaceUnprintable(k.Thumbprint+k.URL), showTime(k.CreatedAt))
		}
		return w.Flush()
	})
}

type clientKeysAddCommand struct {
	Name string  `arg:"" help:"The name of the service account."`
	File *string `arg:"" optional:"" help:"A file with the public key as a JWK; - is standard input."`
	URL  *string `name:"url" placeholder:"URL" help:"In its place the https URL of a JWK set."`
}

// maxJWK is the longest JWK in bytes: one of 8192 bits with its certificates takes a few KiB.
const maxJWK = 64 << 10

// Run registers a key.
func (cmd *clientKeysAddCommand) Run(t *terminal) error {
	in := federation.NewKey{URL: cmd.URL}
	if cmd.File != nil {
		jwk, err := t.readJWK(*cmd.File)
		if err != nil {
			return err
		}
		in.JWK = &jwk
	}
	return t.withServiceAccount(cmd.Name, func(a *app.App, account users.ServiceAccount) error {
		made, err := a.Federation.CreateKey(t.ctx, users.AsOperator(), account.ID.String(), in)
		if err == nil {
			fmt.Fprintf(t.stdout, "Registered key %s of %s: %s\n", made.ID, account.Name, made.Thumbprint+made.URL)
		}
		return err
	})
}

// readJWK reads a file, or standard input.
func (t *terminal) readJWK(path string) (string, error) {
	from := t.stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer file.Close()
		from = file
	}
	raw, err := io.ReadAll(io.LimitReader(from, maxJWK+1))
	if err == nil && len(raw) > maxJWK {
		err = fmt.Errorf("%s: is longer than %d bytes", path, maxJWK)
	}
	return string(raw), err
}

type clientKeysDeleteCommand struct {
	Name string `arg:"" help:"The name of the service account."`
	ID   string `arg:"" help:"The id of the key, as svc-users service-accounts keys list shows it."`
}

// Run deletes a key.
func (cmd *clientKeysDeleteCommand) Run(t *terminal) error {
	return t.withServiceAccount(cmd.Name, func(a *app.App, account users.ServiceAccount) error {
		err := a.Federation.DeleteKey(t.ctx, users.AsOperator(), account.ID.String(), cmd.ID)
		if errors.Is(err, users.ErrNotFound) {
			return fmt.Errorf("the service account %s has no key %q; svc-users service-accounts keys list %s shows those it has", account.Name, cmd.ID, account.Name)
		}
		if err == nil {
			fmt.Fprintf(t.stdout, "Deleted a key of %s: what it signs counts no more\n", account.Name)
		}
		return err
	})
}

type clientTrustsCommand struct {
	List   clientTrustsListCommand   `cmd:"" help:"List the trusts of a service account. Changes nothing."`
	Add    clientTrustsAddCommand    `cmd:"" help:"Trust an issuer: what has a JWT of it with a subject gets tokens of the service account."`
	Delete clientTrustsDeleteCommand `cmd:"" help:"Delete a trust. Tokens that were issued by it expire by themselves."`
}

type clientTrustsListCommand struct {
	Name string `arg:"" help:"The name of the service account."`
}

// Run lists the trusts of a service account, the oldest first.
func (cmd *clientTrustsListCommand) Run(t *terminal) error {
	return t.withServiceAccount(cmd.Name, func(a *app.App, account users.ServiceAccount) error {
		trusts, err := a.Federation.Trusts(t.ctx, users.AsOperator(), account.ID.String())
		if err != nil {
			return err
		}
		if len(trusts) == 0 {
			fmt.Fprintf(t.stdout, "The service account %s trusts no issuer\n", account.Name)
			return nil
		}
		w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tISSUER\tSUBJECT\tAUDIENCE\tCLAIMS\tKEYS")
		for _, trust := range trusts {
			var claims []string
			for _, name := range slices.Sorted(maps.Keys(trust.Claims)) {
				claims = append(claims, name+"="+trust.Claims[name])
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", trust.ID, replaceUnprintable(trust.Issuer), replaceUnprintable(string(trust.Subject)),
				replaceUnprintable(trust.Audience), orDash(strings.Join(claims, " ")), orDash(trust.KeysURL))
		}
		return w.Flush()
	})
}

type clientTrustsAddCommand struct {
	Name     string            `arg:"" help:"The name of the service account."`
	Issuer   string            `required:"" placeholder:"URL" help:"The https URL of the issuer, exactly as in the claim iss."`
	Subject  string            `required:"" placeholder:"PATTERN" help:"The claim sub; a * stands for characters other than : and /."`
	Audience *string           `placeholder:"TEXT" help:"The claim aud; by default JWT_ISSUER."`
	Claim    map[string]string `placeholder:"NAME=VALUE" mapsep:"none" help:"A claim that is required besides, such as ref=refs/heads/main. Can be repeated."`
	KeysURL  *string           `name:"jwks-url" placeholder:"URL" help:"Where the JWK set of the issuer is; by default it is discovered."`
}

// Run trusts an issuer.
func (cmd *clientTrustsAddCommand) Run(t *terminal) error {
	in := federation.NewTrust{Issuer: cmd.Issuer, Subject: cmd.Subject, Audience: cmd.Audience, KeysURL: cmd.KeysURL}
	for _, name := range slices.Sorted(maps.Keys(cmd.Claim)) {
		in.Claims = append(in.Claims, federation.Claim{Name: name, Value: cmd.Claim[name]})
	}
	return t.withServiceAccount(cmd.Name, func(a *app.App, account users.ServiceAccount) error {
		made, err := a.Federation.CreateTrust(t.ctx, users.AsOperator(), account.ID.String(), in)
		if err == nil {
			fmt.Fprintf(t.stdout, "Made trust %s of %s, client id %s: tokens of its issuer must be for the audience %s\n", made.ID, account.Name, account.ID, made.Audience)
		}
		return err
	})
}

type clientTrustsDeleteCommand struct {
	Name string `arg:"" help:"The name of the service account."`
	ID   string `arg:"" help:"The id of the trust, as svc-users service-accounts trusts list shows it."`
}

// Run deletes a trust.
func (cmd *clientTrustsDeleteCommand) Run(t *terminal) error {
	return t.withServiceAccount(cmd.Name, func(a *app.App, account users.ServiceAccount) error {
		err := a.Federation.DeleteTrust(t.ctx, users.AsOperator(), account.ID.String(), cmd.ID)
		if errors.Is(err, users.ErrNotFound) {
			return fmt.Errorf("the service account %s has no trust %q; svc-users service-accounts trusts list %s shows those it has", account.Name, cmd.ID, account.Name)
		}
		if err == nil {
			fmt.Fprintf(t.stdout, "Deleted a trust of %s: assertions of its issuer count no more\n", account.Name)
		}
		return err
	})
}

// withServiceAccount calls do as the operator with the service account of a name.
func (t *terminal) withServiceAccount(name string, do func(*app.App, users.ServiceAccount) error) error {
	return t.asOperator(func(a *app.App) error {
		account, err := serviceAccountNamed(t.ctx, a, name)
		if err != nil {
			return err
		}
		return do(a, account)
	})
}

// orDash is a text that can be shown, or a dash for none.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return replaceUnprintable(text)
}
