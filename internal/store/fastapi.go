package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/svc-users/svc-users/internal/importer"
	"github.com/svc-users/svc-users/internal/pgurl"
)

// FastAPI is the database of the FastAPI service that this one replaces, read as of one moment. Nothing in it is changed.
// The tables of its first release and of its last differ in those of accounts:
//
//	first  accounts (id, email, password_hash, role_id, created_at, updated_at)
//	last   accounts (email, entity_id, organization_id, password_hash, role_id, created_at, updated_at)
type FastAPI struct {
	conn *pgx.Conn
	tx   pgx.Tx
	last bool   // of the last release
	zone string // in which its times are
	// Accounts is how many there are.
	Accounts int
}

// Why the database of the FastAPI service can't be read.
var (
	errNotFastAPI = errors.New("has not the tables accounts, roles, permissions and role_permissions of the FastAPI service")
	errOurTables  = errors.New("is a database of this service, and not of the FastAPI service")
)

// utcNames are zones that are UTC.
var utcNames = []string{"UTC", "Etc/UTC", "UCT", "Etc/UCT", "GMT", "Etc/GMT", "Universal", "Etc/Universal", "Zulu", "Etc/Zulu"}

// OpenFastAPI connects to the database that a URL names: postgresql://…, also with +asyncpg or another driver of SQLAlchemy
// after the name. Times in it have no zone: zone is theirs, such as Europe/Madrid; empty, it is UTC, and refused where the last
// release has run in another. No error shows the URL.
func OpenFastAPI(ctx context.Context, url, zone string) (_ *FastAPI, err error) {
	scheme, rest, _ := strings.Cut(url, "://")
	name, _, _ := strings.Cut(scheme, "+")
	if name != "postgresql" && name != "postgres" {
		return nil, errors.New("must begin with postgresql://, the database that the FastAPI service runs on")
	}
	config, err := pgurl.Parse(name+"://"+rest, pgurl.Defaults{ConnectTimeout: connectTimeout, MaxConns: 1, PingTimeout: probeLimit})
	if err != nil {
		return nil, err
	}
	f := &FastAPI{zone: zone}
	if f.conn, err = pgx.ConnectConfig(ctx, config.ConnConfig); err != nil {
		return nil, f.failed("connect", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	if _, err = f.conn.Exec(ctx, `SET statement_timeout = 0`); err != nil {
		return nil, f.failed("begin", err)
	}
	if f.tx, err = f.conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}); err != nil {
		return nil, f.failed("begin", err)
	}
	return f, f.look(ctx)
}

// failed words the error of a statement, without values.
func (f *FastAPI) failed(doing string, err error) error {
	return fmt.Errorf("%s: %s", doing, (&postgres{}).describe(err))
}

// look finds out which release the tables are of.
func (f *FastAPI) look(ctx context.Context) error {
	var tables int
	var ours bool
	var zone string
	err := f.tx.QueryRow(ctx, `SELECT
		(SELECT count(*) FROM unnest(ARRAY['accounts', 'roles', 'permissions', 'role_permissions']) AS t (name) WHERE to_regclass(t.name) IS NOT NULL),
		to_regclass('authorization_stamp') IS NOT NULL,
		EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('accounts') AND attname = 'entity_id' AND NOT attisdropped),
		(SELECT reset_val FROM pg_settings WHERE name = 'TimeZone')`).Scan(&tables, &ours, &f.last, &zone)
	switch {
	case err != nil:
		return f.failed("look for its tables", err)
	case ours:
		return errOurTables
	case tables != 4:
		return errNotFastAPI
	}
	if f.zone == "" {
		for _, utc := range utcNames {
			if !f.last || strings.EqualFold(zone, utc) {
				f.zone = "UTC"
			}
		}
	}
	if f.zone == "" {
		return fmt.Errorf("has times that were written in the time zone of its connections, which is %s: --time-zone %s, or another that is right", zone, zone)
	}
	// A name that the database does not know is an error.
	var at time.Time
	if err := f.tx.QueryRow(ctx, `SELECT timestamp '2026-01-01' AT TIME ZONE $1`, f.zone).Scan(&at); err != nil {
		return errors.New("does not know the time zone of --time-zone")
	}
	if err := f.tx.QueryRow(ctx, `SELECT count(*) FROM accounts`).Scan(&f.Accounts); err != nil {
		return f.failed("count its accounts", err)
	}
	return nil
}

