// Package pgurl reads PostgreSQL URLs as libpq does, as far as this service supports that, and refuses the rest by name.
// It opens no connection.
//
// pgx knows some of libpq's parameters. This package adds hostaddr, load_balance_hosts, keepalives and its like,
// tcp_user_timeout and the versions of TLS, refuses those that would make a connection less safe if they were
// overlooked, and finds out which part of a URL the driver refuses, which its own errors tell only together with secrets.
package pgurl

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrMalformed is the error for every syntax error of a URL. The parser's own errors show the URL, and it is not always
// known which part of a malformed URL is secret.
var ErrMalformed = errors.New("the database URL is malformed: it must look like postgresql://user:password@host:5432/database, special characters in it percent-encoded (@ as %40, / as %2F, # as %23, ? as %3F), with parameters that libpq knows")

var parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// Defaults are the values of parameters that a URL does not set.
type Defaults struct {
	ConnectTimeout time.Duration // connect_timeout, in whole seconds in a URL
	MaxConns       int32         // pool_max_conns
	PingTimeout    time.Duration // how long the pool may take to check an idle connection
}

// Parse reads a URL such as
//
//	postgresql://user:password@host:5432/database?sslmode=verify-full&pool_max_conns=20
//
// with the parameters of libpq (PostgreSQL documentation, 32.1.2), those of the pool (pool_max_conns and its like) and
// default_query_exec_mode. It connects to nothing, but reads the files that the URL names: certificates, keys, passwords,
// services. The environment variables of libpq (PGHOST and its like) count where the URL says nothing.
//
// The error names the parameter, variable or file that is wrong, and never shows the URL or a value of it but the names
// of files.
func Parse(url string, d Defaults) (*pgxpool.Config, error) {
	if !isWellFormed(url) {
		return nil, ErrMalformed
	}
	config, err := pgxpool.ParseConfig(addHost(url))
	if err != nil {
		return nil, findFault(url)
	}
	if attributes := lookUp(url, "target_session_attrs", "PGTARGETSESSIONATTRS"); strings.HasSuffix(attributes.value, "standby") {
		return nil, attributes.refuse("asks for a standby, which this service does not use: it needs the primary")
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = d.ConnectTimeout
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = d.MaxConns
	}
	if config.PingTimeout == 0 {
		config.PingTimeout = d.PingTimeout
	}
	if err := applyParameters(config); err != nil {
		return nil, err
	}
	return config, nil
}

// splitURL cuts a URL into user, password, hosts and ports; the database; and the parameters. Where the last two
// begin is kept with them.
func splitURL(url string) (authority, path, query string) {
	_, rest, _ := strings.Cut(url, "://")
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		rest, query = rest[:i], rest[i:]
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		rest, path = rest[:i], rest[i:]
	}
	return rest, path, query
}

// isWellFormed refuses a URL whose password may have an @, /, ? or # that is not escaped. Parsers split such URLs
// differently, and a host, database or parameter that they find, which errors and logs show, may be a piece of the
// password. So there is exactly one @, before the host. Parameters may have others only where nothing precedes the path:
// then no piece of a password can be in them.
func isWellFormed(url string) bool {
	authority, path, query := splitURL(url)
	at := strings.Count(authority, "@")
	if at > 1 || strings.Contains(path, "@") || strings.Contains(url, "#") {
		return false
	}
	if strings.Contains(query, "@") && (authority != "" || path == "") {
		return false
	}
	for pair := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(query, "?"), "&"), "&") {
		name, _, _ := strings.Cut(pair, "=")
		if pair != "" && !parameterName.MatchString(name) {
			return false
		}
	}
	return true
}

// addHost makes the addresses of hostaddr the hosts of a URL that names no host. The parser does not know
// hostaddr, and would take the default host, a socket, which has no TLS.
func addHost(url string) string {
	authority, _, query := splitURL(url)
	if hosts := authority[strings.IndexByte(authority, '@')+1:]; hosts != "" && hosts[0] != ':' {
		return url
	}
	if os.Getenv("PGHOST") != "" || os.Getenv("PGSERVICE") != "" {
		return url
	}
	var addresses string
	for pair := range strings.SplitSeq(strings.TrimPrefix(query, "?"), "&") {
		switch name, value, _ := strings.Cut(pair, "="); name {
		case "host", "service":
			return url
		case "hostaddr":
			addresses = value // the last one counts
		}
	}
	if addresses == "" {
		return url
	}
	return strings.TrimSuffix(url, "&") + "&host=" + addresses
}
