package config_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/config"
)

// inProduction are settings that production takes.
var inProduction = map[string]string{
	"ENVIRONMENT": "production", "DATABASE_URL": "postgresql://u:8f1b0c6d@db.company.test/users?sslmode=verify-full", "ENCRYPTION_KEY": "c2VjcmV0",
	"JWT_ISSUER": "https://id.company.test", "JWT_AUDIENCE": "orders,https://api.company.test",
}

// TestWhatProductionRefuses: each value is a fault of its variable in production, and none in development.
func TestWhatProductionRefuses(t *testing.T) {
	t.Parallel()
	for variable, values := range map[string]map[string]bool{ // whether production takes them
		"BCRYPT_COST":         {"10": false, "11": false, "12": true, "16": true},
		"LOG_LEVEL":           {"debug": false, "info": true, "error": true},
		"CORS_ORIGINS":        {"*": false, "https://app.company.test": true},
		"RATE_LIMITS":         {"off": false, "on": true},
		"TRUSTED_PROXIES":     {"0.0.0.0/0": false, "::/0": false, "10.0.0.0/8,0.0.0.0/0": false, "10.0.0.0/8": true},
		"FEDERATION_NETWORKS": {"0.0.0.0/0": false, "10.96.0.0/12": true},
		"GODEBUG":             {"http2debug=2": false, "netdns=go, tlsrsakex=1": false, "x509sha1=1": false, "netdns=go": true, "": true},
		"PGPASSWORD":          {"postgres": false, "Change-Me": false, "local-only": false, "<password>": false, "8f1b0c6d": true},
		"DATABASE_URL": {
			"postgresql://u:password@db/d": false, "postgresql://same:same@db/d": false, "postgresql://u@db/d?password=changeme": false,
			"postgresql://u:change-me-please@db/d": false, "postgresql://u:$%7BPASSWORD%7D@db/d": false, "postgresql://u:<password>@db/d": false,
			"postgresql://u@db/d": true, "postgresql:///d?host=/run/postgresql": true, "sqlite://postgres": true, "postgresql://u:a@%2Frun%2Fpostgresql/d": true,
		},
		"DATABASE_LISTEN_URL": {"postgresql://u:secret@db/d": false, "postgresql://u:8f1b0c6d@db/d": true},
		"JWT_ISSUER": {
			"https://api.example.com": false, "https://EXAMPLE.org/x": false, "https://id.company.example": false, "http://id.company.test": false,
			"https://<your host>": false, "https://your-domain.test": false, "": false,
			"http://localhost:8001": true, "http://127.0.0.1": true, "id": true, "https://example.community.test": true, "https://notexample.com": true,
		},
		"JWT_AUDIENCE":   {"orders,https://example.net": false, "${AUDIENCE}": false, "": false, "orders": true},
		"PUBLIC_URL":     {"https://users.company.example": false, "http://users.company.test": false, "https://users.company.test": true},
		"JWT_KID":        {"todo": false, "xxx": false},
		"ENCRYPTION_KEY": {"CHANGE_ME": false, "{{ .key }}": false, "": false, "c2VjcmV0": true},
		"DATA_DIR":       {"${DATA}": false, "/srv/x": true},
	} {
		for value, taken := range values {
			vars := maps.Clone(inProduction)
			vars[variable] = value
			cfg, faults, _ := config.Parse(environ(vars), ".env", nil)
			faults = append(faults, cfg.ServeFaults()...)
			of := slices.ContainsFunc(faults, func(f config.Fault) bool { return f.Variable == variable })
			if taken != (len(faults) == 0) || of == taken {
				t.Errorf("%s=%s in production: %v", variable, value, faults)
			}
			if secret := strings.Contains(variable, "PASS") || strings.HasPrefix(variable, "DATABASE"); secret && value != "" && faults.Err() != nil && strings.Contains(faults.Err().Error(), value) {
				t.Errorf("%s=%s is shown: %v", variable, value, faults)
			}
		}
	}
	vars := map[string]string{
		"BCRYPT_COST": "10", "LOG_LEVEL": "debug", "TRUSTED_PROXIES": "0.0.0.0/0", "GODEBUG": "http2debug=2", "PGPASSWORD": "postgres",
		"DATABASE_URL": "postgresql://u:changeme@db/d", "JWT_ISSUER": "http://id.company.test", "JWT_KID": "todo",
	}
	cfg, faults, _ := config.Parse(environ(vars), ".env", nil)
	if faults = append(faults, cfg.ServeFaults()...); len(faults) > 0 {
		t.Errorf("in development: %v", faults)
	}
}

// TestTLSFilesBelongTogether: a certificate without its key would mean that the service is served in clear text, unnoticed.
func TestTLSFilesBelongTogether(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ certificate, key, wrong string }{
		{"a", "b", ""}, {"", "", ""}, {"a", "", "TLS_CERT_FILE"}, {"", "b", "TLS_KEY_FILE"},
	} {
		_, faults, _ := config.Parse(environ(map[string]string{"TLS_CERT_FILE": c.certificate, "TLS_KEY_FILE": c.key}), ".env", nil)
		if (c.wrong == "") != (len(faults) == 0) || c.wrong != "" && faults[0].Variable != c.wrong {
			t.Errorf("%+v: %v", c, faults)
		}
	}
}
