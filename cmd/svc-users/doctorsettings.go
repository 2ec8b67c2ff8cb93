package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/svc-users/svc-users/internal/certfile"
	"github.com/svc-users/svc-users/internal/config"
)

// examination is what the checks of doctor share.
type examination struct {
	*terminal
	report *doctorReport
	cfg    config.Config
	keys   keySettings
	pair   *certfile.Pair // nil without TLS
	faults config.Faults
}

// settings reads the settings as serve does.
func (e *examination) settings() {
	var keyFaults config.Faults
	cfg, faults := e.readSettings(func(cfg config.Config) config.Faults {
		var found config.Faults
		e.keys, keyFaults = readKeySettings(cfg)
		e.pair, found = loadCertificate(cfg)
		return append(append(keyFaults, found...), cfg.ServeFaults()...)
	})
	e.cfg, e.faults = cfg, faults
	for _, f := range faults {
		e.report.add("settings", failed, "%s", f.String())
	}
	if len(faults) == 0 {
		e.report.add("settings", succeeded, "ENVIRONMENT is "+string(cfg.Environment)+", and all settings can be used")
	}
	if cfg.PublicURL == "" && cfg.Environment == config.Production {
		e.report.add("settings", warned, "PUBLIC_URL is not set: there is no discovery, and no link can be made")
	}
}

// expiresSoon is how long before its end a certificate is warned of: usual ones are renewed a month before.
const expiresSoon = 14 * 24 * time.Hour

// certificate looks at the certificate that serve would use.
func (e *examination) certificate() {
	if e.pair == nil {
		return
	}
	leaf := e.pair.Leaf()
	left := time.Until(leaf.NotAfter)
	until := leaf.NotAfter.UTC().Format(time.RFC3339)
	switch {
	case left < 0:
		e.report.add("tls", failed, "the certificate in TLS_CERT_FILE expired at %s: renew it", until)
	case time.Now().Before(leaf.NotBefore):
		e.report.add("tls", failed, "the certificate in TLS_CERT_FILE is not valid before %s: look at the clock of this machine", leaf.NotBefore.UTC().Format(time.RFC3339))
	case left < expiresSoon:
		e.report.add("tls", warned, "the certificate in TLS_CERT_FILE expires at %s: renew it", until)
	default:
		e.report.add("tls", succeeded, "the certificate in TLS_CERT_FILE is valid until %s", until)
	}
	if u, err := url.Parse(e.cfg.PublicURL); err == nil && u.Hostname() != "" && leaf.VerifyHostname(u.Hostname()) != nil {
		e.report.add("tls", warned, "the certificate in TLS_CERT_FILE is not for the host of PUBLIC_URL, %s: clients that come without a proxy refuse it", u.Hostname())
	}
}

// proxies looks whether TRUSTED_PROXIES makes sense. All addresses are a fault of the settings in production.
func (e *examination) proxies() {
	list := e.cfg.TrustedProxies
	if len(list) == 0 {
		switch {
		case e.pair != nil:
			e.report.add("proxy", succeeded, "there is none to trust, and the service speaks TLS itself")
		case e.cfg.Environment == config.Production:
			e.report.add("proxy", warned, "TRUSTED_PROXIES is not set: behind a proxy, every client has the proxy's address in the log and shares what is allowed to it; name the network of the proxy that TLS ends at")
		default:
			e.report.add("proxy", succeeded, "none is trusted, and X-Forwarded-For is ignored")
		}
		return
	}
	for _, p := range list {
		switch {
		case p.Bits() == 0:
			e.report.add("proxy", warned, "TRUSTED_PROXIES has all addresses (%s): every client can choose its own in X-Forwarded-For", p)
		case isPublic(p):
			e.report.add("proxy", warned, "TRUSTED_PROXIES has a large network of the Internet (%s): each machine there can choose the address of clients; name the proxies alone", p)
		}
	}
	if e.report.Checks[len(e.report.Checks)-1].Check != "proxy" {
		e.report.add("proxy", succeeded, "X-Forwarded-For and X-Forwarded-Proto are trusted from %s", strings.Trim(fmt.Sprint(list), "[]"))
	}
}

// isPublic reports whether a network is larger than those that one party has, and none of those that are private
// (RFC 1918, RFC 4193, RFC 6598, loopback, link-local).
func isPublic(p netip.Prefix) bool {
	small := 24
	if p.Addr().Is6() {
		small = 48
	}
	if p.Bits() >= small {
		return false
	}
	private := []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10"}
	return !slices.ContainsFunc(private, func(text string) bool {
		network := netip.MustParsePrefix(text)
		return network.Contains(p.Addr()) && network.Bits() <= p.Bits()
	})
}

// port looks whether something has the port. It is not taken to find out: a server that starts meanwhile needs it.
func (e *examination) port() {
	if e.cfg.Port == 0 {
		e.report.add("port", succeeded, "PORT is 0: the system chooses a free one")
		return
	}
	host := e.cfg.Host
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	address := net.JoinHostPort(host, strconv.Itoa(e.cfg.Port))
	ctx, cancel := context.WithTimeout(e.ctx, healthcheckTime)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		var unknown *net.DNSError
		if errors.As(err, &unknown) {
			e.report.add("port", failed, "HOST is no address or name of this machine: %s", unknown.Err)
			return
		}
		e.report.add("port", succeeded, "%s is free", address)
		return
	}
	_ = conn.Close()
	answer, err := askReadiness(ctx, scheme(e.cfg)+address)
	switch {
	case err != nil || !answer.ours:
		e.report.add("port", failed, "another program has %s: stop it, or set another PORT", address)
	case answer.status != http.StatusOK:
		e.report.add("port", warned, "a server runs at %s, and /readyz answers %d", address, answer.status)
	default:
		e.report.add("port", succeeded, "a server runs at %s, and is ready", address)
	}
}

// temporaryFolder looks at the folder for temporary files. The service itself needs none.
func (e *examination) temporaryFolder() {
	folder := os.TempDir()
	info, err := os.Stat(folder)
	switch {
	case err != nil || !info.IsDir():
		e.report.add("temp", succeeded, "there is no folder "+folder+" for temporary files, and none is needed")
	case info.Mode().Perm()&0o002 != 0 && info.Mode()&os.ModeSticky == 0:
		e.report.add("temp", warned, folder+" can be changed by every user, and lacks the sticky bit: users can delete one another's files; chmod 1777 "+strings.TrimSpace(folder))
	default:
		e.report.add("temp", succeeded, folder+" is in order, and not needed")
	}
}
