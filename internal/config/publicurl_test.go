package config_test

import (
	"testing"

	"github.com/svc-users/svc-users/internal/config"
)

func TestPublicURL(t *testing.T) {
	t.Parallel()
	for _, v := range []string{
		"https://users.example.com", "https://users.example.com:8443", "https://example.com/users", "https://example.com/a/b-c_d~e.f", "http://localhost:8001",
		"http://127.0.0.1:8001/users", "https://[2001:db8::1]:8443", "http://users.internal", "https://users", "https://xn--bcher-kva.example",
	} {
		if got := load(t, map[string]string{"PUBLIC_URL": v}).PublicURL; got != v {
			t.Errorf("%s: is %q", v, got)
		}
	}
}

// TestPublicURLInProduction: links that lead over a network in clear text are for development.
func TestPublicURLInProduction(t *testing.T) {
	t.Parallel()
	for v, ok := range map[string]bool{
		"https://users.example.com": true, "http://localhost:8001": true, "http://127.0.0.1:8001": true, "http://[::1]:8001": true,
		"http://users.example.com": false, "http://10.0.0.1": false, "http://users": false, "http://localhost.example.com": false,
	} {
		vars := map[string]string{"ENVIRONMENT": "production", "DATABASE_URL": "sqlite://said.db", "PUBLIC_URL": v}
		_, faults, _ := config.Parse(environ(vars), ".env", nil)
		if ok != (len(faults) == 0) || !ok && faults[0].Variable != "PUBLIC_URL" {
			t.Errorf("%s: %v", v, faults)
		}
		vars["ENVIRONMENT"] = "development"
		if _, faults, _ := config.Parse(environ(vars), ".env", nil); len(faults) > 0 {
			t.Errorf("%s in development: %v", v, faults)
		}
	}
}
