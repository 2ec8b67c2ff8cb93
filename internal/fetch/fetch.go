// Package fetch reads small documents from URLs that administrators have entered: the keys of issuers. What is entered must
// not become a way into the network that the service is in, so a document comes from the public Internet, or from a network
// that is named by a setting, and from nowhere else.
//
// The address is checked as each connection is made, after the name was resolved: a name that resolves to one address when it
// is looked at and to another when it is used gains nothing. No redirect is followed, and no proxy of the environment is used:
// either would reach what was not checked.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"code.dny.dev/ssrf"

	"github.com/svc-users/svc-users/internal/federation"
)

const (
	// MaxBytes is the longest document. JWK sets of large issuers, with their certificates, have 10 to 30 KB.
	MaxBytes = 128 << 10
	// maxHeader bounds the header fields of an answer, in bytes.
	maxHeader = 16 << 10
	// patience bounds one document, unless the context ends earlier.
	patience = 5 * time.Second
)

// Options say which addresses may be reached.
type Options struct {
	// Networks may be reached beside the public Internet.
	Networks []netip.Prefix
	// LocalHTTP allows http to this machine, and this machine: in development.
	LocalHTTP bool
	// Resolver looks names up; nil is that of the system.
	Resolver *net.Resolver
	// Transport is changed before it is used; nil leaves it as it is. Tests add a certificate authority.
	Transport func(*http.Transport)
}

// Fetcher reads documents. It is safe for concurrent use, and keeps no connection.
type Fetcher struct {
	Options
	client *http.Client
}

var _ federation.Fetcher = (*Fetcher)(nil)

// New makes a Fetcher.
func New(o Options) *Fetcher {
	guard := newGuard(o)
	dialer := &net.Dialer{Timeout: patience, Resolver: o.Resolver, Control: guard.Safe}
	transport := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    patience,
		ResponseHeaderTimeout:  patience,
		MaxResponseHeaderBytes: maxHeader,
		DisableKeepAlives:      true, // a document is read every few minutes at most
		DisableCompression:     true, // the bound is on what arrives and on what is read alike
	}
	if o.Transport != nil {
		o.Transport(transport)
	}
	return &Fetcher{o, &http.Client{
		Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// newGuard makes what decides about addresses. Those that stand for IPv4 addresses, mapped or translated, are none of the
// public Internet's: they could stand for private ones.
func newGuard(o Options) *ssrf.Guardian {
	var v4, v6 []netip.Prefix
	networks := o.Networks
	if o.LocalHTTP {
		networks = append([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, networks...)
	}
	for _, n := range networks {
		if n.Addr().Is4() {
			v4 = append(v4, n)
		} else {
			v6 = append(v6, n)
		}
	}
	return ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
}

// errAddress is why a document is not read from an address.
var errAddress = errors.New("its host has an address that is not of the public Internet, nor of FEDERATION_NETWORKS")

// Fetch implements federation.Fetcher.
func (f *Fetcher) Fetch(ctx context.Context, at string) (federation.Document, error) {
	var none federation.Document
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "https" && (u.Scheme != "http" || !f.LocalHTTP || !isThisMachine(u.Hostname())) {
		return none, errors.New("its URL does not begin with https://")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return none, errors.New("its URL cannot be asked for")
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "svc-users")
	response, err := f.client.Do(request)
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork):
		return none, errAddress
	case err != nil:
		return none, reason(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return none, fmt.Errorf("the answer has the status %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxBytes+1))
	if err != nil {
		return none, reason(err)
	}
	if len(body) > MaxBytes {
		return none, fmt.Errorf("it is longer than %d bytes", MaxBytes)
	}
	return federation.Document{Body: body, Fresh: freshness(response.Header)}, nil
}

// isThisMachine reports whether a host of a URL names this machine.
func isThisMachine(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// reason is an error without the URL, which the log has already.
func reason(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		if wrapped.Timeout() {
			return errors.New("it did not arrive in time")
		}
		return wrapped.Err
	}
	return err
}

// freshness is the max-age of Cache-Control less the Age (RFC 9111 §4.2), zero where there is none or the answer must not be
// kept.
func freshness(h http.Header) time.Duration {
	var fresh time.Duration
	for directive := range strings.SplitSeq(strings.Join(h["Cache-Control"], ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			fresh = seconds(strings.Trim(value, `"`))
		}
	}
	return max(fresh-seconds(h.Get("Age")), 0)
}

// seconds reads a number of seconds, of at most a year; zero for any other text.
func seconds(text string) time.Duration {
	const year = 365 * 24 * 60 * 60
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(min(n, year)) * time.Second
}
