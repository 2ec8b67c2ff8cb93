package store

import (
	"errors"
	"os"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// errMalformed stands for all that is wrong with the form of a URL. The parser's own errors show the URL, and
// cannot always tell which part of a malformed one is secret.
var errMalformed = errors.New("the database URL is malformed: it must look like postgresql://user:password@host:5432/database, special characters in it percent-encoded (@ as %40, / as %2F, # as %23, ? as %3F), with parameters that libpq knows")

var parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// postgresConfig makes of a URL what a pool is opened with. It connects to nothing, but reads the files that
// the URL names: certificates, keys, passwords, services. No error shows the URL.
func postgresConfig(url string) (*pgxpool.Config, error) {
	if !wellFormed(url) {
		return nil, errMalformed
	}
	config, err := pgxpool.ParseConfig(withHost(url))
	if err != nil {
		return nil, diagnose(url)
	}
	if attributes := given(url, "target_session_attrs", "PGTARGETSESSIONATTRS"); strings.HasSuffix(attributes.value, "standby") {
		return nil, attributes.refuse("asks for a standby, which this service does not use: it needs the primary")
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = maxConns
	}
	if config.PingTimeout == 0 {
		config.PingTimeout = probeLimit
	}
	if err := applyParameters(config); err != nil {
		return nil, err
	}
	pinSession(config.ConnConfig)
	onlyPrimaries(config.ConnConfig)
	return config, nil
}

// split cuts a URL into user, password, hosts and ports; the database; and the parameters. Where the last two
// begin is kept with them.
func split(url string) (authority, path, query string) {
	_, rest, _ := strings.Cut(url, "://")
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		rest, query = rest[:i], rest[i:]
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		rest, path = rest[:i], rest[i:]
	}
	return rest, path, query
}

// wellFormed refuses a URL whose password may hold an @, /, ? or # that is not escaped. Parsers cut such URLs
// each in their own place, and what they take for a host, a database or a parameter, which errors and logs
// show, is then a piece of the password. So there is one @, before the host. Parameters may hold others only
// where nothing stands before the path: nothing of a password can have got into them there.
func wellFormed(url string) bool {
	authority, path, query := split(url)
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

// withHost makes the addresses of hostaddr the hosts of a URL that names no host. The parser does not know
// hostaddr, and would take the default host, a socket, which has no TLS.
func withHost(url string) string {
	authority, _, query := split(url)
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
