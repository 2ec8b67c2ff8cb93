package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/store"
	"github.com/svc-users/svc-users/internal/token"
)

type explainCommand struct {
	Account    string `arg:"" help:"The account's e-mail, or the name of a service account."`
	Permission string `arg:"" help:"The name of the permission, which need not exist."`
	APIKey     string `name:"api-key" placeholder:"ID" help:"Whether it may do it with this API key of the account."`
}

// Run says whether an account may do something now, and why. It changes nothing. That it may not do it is an
// answer and no failure.
func (cmd *explainCommand) Run(t *terminal) error {
	cfg, err := t.settings(nil)
	if err != nil {
		return err
	}
	if err := t.checkDatabase(cfg); err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	st, err := store.OpenToRead(t.ctx, cfg.DatabaseURL.Reveal())
	if err != nil {
		return app.NotReady(err)
	}
	query := users.ExplainQuery{Permission: cmd.Permission}
	if cmd.APIKey != "" {
		query.APIKey = &cmd.APIKey
	}
	rules := users.Ports{Store: st, Now: time.Now}
	if tokens := measureTokens(cfg); tokens != nil { // a nil *KeySet would be an interface that is not nil
		rules.Tokens = tokens
	}
	e, err := users.New(rules).ExplainByLabel(t.ctx, cmd.Account, query)
	if err := errors.Join(nameFaults(err), st.Close()); err != nil {
		return err
	}
	writeExplanation(t.stdout, e)
	return nil
}

// measureTokens returns what knows how long tokens are with these settings: with the key of JWT_PRIVATE_KEY or, since those
// of the database are as long, with one that is made for it. It returns nil where the settings allow no tokens, which is
// for serve to say.
func measureTokens(cfg config.Config) *token.KeySet {
	key, faults := signingKey(cfg)
	if faults != nil {
		return nil
	}
	var err error
	if key == nil {
		key, err = token.GenerateKey(token.Algorithm(cfg.JWT.Algorithm))
	}
	if err != nil {
		return nil
	}
	set, err := token.NewKeySet(key, nil, app.NewKeyring(cfg).Tokens)
	if err != nil {
		return nil
	}
	return set
}

func writeExplanation(w io.Writer, e users.Explanation) {
	answer := "no"
	if e.Allowed() {
		answer = "yes"
	}
	fmt.Fprintf(w, "%s: %s\n", answer, replaceUnprintable(e.String()))
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "  %-9s %s\n", name, replaceUnprintable(value))
		}
	}
	row("account", e.Account.ID.String())
	if e.APIKey != nil {
		row("key lists", e.APIKey.Scope.String())
	}
	row("role", string(e.Account.Role.Name))
	row("path", drawPath(e))
	if e.PermissionsOmitted {
		row("tokens", "lack their permissions, which have no room within JWT_MAX_BYTES")
	}
	row("given by", joinNames(e.GrantedBy, ", "))
}

// drawPath is the way from the account's role to the permission.
func drawPath(e users.Explanation) string {
	if len(e.Path) == 0 {
		return ""
	}
	return joinNames(e.Path, " > ") + " (" + string(e.Permission) + ")"
}

func joinNames(names []users.RoleName, between string) string {
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = string(n)
	}
	return strings.Join(parts, between)
}
