package web

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestClientAddr(t *testing.T) {
	t.Parallel()
	a := &handler{Options: Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}}
	for _, c := range []struct {
		peer      string
		forwarded []string
		protocol  []string
		client    string
		tls       bool
	}{
		{"192.0.2.1:1234", nil, nil, "192.0.2.1", false},
		{"192.0.2.1:1234", []string{"203.0.113.5"}, []string{"https"}, "192.0.2.1", false},
		{"10.0.0.1:1234", nil, []string{"HTTPS"}, "10.0.0.1", true},
		{"10.0.0.1:1234", []string{"203.0.113.5"}, []string{"http"}, "203.0.113.5", false},
		{"10.0.0.1:1234", []string{"1.1.1.1, 203.0.113.5, 10.2.3.4"}, []string{"https, http"}, "203.0.113.5", false},
		{"10.0.0.1:1234", []string{"203.0.113.5", "10.2.3.4"}, []string{"http", "https"}, "203.0.113.5", true},
		{"10.0.0.1:1234", []string{"203.0.113.5, nonsense, 10.2.3.4"}, nil, "10.2.3.4", false},
		{"10.0.0.1:1234", []string{"10.9.9.9"}, nil, "10.9.9.9", false},
		{"10.0.0.1:1234", []string{"203.0.113.5:4711"}, nil, "203.0.113.5", false},
		{"[::ffff:10.0.0.1]:1234", []string{"::ffff:203.0.113.5"}, nil, "203.0.113.5", false},
		{"[fd00::1]:1234", []string{"[2001:db8::7]:99"}, nil, "2001:db8::7", false},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.forwarded, "X-Forwarded-Proto": c.protocol}}
		client, tls := a.clientAddr(r)
		if client.String() != c.client || tls != c.tls {
			t.Errorf("%+v: %s, %v", c, client, tls)
		}
	}
	if client, _ := a.clientAddr(&http.Request{RemoteAddr: "@"}); client.IsValid() {
		t.Errorf("a peer without an address is %s", client)
	}
}
