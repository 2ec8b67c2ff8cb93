package pgurl

import (
	"crypto/tls"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

func parse(url string) (*pgxpool.Config, error) { return Parse(url, Defaults{}) }

// TestHostaddrKeepsNames: the address is dialed, and the certificate must still be that of the name.
func TestHostaddrKeepsNames(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string][]string{
		"verify-full": {"10.0.0.1:1 a", "b:2 b", "10.0.0.3:3 a"},
		"prefer":      {"10.0.0.1:1 a", "10.0.0.1:1 -", "b:2 b", "b:2 -", "10.0.0.3:3 a", "10.0.0.3:3 -"},
		"allow":       {"10.0.0.1:1 -", "10.0.0.1:1 a", "b:2 -", "b:2 b", "10.0.0.3:3 -", "10.0.0.3:3 a"},
		"disable":     {"10.0.0.1:1 -", "b:2 -", "10.0.0.3:3 -"},
	} {
		config, err := parse("postgres://u@a:1,b:2,a:3/db?hostaddr=10.0.0.1,,10.0.0.3&ssl_min_protocol_version=TLSv1.3&sslmode=" + mode)
		if err != nil {
			t.Fatal(err)
		}
		attempts := listAttempts(&config.ConnConfig.Config)
		if got := shown(attempts); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", mode, got, want)
		}
		for _, a := range attempts {
			if a.TLSConfig != nil && a.TLSConfig.MinVersion != tls.VersionTLS13 {
				t.Errorf("%s: ssl_min_protocol_version does not hold for %s", mode, a.Host)
			}
		}
	}
}

// TestLoadBalance: the order of hosts varies, and what is tried with one stays together, in its order.
func TestLoadBalance(t *testing.T) {
	t.Parallel()
	config, err := parse("postgres://u@a:1,b:2/db?host=a,/tmp,b&port=1,2,3&sslmode=prefer&load_balance_hosts=random")
	if err != nil {
		t.Fatal(err)
	}
	firsts := make(map[string]bool)
	for range 200 {
		c := config.ConnConfig.Copy()
		if err := config.BeforeConnect(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		got := shown(listAttempts(&c.Config))
		for with, without := range map[string]string{"a:1 a": "a:1 -", "b:3 b": "b:3 -"} {
			if i := slices.Index(got, with); len(got) != 5 || i < 0 || i == 4 || got[i+1] != without || !slices.Contains(got, "/tmp:2 -") {
				t.Fatal(got)
			}
		}
		firsts[got[0]] = true
	}
	if len(firsts) != 3 {
		t.Errorf("first are only %v", firsts)
	}
}

// shown writes each attempt as host:port and the name that TLS asks for, or - without TLS.
func shown(attempts []*pgconn.FallbackConfig) []string {
	var texts []string
	for _, a := range attempts {
		name := "-"
		if a.TLSConfig != nil {
			name = a.TLSConfig.ServerName
		}
		texts = append(texts, fmt.Sprintf("%s:%d %s", a.Host, a.Port, name))
	}
	return texts
}
