package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/store"
)

const (
	// clockTrouble is how far the clock of the machine may be from that of the database: the leeway with which tokens are checked.
	clockTrouble = 30 * time.Second
	// clockDrift is what is warned of, as it is while serving.
	clockDrift = keyring.MaxClockAhead
)

// database looks at the database, its schema and what is in it.
func (e *examination) database() {
	url := e.cfg.DatabaseURL.Reveal()
	if databaseRefused(e.faults) {
		e.report.add("database", skipped, "DATABASE_URL is refused")
		return
	}
	if file, is := strings.CutPrefix(url, "sqlite://"); is && e.report.addError("files", e.checkDatabaseFiles(e.cfg, file)) {
		return // SQLite would write to what others can change
	}
	ctx, cancel := context.WithTimeout(e.ctx, doctorTime)
	defer cancel()
	d, err := store.Diagnose(ctx, url)
	switch {
	case errors.Is(err, store.ErrMissing) && e.cfg.Environment == config.Production:
		e.report.add("database", warned, "%s; svc-users migrate up or serve makes it", err.Error())
		return
	case errors.Is(err, store.ErrMissing):
		e.report.add("database", succeeded, "there is none yet: serve makes it")
		return
	case err != nil:
		e.report.add("database", failed, "DATABASE_URL: %s", err.Error())
		return
	}
	e.connection(url, d)
	e.role(d)
	e.clock(d)
	if e.schema(d) {
		e.listening(ctx, d)
		e.content(ctx, url)
	}
}

// connection says what the database is, and how it is reached.
func (e *examination) connection(url string, d store.Diagnosis) {
	how := ""
	if d.Role != "" {
		how = ", without TLS"
		if d.Encrypted {
			how = ", over TLS"
		}
	}
	e.report.add("database", succeeded, "%s, encoding %s%s", d.Engine, d.Encoding, how)
	if hosts, err := store.UnverifiedHosts(url); err == nil && len(hosts) > 0 {
		e.report.add("database", warned, "the certificate of the database server is not checked, so that another machine could pass for it: set sslmode=verify-full in DATABASE_URL")
	}
}

// role looks at the rights of the user of a PostgreSQL database.
func (e *examination) role(d store.Diagnosis) {
	if d.Role == "" {
		return
	}
	if d.Superuser {
		e.report.add("role", warned, "the user %s is a superuser, who may read files and run programs on the database server: use a role with the grants in docs/operations.md", d.Role)
	}
	if len(d.MissingGrants) > 0 {
		e.report.add("role", failed, "the user %s lacks %s: run GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA … TO %s as the owner of the tables", d.Role, strings.Join(d.MissingGrants, ", "), d.Role)
	}
	if len(d.Creators) > 0 {
		e.report.add("role", warned, "other users may create objects in the schema of the service (%s): REVOKE CREATE ON SCHEMA … FROM them, or use a schema of its own", strings.Join(d.Creators, ", "))
	}
	if !d.Superuser && len(d.MissingGrants)+len(d.Creators) == 0 {
		e.report.add("role", succeeded, "the user %s has the rights that serving needs", d.Role)
	}
}

func (e *examination) clock(d store.Diagnosis) {
	switch ahead := d.ClockAhead.Round(time.Second); {
	case d.Role == "":
		for _, m := range d.Schema {
			if m.AppliedAt.After(time.Now().Add(clockTrouble)) {
				e.report.add("clock", failed, "the clock of this machine is before the time at which the database was migrated (%s): set it", m.AppliedAt.UTC().Format(time.RFC3339))
				return
			}
		}
		e.report.add("clock", succeeded, "the database has the clock of this machine")
	case ahead.Abs() > clockTrouble:
		e.report.add("clock", failed, "the clock of this machine is %v ahead of the database's (negative: behind), and tokens are checked with %v of leeway: keep both in step by NTP", ahead, clockTrouble)
	case ahead.Abs() > clockDrift:
		e.report.add("clock", warned, "the clock of this machine is %v ahead of the database's (negative: behind): keep both in step by NTP", ahead)
	default:
		e.report.add("clock", succeeded, "the clocks of this machine and of the database agree")
	}
}