// Rights are its roles, permissions and assignments, and the organizations of its accounts.
func (f *FastAPI) Rights(ctx context.Context) (importer.Old, error) {
	var old importer.Old
	var err error
	collect := func(doing, query string, each func(rows pgx.Rows) error) {
		if err != nil {
			return
		}
		args := []any{}
		if strings.Contains(query, "$1") {
			args = append(args, f.zone)
		}
		rows, failed := f.tx.Query(ctx, query, args...)
		for failed == nil && rows.Next() {
			if failed = each(rows); failed != nil {
				rows.Close()
			}
		}
		if failed == nil {
			failed = rows.Err()
		}
		if failed != nil {
			err = f.failed(doing, failed)
		}
	}
	if f.last {
		collect("read its organizations", `SELECT DISTINCT CAST(organization_id AS text) FROM accounts ORDER BY 1`, func(rows pgx.Rows) error {
			var id string
			old.Organizations = append(old.Organizations, "")
			err := rows.Scan(&id)
			old.Organizations[len(old.Organizations)-1] = id
			return err
		})
	}
	collect("read its permissions", `SELECT CAST(id AS text), name, created_at AT TIME ZONE $1, updated_at AT TIME ZONE $1 FROM permissions ORDER BY created_at, name`, func(rows pgx.Rows) error {
		var p importer.OldPermission
		err := rows.Scan(&p.ID, &p.Name, &p.CreatedAt, &p.UpdatedAt)
		old.Permissions = append(old.Permissions, p)
		return err
	})
	collect("read its roles", `SELECT CAST(r.id AS text), r.name, r.description, r.created_at AT TIME ZONE $1, r.updated_at AT TIME ZONE $1,
		ARRAY(SELECT CAST(permission_id AS text) FROM role_permissions WHERE role_id = r.id ORDER BY permission_id)
		FROM roles r ORDER BY r.created_at, r.name`, func(rows pgx.Rows) error {
		var r importer.OldRole
		err := rows.Scan(&r.ID, &r.Name, &r.Description, &r.CreatedAt, &r.UpdatedAt, &r.Permissions)
		old.Roles = append(old.Roles, r)
		return err
	})
	return old, err
}

// Records are its accounts, sorted by e-mail and numbered in that order.
func (f *FastAPI) Records(ctx context.Context) iter.Seq2[importer.Record, error] {
	id := "id"
	if f.last {
		id = "entity_id"
	}
	return func(yield func(importer.Record, error) bool) {
		rows, err := f.tx.Query(ctx, `SELECT CAST(a.`+id+` AS text), a.email, a.password_hash, r.name, a.created_at AT TIME ZONE $1, a.updated_at AT TIME ZONE $1
			FROM accounts a JOIN roles r ON r.id = a.role_id ORDER BY a.email COLLATE "C"`, f.zone)
		if err != nil {
			yield(importer.Record{}, f.failed("read its accounts", err))
			return
		}
		defer rows.Close()
		for n := 1; rows.Next(); n++ {
			r := importer.Record{Line: n, Password: &importer.Hash{}, Roles: []string{""}}
			if err := rows.Scan(&r.SourceID, &r.Email, &r.Password.Text, &r.Roles[0], &r.CreatedAt, &r.UpdatedAt); err != nil {
				yield(importer.Record{}, f.failed("read its accounts", err))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(importer.Record{}, f.failed("read its accounts", err))
		}
	}
}

// Close lets go of the database.
func (f *FastAPI) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), probeLimit)
	defer cancel()
	return f.conn.Close(ctx)
}
