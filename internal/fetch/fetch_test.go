package fetch_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/svc-users/svc-users/internal/fetch"
)

// loopback is where the servers of tests are.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// serve starts a server over TLS, and a fetcher that may reach it unless closed is true.
func serve(t *testing.T, closed bool, handler http.HandlerFunc) (*httptest.Server, *fetch.Fetcher) {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	o := fetch.Options{Networks: loopback, Transport: trusting(roots)}
	if closed {
		o.Networks = nil
	}
	return server, fetch.New(o)
}

func trusting(roots *x509.CertPool) func(*http.Transport) {
	return func(h *http.Transport) { h.TLSClientConfig = &tls.Config{RootCAs: roots} }
}

func TestFetch(t *testing.T) {
	t.Parallel()
	server, f := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
			t.Errorf("%s %v", r.Method, r.Header)
		}
		w.Header()["Cache-Control"] = r.URL.Query()["cc"]
		w.Header()["Age"] = r.URL.Query()["age"]
		fmt.Fprint(w, "{}")
	})
	for query, want := range map[string]time.Duration{
		"":                                0,
		"?cc=max-age%3D600":               10 * time.Minute,
		"?cc=public,+MAX-AGE%3D%22600%22": 10 * time.Minute,
		"?cc=public&cc=max-age%3D60":      time.Minute,
		"?cc=max-age%3D600&age=540":       time.Minute,
		"?cc=max-age%3D600&age=6000":      0,
		"?cc=no-store,max-age%3D600":      0,
		"?cc=no-cache":                    0,
		"?cc=max-age%3D-1":                0,
		"?cc=max-age%3D1e9":               0,
		"?cc=max-age%3D99999999999999":    365 * 24 * time.Hour,
	} {
		got, err := f.Fetch(t.Context(), server.URL+"/"+query)
		if err != nil || string(got.Body) != "{}" || got.Fresh != want {
			t.Errorf("%q: %v %v", query, got, err)
		}
	}
}

// TestFetchBounds: what is too long, too slow or no answer is refused, and a redirect is not followed.
func TestFetchBounds(t *testing.T) {
	t.Parallel()
	var followed atomic.Bool
	hang := make(chan struct{})
	server, f := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "/target", http.StatusFound)
		case "/target":
			followed.Store(true)
		case "/long":
			_, _ = w.Write(make([]byte, fetch.MaxBytes+1))
		case "/most":
			_, _ = w.Write(make([]byte, fetch.MaxBytes))
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		case "/header":
			w.Header().Set("X-Long", strings.Repeat("x", 1<<17))
		case "/away":
			w.WriteHeader(http.StatusBadGateway)
		case "/slow":
			w.(http.Flusher).Flush()
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		}
	})
	defer close(hang)
	for _, path := range []string{"/redirect", "/long", "/endless", "/header", "/away", "/slow"} {
		if got, err := f.Fetch(t.Context(), server.URL+path); err == nil {
			t.Errorf("%s: %d bytes", path, len(got.Body))
		} else if strings.Contains(err.Error(), server.URL) {
			t.Errorf("%s: the error repeats the URL: %v", path, err)
		}
	}
	if followed.Load() {
		t.Error("a redirect was followed")
	}
	if _, err := f.Fetch(t.Context(), server.URL+"/most"); err != nil {
		t.Error(err)
	}
	strangers := fetch.New(fetch.Options{Networks: loopback})
	if _, err := strangers.Fetch(t.Context(), server.URL+"/most"); err == nil {
		t.Error("a certificate of an unknown authority is accepted")
	}
}

// TestAddresses: private addresses, in whatever notation, are not reached.
func TestAddresses(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	server, f := serve(t, true, func(http.ResponseWriter, *http.Request) { reached.Store(true) })
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	for _, host := range []string{
		"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]",
		"[2002:7f00:1::]", "[::127.0.0.1]", "0.0.0.0", "[::]", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]",
		"198.18.0.1", "224.0.0.1", "255.255.255.255", "[ff02::1]", "[2001::1]",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		_, err := f.Fetch(ctx, "https://"+host+":"+port+"/")
		cancel()
		if err == nil {
			t.Errorf("%s is reached", host)
		}
	}
	if reached.Load() {
		t.Error("a private address was reached")
	}
	for _, at := range []string{"http://127.0.0.1:" + port, "http://example.com", "file:///etc/passwd", "ftp://example.com", "//example.com", "", ":"} {
		if _, err := f.Fetch(t.Context(), at); err == nil {
			t.Errorf("%q is fetched", at)
		}
	}
}

// TestLocalHTTP: in development an issuer of this machine is reached without TLS, and no other.
func TestLocalHTTP(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
	defer server.Close()
	if _, err := fetch.New(fetch.Options{LocalHTTP: true}).Fetch(t.Context(), server.URL); err != nil {
		t.Error(err)
	}
	if _, err := fetch.New(fetch.Options{}).Fetch(t.Context(), server.URL); err == nil {
		t.Error("without the option it is reached too")
	}
	if _, err := fetch.New(fetch.Options{LocalHTTP: true, Networks: loopback}).Fetch(t.Context(), strings.Replace(server.URL, "127.0.0.1", "127.0.0.2", 1)); err == nil {
		t.Error("http to another host is used")
	}
}

// TestRebinding: a name that resolves to a public address at first and to a private one then is judged by the address that
// is used.
func TestRebinding(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	server, _ := serve(t, true, func(http.ResponseWriter, *http.Request) { reached.Store(true) })
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	var asked atomic.Int64
	resolver := fakeDNS(t, func() [4]byte {
		asked.Add(1)
		return [4]byte{127, 0, 0, 1}
	})
	f := fetch.New(fetch.Options{Resolver: resolver})
	for range 3 {
		if _, err := f.Fetch(t.Context(), "https://rebinding.example:"+port+"/"); err == nil || !strings.Contains(err.Error(), "FEDERATION_NETWORKS") {
			t.Errorf("the error is %v", err)
		}
	}
	if reached.Load() || asked.Load() == 0 {
		t.Errorf("reached %t, asked %d times", reached.Load(), asked.Load())
	}
}

// fakeDNS is a resolver that answers each question for an IPv4 address with what address returns.
func fakeDNS(t *testing.T, address func() [4]byte) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.Additionals = true, nil
			if m.Questions[0].Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
					Body:   &dnsmessage.AResource{A: address()},
				}}
			}
			if packed, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}
