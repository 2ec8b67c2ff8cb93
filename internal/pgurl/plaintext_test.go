package pgurl

import (
	"slices"
	"testing"
)

// TestPlaintextHosts: every host that a connection without TLS could be made to, also as a second try.
func TestPlaintextHosts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url               string
		plain, unverified []string
	}{
		{"postgresql://u@db/d", []string{"db"}, []string{"db"}}, // sslmode=prefer
		{"postgresql://u@db/d?sslmode=disable", []string{"db"}, nil},
		{"postgresql://u@db/d?sslmode=allow", []string{"db"}, []string{"db"}},
		{"postgresql://u@db/d?sslmode=require", nil, []string{"db"}},
		{"postgresql://u@db/d?sslmode=verify-full", nil, nil},
		{"postgresql://u@db/d?sslmode=verify-ca", nil, nil},
		{"postgresql://u@a,b:5433,127.0.0.1/d", []string{"a", "b"}, []string{"a", "b"}},
		{"postgresql://u@a,b/d?sslmode=require", nil, []string{"a", "b"}},
		{"postgresql://u@db/d?hostaddr=10.0.0.1", []string{"10.0.0.1"}, []string{"10.0.0.1"}},
		{"postgresql:///d?hostaddr=192.0.2.1&sslmode=disable", []string{"192.0.2.1"}, nil},
		{"postgresql:///d?host=db&sslmode=disable", []string{"db"}, nil},
		// A name of this machine that leads elsewhere.
		{"postgresql://u@localhost/d?hostaddr=10.0.0.1&sslmode=disable", []string{"10.0.0.1"}, nil},
		{"postgresql://u@localhost/d", nil, nil},
		{"postgresql://u@LOCALHOST/d", nil, nil},
		{"postgresql://u@127.8.9.1/d?sslmode=disable", nil, nil},
		{"postgresql://u@[::1]/d", nil, nil},
		{"postgresql://u@[::ffff:127.0.0.1]/d", nil, nil},
		{"postgresql://u@localhost.company.test/d?sslmode=disable", []string{"localhost.company.test"}, nil},
		{"postgresql://u@%2Frun%2Fpostgresql/d", nil, nil},
		{"postgresql:///d?host=/run/postgresql", nil, nil},
	} {
		config, err := parse(c.url)
		if err != nil {
			t.Fatalf("%s: %v", c.url, err)
		}
		plain, unverified := PlaintextHosts(&config.ConnConfig.Config), UnverifiedHosts(&config.ConnConfig.Config)
		if !slices.Equal(plain, c.plain) || !slices.Equal(unverified, c.unverified) {
			t.Errorf("%s: without TLS %q, not verified %q", c.url, plain, unverified)
		}
	}
}
