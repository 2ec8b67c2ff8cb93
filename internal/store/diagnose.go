package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"
)

// Diagnosis is what can be seen of a database from outside its tables.
type Diagnosis struct {
	Engine   string // "PostgreSQL 17.2", "SQLite 3.50.4"
	Encoding string // "UTF8"; of SQLite "UTF-8"
	// Encrypted says that the connection uses TLS. True for SQLite, which has no connection.
	Encrypted bool
	// Role is the user, Superuser says that no right is withheld from it, and MayMigrate that it may make tables. With SQLite they are
	// empty, false and true.
	Role       string
	Superuser  bool
	MayMigrate bool
	// MissingGrants are rights of Role that serving needs, such as "UPDATE on accounts".
	MissingGrants []string
	// Creators are other users who may make functions where the service looks for its own; see Store.Creators.
	Creators []string
	// ClockAhead is how far the clock of this machine is ahead of the database's. With SQLite it is zero.
	ClockAhead time.Duration
	// Schema are the migrations, or nil if SchemaErr, which may be ErrNewerSchema or ErrForeignTables, says why there is none to see.
	Schema    []Migration
	SchemaErr error

	standby bool
	now     time.Time
	channel string // a secret of the database, the same for all who may read it
}

// Pending is how many migrations of this program the database has not had.
func (d Diagnosis) Pending() int {
	n := 0
	for _, m := range d.Schema {
		if !m.Applied {
			n++
		}
	}
	return n
}

// SameDatabase reports whether another diagnosis is of the same PostgreSQL database, seen another way. It may only be asked where
// neither has pending migrations.
func (d Diagnosis) SameDatabase(other Diagnosis) bool { return d.channel == other.channel }

// Diagnose looks at the database that url names, and changes nothing. ErrMissing, with the path, where there is no file; else the
// errors of connecting, of which none shows the url. A standby is ErrUnavailable.
func Diagnose(ctx context.Context, url string) (Diagnosis, error) {
	if err := Await(ctx, url, 0, nil); err != nil { // whose errors say most
		return Diagnosis{}, err
	}
	s, err := openReady(ctx, url, openToInspect, func(*Store, context.Context) error { return nil })
	if err != nil {
		return Diagnosis{}, err
	}
	d, err := s.diagnose(ctx)
	return d, errors.Join(err, s.Close())
}

func (s *Store) diagnose(ctx context.Context) (Diagnosis, error) {
	began := time.Now()
	d, err := retry(ctx, s, s.readLimit, func(ctx context.Context) (Diagnosis, error) {
		return row(ctx, s.reads(), "look at the database", func(r *sql.Rows) (d Diagnosis, err error) {
			return d, r.Scan(&d.Engine, &d.Encoding, &d.Role, &d.Superuser, &d.Encrypted, &d.MayMigrate, &d.standby, (*timeColumn)(&d.now))
		}, s.traits.diagnosis)
	})
	if err == nil {
		err = s.reads().failOnStandby(d.standby, "look at the database", nil)
	}
	if err != nil {
		return d, err
	}
	d.Engine = s.Engine() + " " + d.Engine
	if s.traits.missingGrants != "" {
		took := time.Since(began)
		d.ClockAhead = began.Add(took / 2).Sub(d.now)
		if d.ClockAhead.Abs() <= took {
			d.ClockAhead = 0 // it cannot be told from the way there and back
		}
	}
	d.Schema, d.SchemaErr = s.Migrations(ctx)
	if d.SchemaErr == nil {
		d.SchemaErr = s.refuseForeign(ctx)
	}
	if d.SchemaErr == nil && d.Pending() == 0 {
		err = s.diagnoseTables(ctx, &d)
	}
	if err == nil {
		d.Creators, err = s.Creators(ctx)
	}
	return d, err
}

// diagnoseTables looks at what is only there in a schema that is up to date.
func (s *Store) diagnoseTables(ctx context.Context, d *Diagnosis) error {
	if s.traits.missingGrants == "" {
		return nil
	}
	names := slices.Concat(copiedTables, loggedTables)
	for name := range tablesLeft {
		if !strings.HasPrefix(name, "svc_users_") {
			names = append(names, name)
		}
	}
	query := strings.ReplaceAll(s.traits.missingGrants, "%s", strings.Join(names, ","))
	var err error
	if d.MissingGrants, err = retry(ctx, s, s.readLimit, func(ctx context.Context) ([]string, error) {
		return rows(ctx, s.reads(), "look for rights", scanText, query)
	}); err != nil || len(d.MissingGrants) > 0 {
		return err
	}
	d.channel, err = retry(ctx, s, s.readLimit, func(ctx context.Context) (string, error) {
		return row(ctx, s.reads(), "look which database it is", scanText, `SELECT channel FROM authorization_stamp`)
	})
	return err
}