// schema reports whether the schema is that of this program.
func (e *examination) schema(d store.Diagnosis) bool {
	if e.report.addError("schema", d.SchemaErr) {
		return false
	}
	switch pending := d.Pending(); {
	case pending == 0:
		e.report.add("schema", succeeded, "it is up to date, at migration %d", d.Schema[len(d.Schema)-1].Version)
		return true
	case !d.MayMigrate:
		e.report.add("schema", failed, "%d migrations are pending, and the user %s may not make tables: run svc-users migrate up as their owner", pending, d.Role)
	default:
		e.report.add("schema", warned, "%d migrations are pending: svc-users migrate up, or the next start, applies them", pending)
	}
	return false
}

// listening looks whether DATABASE_LISTEN_URL leads to the same database.
func (e *examination) listening(ctx context.Context, d store.Diagnosis) {
	url := e.cfg.DatabaseListenURL
	if url.IsZero() || store.CheckURL(url.Reveal()) != nil || len(d.MissingGrants) > 0 {
		return
	}
	other, err := store.Diagnose(ctx, url.Reveal())
	switch {
	case err != nil:
		e.report.add("database", failed, "DATABASE_LISTEN_URL: %s", err.Error())
	case other.Pending() > 0 || !d.SameDatabase(other):
		e.report.add("database", failed, "DATABASE_LISTEN_URL leads to another database than DATABASE_URL, so that no change is heard of")
	default:
		e.report.add("database", succeeded, "DATABASE_LISTEN_URL leads to the same database")
	}
}

// content looks at the signing keys and for accounts with published passwords.
func (e *examination) content(ctx context.Context, url string) {
	st, err := store.OpenToRead(ctx, url)
	if e.report.addError("database", err) {
		return
	}
	defer st.Close()
	found, err := st.SigningKeys(ctx)
	if !e.report.addError("keys", err) {
		e.seals(found.Keys)
	}
	demo, err := users.New(users.Ports{Store: st, Now: time.Now}).DemoAccounts(ctx)
	switch {
	case e.report.addError("accounts", err):
	case len(demo) == 0:
		e.report.add("accounts", succeeded, "none has a password that is published")
	case e.cfg.Environment == config.Production:
		e.report.add("accounts", failed, "the database has %s", app.DescribeDemoAccounts(demo))
	default:
		e.report.add("accounts", warned, "the database has %s. Production refuses it", app.DescribeDemoAccounts(demo))
	}
}

// seals looks whether the encryption key of the settings opens the signing keys.
func (e *examination) seals(keys []keyring.Record) {
	ring, err := e.keyring(e.cfg, e.keys, false)
	switch {
	case e.report.addError("keys", err):
	case ring.Environment != nil:
		e.report.add("keys", succeeded, "JWT_PRIVATE_KEY signs")
	case len(keys) == 0:
		e.report.add("keys", succeeded, "the database has no signing keys yet: serve makes them")
	case e.report.addError("keys", keyring.CheckSeals(ring.Seals, keys)):
	default:
		e.report.add("keys", succeeded, "ENCRYPTION_KEY opens the %d signing keys of the database", len(keys))
	}
}

const (
	// leastFree is how much room the folder of the database needs for the write-ahead log of a busy hour.
	leastFree = 64 << 20
	// roomyFree is how much is left beside twice the database, which a backup or a migration with new indexes takes.
	roomyFree = 256 << 20
)

// disk looks at the file system of an embedded database.
func (e *examination) disk() {
	file, is := strings.CutPrefix(e.cfg.DatabaseURL.Reveal(), "sqlite://")
	if databaseRefused(e.faults) {
		return
	}
	if !is {
		e.report.add("disk", skipped, "the disk of the database server can't be seen from here")
		return
	}
	folder, size := existingFolder(filepath.Dir(file)), fileSize(file)
	free, kind, err := fileSystem(folder)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		e.report.add("disk", skipped, "the free space can't be seen on this system")
	case err != nil:
		e.report.add("disk", failed, "%s", err.Error())
	case kind != "":
		e.report.add("disk", failed, "%s is on %s, where SQLite does not work: its locks and its shared memory need a disk of this machine", folder, kind)
	case free < leastFree:
		e.report.add("disk", failed, "%d MiB are free in %s: writes are about to fail", free>>20, folder)
	case free < 2*size+roomyFree:
		e.report.add("disk", warned, "%d MiB are free in %s, and the database has %d: a backup or a migration with new indexes takes twice that", free>>20, folder, size>>20)
	default:
		e.report.add("disk", succeeded, "%d MiB are free in %s", free>>20, folder)
	}
}
