package pgurl

import (
	"strings"
	"testing"
	"time"
)

// TestDefaults: they count where the URL says nothing.
func TestDefaults(t *testing.T) {
	t.Parallel()
	d := Defaults{ConnectTimeout: 7 * time.Second, MaxConns: 3, PingTimeout: 2 * time.Second}
	for _, c := range []struct {
		query    string
		timeout  time.Duration
		maxConns int32
	}{
		{"", 7 * time.Second, 3},
		{"?connect_timeout=1", time.Second, 3},
		{"?pool_max_conns=20", 7 * time.Second, 20},
	} {
		config, err := Parse("postgresql://u:p@127.0.0.1:1/db"+c.query, d)
		if err != nil {
			t.Fatal(err)
		}
		if config.ConnConfig.ConnectTimeout != c.timeout || config.MaxConns != c.maxConns || config.PingTimeout != d.PingTimeout {
			t.Errorf("%q: %v, %d connections, ping %v", c.query, config.ConnConfig.ConnectTimeout, config.MaxConns, config.PingTimeout)
		}
	}
}

// TestUnescapedPasswords: parsers cut such URLs each in their own place, and a piece of the password would be shown as
// a host, a database or a parameter.
func TestUnescapedPasswords(t *testing.T) {
	t.Parallel()
	for _, u := range []string{
		"postgresql://u:abc@SECRET@127.0.0.1:1/db",
		"postgresql://u:1/SECRET@127.0.0.1/db",
		"postgresql://u:1/a?SECRET=b@127.0.0.1:1/db",
		"postgresql://u:1?SECRET@127.0.0.1:1/db",
		"postgresql://u:1#SECRET@127.0.0.1:1/db",
		"postgresql://?user=u&password=SECRET@127.0.0.1:1/db",
		"postgresql://u:p@127.0.0.1:1/db?SE%43RET=1",
		"postgresql://u:SECRET%zz@127.0.0.1:1/db",
	} {
		if _, err := parse(u); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", u, err)
		}
	}
}
