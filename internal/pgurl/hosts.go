package pgurl

import (
	"context"
	"crypto/tls"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// listAttempts returns what is tried to connect, in this order: for pgx the first is apart from the others.
func listAttempts(c *pgconn.Config) []*pgconn.FallbackConfig {
	first := &pgconn.FallbackConfig{Host: c.Host, Port: c.Port, TLSConfig: c.TLSConfig}
	return append([]*pgconn.FallbackConfig{first}, c.Fallbacks...)
}

// setAttempts is the reverse of listAttempts.
func setAttempts(c *pgconn.Config, attempts []*pgconn.FallbackConfig) {
	c.Host, c.Port, c.TLSConfig = attempts[0].Host, attempts[0].Port, attempts[0].TLSConfig
	c.Fallbacks = attempts[1:]
}

// groupByHost puts together what is tried with one host. That is once, but twice over a network under the sslmodes
// allow and prefer: with TLS and without, which no other sslmode does. The sslmode is the same for all hosts.
func groupByHost(attempts []*pgconn.FallbackConfig) [][]*pgconn.FallbackConfig {
	var with, without bool
	for _, a := range attempts {
		with = with || a.TLSConfig != nil
		without = without || a.TLSConfig == nil && !isSocket(a.Host)
	}
	var hosts [][]*pgconn.FallbackConfig
	for len(attempts) > 0 {
		n := 1
		if with && without && !isSocket(attempts[0].Host) {
			n = 2
		}
		hosts = append(hosts, attempts[:n:n])
		attempts = attempts[n:]
	}
	return hosts
}

// isSocket reports whether a host is the folder of a Unix socket.
func isSocket(host string) bool {
	network, _ := pgconn.NetworkAddress(host, 0)
	return network == "unix"
}

// PlaintextHosts returns the hosts to which a connection without TLS may be made over a network, without this machine's own
// names and addresses of loopback: "db.internal", "10.0.0.5".
func PlaintextHosts(c *pgconn.Config) []string {
	return hostsWith(c, func(t *tls.Config) bool { return t == nil })
}

// UnverifiedHosts returns those to which connections are encrypted, but whose certificate is not checked, so that another
// machine could pass for them.
func UnverifiedHosts(c *pgconn.Config) []string {
	return hostsWith(c, func(t *tls.Config) bool {
		return t != nil && t.InsecureSkipVerify && t.VerifyPeerCertificate == nil && t.VerifyConnection == nil
	})
}

func hostsWith(c *pgconn.Config, has func(*tls.Config) bool) []string {
	var list []string
	for _, a := range listAttempts(c) {
		if !isSocket(a.Host) && !isLoopback(a.Host) && has(a.TLSConfig) && !slices.Contains(list, a.Host) {
			list = append(list, a.Host)
		}
	}
	return list
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// addresses takes hostaddr: an address for each host, or nothing where its name is to be looked up. Only the
// address to dial changes. The certificate is still held against the name, which is in the TLSConfig by now.
func (p *parameters) addresses(hosts [][]*pgconn.FallbackConfig) {
	given := p.take("hostaddr")
	if given == "" {
		return
	}
	list := strings.Split(given, ",")
	if len(list) != len(hosts) {
		p.refuse("hostaddr", "which must have as many addresses as there are hosts")
		return
	}
	for i, address := range list {
		if address == "" {
			continue
		}
		if _, err := netip.ParseAddr(address); err != nil {
			p.refuse("hostaddr", "which must have IP addresses, separated by commas")
			return
		}
		for _, attempt := range hosts[i] {
			if isSocket(attempt.Host) {
				p.refuse("hostaddr", "which needs a host whose name is not that of a folder")
				return
			}
			attempt.Host = address
		}
	}
}

// balanceHosts has every connection of the pool try the hosts, and the addresses of each, in an order of its own.
func balanceHosts(config *pgxpool.Config) {
	config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
		hosts := groupByHost(listAttempts(&c.Config))
		shuffle(hosts)
		setAttempts(&c.Config, slices.Concat(hosts...))
		return nil
	}
	lookup := config.ConnConfig.LookupFunc
	config.ConnConfig.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		addresses, err := lookup(ctx, host)
		shuffle(addresses)
		return addresses, err
	}
}

func shuffle[T any](s []T) {
	rand.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}
