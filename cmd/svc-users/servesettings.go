package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/certfile"
	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/store"
)

// serveSettings reads all that serving needs of the settings. In production the error has every reason that stands against a
// start, those in the database too, so that an operator mends all of them at once.
func (t *terminal) serveSettings() (cfg config.Config, keys keySettings, certificate *certfile.Pair, err error) {
	cfg, faults := t.readSettings(func(cfg config.Config) (faults config.Faults) {
		var found config.Faults
		keys, faults = readKeySettings(cfg)
		certificate, found = loadCertificate(cfg)
		return append(append(faults, found...), cfg.ServeFaults()...)
	})
	if len(faults) > 0 && cfg.Environment == config.Production && !databaseRefused(faults) {
		faults = append(faults, cfg.Named(t.databaseReasons(cfg))...)
	}
	return cfg, keys, certificate, faults.Err()
}

// databaseRefused reports whether the database of the settings must not be looked at: it is not named, or is not to be reached in
// that way.
func databaseRefused(faults config.Faults) bool {
	return slices.ContainsFunc(faults, func(f config.Fault) bool { return f.Variable == "DATABASE_URL" || f.Variable == "DATABASE_URL_FILE" })
}

// loadCertificate reads the certificate of the server, if there is one in the settings.
func loadCertificate(cfg config.Config) (*certfile.Pair, config.Faults) {
	if cfg.TLS.Certificate == "" || cfg.TLS.Key == "" {
		return nil, nil
	}
	pair, err := certfile.Load(cfg.TLS.Certificate, cfg.TLS.Key)
	var wrong *certfile.Error
	switch {
	case errors.As(err, &wrong) && wrong.OfKey:
		return nil, config.Faults{{Variable: "TLS_KEY_FILE", Problem: "names " + wrong.Error()}}
	case err != nil:
		return nil, config.Faults{{Variable: "TLS_CERT_FILE", Problem: "names " + err.Error()}}
	}
	return pair, nil
}

// reasonsTime bounds the look into a database whose settings have faults already.
const reasonsTime = 5 * time.Second

// databaseReasons are the faults of the database and its files that production refuses, as far as they can be seen now. That the
// database cannot be reached is for a start to say that comes so far.
func (t *terminal) databaseReasons(cfg config.Config) (faults config.Faults) {
	url := cfg.DatabaseURL.Reveal()
	if file, is := strings.CutPrefix(url, "sqlite://"); is {
		if err := t.checkDatabaseFiles(cfg, file); err != nil {
			faults = append(faults, config.Fault{Variable: "DATABASE_URL", Problem: "names files that are refused: " + strings.ReplaceAll(err.Error(), "\n", "; ")})
		}
	}
	ctx, cancel := context.WithTimeout(t.ctx, reasonsTime)
	defer cancel()
	if found, err := demoAccounts(ctx, url); err == nil && len(found) > 0 {
		faults = append(faults, config.Fault{Variable: "DATABASE_URL", Problem: "names a database with " + app.DescribeDemoAccounts(found)})
	}
	return faults
}

// demoAccounts lists the accounts that production must not have, in a database that exists and is up to date.
func demoAccounts(ctx context.Context, url string) ([]string, error) {
	st, err := store.OpenToRead(ctx, url)
	if err != nil {
		return nil, err
	}
	found, err := users.New(users.Ports{Store: st, Now: time.Now}).DemoAccounts(ctx)
	return found, errors.Join(err, st.Close())
}
