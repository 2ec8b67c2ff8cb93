package pgurl

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// applyParameters does what those parameters of libpq ask for that pgx does not know. It leaves them among
// the settings for the server, which would refuse them. What remains there are the server's own settings,
// such as statement_timeout or search_path.
//
// A parameter that cannot be kept is refused by its name, if to overlook it would make the connection less
// safe, or another one than was asked for. No error shows a value.
func applyParameters(config *pgxpool.Config) error {
	connection := config.ConnConfig
	connection.RuntimeParams = lowerNames(connection.RuntimeParams)
	p := parameters{rest: connection.RuntimeParams}

	if name := p.take("fallback_application_name"); name != "" {
		if _, given := p.rest["application_name"]; !given {
			p.rest["application_name"] = name
		}
	}
	// All text of this service is UTF-8, also where that is not the encoding of the database.
	p.oneOf("client_encoding", "UTF8", "UTF-8", "utf8", "utf-8", "unicode", "UNICODE", "auto")
	p.rest["client_encoding"] = "UTF8"

	// Encryption and authentication by GSSAPI, and compression by TLS, are not to be had here.
	p.oneOf("gssencmode", "disable", "prefer")
	p.oneOf("gssdelegation", "0")
	p.oneOf("sslcompression", "0")
	p.take("gsslib") // means something on Windows with GSSAPI alone
	for _, name := range []string{
		"sslcrl", "sslcrldir", "requirepeer", "replication",
		// Those that came with PostgreSQL 18.
		"sslkeylogfile", "scram_client_key", "scram_server_key", "oauth_issuer", "oauth_client_id",
		"oauth_client_secret", "oauth_scope",
	} {
		if p.take(name) != "" {
			p.refuse(name, "which this service does not support")
		}
	}

	p.dialing(connection)
	low, high := p.tlsVersion("ssl_min_protocol_version"), p.tlsVersion("ssl_max_protocol_version")
	if high != 0 && high < cmp.Or(low, tls.VersionTLS12) {
		p.refuse("ssl_max_protocol_version", "which is below ssl_min_protocol_version (TLSv1.2 by default)")
	}
	attempts := listAttempts(&connection.Config)
	for _, a := range attempts {
		if a.TLSConfig != nil {
			a.TLSConfig.MinVersion, a.TLSConfig.MaxVersion = low, high
		}
	}
	hosts := groupByHost(attempts)
	p.addresses(hosts)
	setAttempts(&connection.Config, slices.Concat(hosts...))
	if p.oneOf("load_balance_hosts", "disable", "random") == "random" {
		balanceHosts(config)
	}
	return p.err
}

// lowerNames writes all names in one way: to the server, TimeZone and timezone are the same.
func lowerNames(given map[string]string) map[string]string {
	lower := make(map[string]string, len(given))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		lower[strings.ToLower(name)] = given[name]
	}
	return lower
}

// parameters is what is left of a URL's parameters, and the first reason to refuse it.
type parameters struct {
	rest map[string]string
	err  error
}

// take removes a parameter and returns its value. As in libpq, an empty one is none.
func (p *parameters) take(name string) string {
	value := p.rest[name]
	delete(p.rest, name)
	return value
}

func (p *parameters) refuse(name, why string) {
	if p.err == nil {
		p.err = fmt.Errorf("the database URL, or its service, has the parameter %s, %s", name, why)
	}
}

// oneOf takes a parameter that may have these values, or none.
func (p *parameters) oneOf(name string, values ...string) string {
	value := p.take(name)
	if value != "" && !slices.Contains(values, value) {
		p.refuse(name, "whose value is not one that this service supports")
	}
	return value
}

// tlsVersion takes the name of a version. 0 if there is none: what Go takes by itself, 1.2 and later.
func (p *parameters) tlsVersion(name string) uint16 {
	switch strings.ToLower(p.take(name)) {
	case "":
		return 0
	case "tlsv1":
		return tls.VersionTLS10
	case "tlsv1.1":
		return tls.VersionTLS11
	case "tlsv1.2":
		return tls.VersionTLS12
	case "tlsv1.3":
		return tls.VersionTLS13
	}
	p.refuse(name, "which must be TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3")
	return 0
}
