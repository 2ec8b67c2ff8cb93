package store

import (
	"fmt"
	"maps"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/svc-users/svc-users/internal/pgurl"
)

// postgresConfig is what a pool on a URL is opened with. It connects to nothing; the errors are those of pgurl.Parse.
func postgresConfig(url string) (*pgxpool.Config, error) {
	config, err := pgurl.Parse(url, pgurl.Defaults{ConnectTimeout: connectTimeout, MaxConns: maxConns, PingTimeout: probeLimit})
	if err != nil {
		return nil, err
	}
	pinSession(config.ConnConfig)
	onlyPrimaries(config.ConnConfig)
	return config, nil
}

// PlaintextHosts returns the hosts on other machines to which the URL of a PostgreSQL database lets connections be made without
// TLS. SQLite has none. The errors are those of CheckURL.
func PlaintextHosts(url string) ([]string, error) {
	return hostsOf(url, pgurl.PlaintextHosts)
}

// UnverifiedHosts returns those whose certificate is not checked: sslmode=require without sslrootcert.
func UnverifiedHosts(url string) ([]string, error) {
	return hostsOf(url, pgurl.UnverifiedHosts)
}

func hostsOf(url string, find func(*pgconn.Config) []string) ([]string, error) {
	if err := CheckURL(url); err != nil || strings.HasPrefix(url, sqliteScheme) {
		return nil, err
	}
	config, err := postgresConfig(url)
	if err != nil {
		return nil, err
	}
	return find(&config.ConnConfig.Config), nil
}

// pinned are the settings that change what statements and their results mean. A role or a database may set them, and so
// may the URL; here they are always these. They are those that PgBouncer passes on by itself. No statement depends on
// others such as bytea_output, IntervalStyle or extra_float_digits.
var pinned = map[string]string{
	"timezone":                    "UTC",
	"datestyle":                   "ISO, MDY",
	"standard_conforming_strings": "on",
}

// pinSession sets what a connection begins with.
func pinSession(c *pgx.ConnConfig) {
	maps.Copy(c.RuntimeParams, pinned)
	if _, given := c.RuntimeParams["application_name"]; !given {
		c.RuntimeParams["application_name"] = "svc-users"
	}
}

// sessionSettings are expressions that lift the time limits which a role or a database may set: this service has limits
// of its own, and a migration may take long. Those in the URL stay. PgBouncer refuses a connection that begins with
// these settings, so they are made afterwards. In transaction mode, which default_query_exec_mode=exec tells, they would
// be made for the next client of the same connection, so they are not made.
func sessionSettings(c *pgx.ConnConfig) string {
	if c.DefaultQueryExecMode == pgx.QueryExecModeExec {
		return ""
	}
	var list string
	for _, name := range []string{"lock_timeout", "statement_timeout"} {
		if _, given := c.RuntimeParams[name]; !given {
			list += fmt.Sprintf(`, pg_catalog.set_config(CAST('%s' AS text), CAST('0' AS text), false)`, name)
		}
	}
	return list
}

// encodingError is that of a database which could not keep all text.
type encodingError struct{ encoding string }

func (e *encodingError) Error() string {
	return fmt.Sprintf("the encoding of the database is %s, and this service needs UTF8: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", e.encoding)
}

// utf8Only refuses a database of another encoding. A pooler that does not say which it is has nothing against it.
func utf8Only(conn *pgconn.PgConn) error {
	if encoding := conn.ParameterStatus("server_encoding"); encoding != "" && encoding != "UTF8" {
		return &encodingError{encoding}
	}
	return nil
}
