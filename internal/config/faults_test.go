package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/config"
)

// Each bad value stands alone in the environment and must be reported once, under its name, without itself.
func TestBadValues(t *testing.T) {
	t.Parallel()
	bad := map[string][]string{
		"ENVIRONMENT":              {"prod", "Production", "production ", "test"},
		"HOST":                     {"http://x", "a:80", "[::1]", "a b", "ho\u00dft", strings.Repeat("a", 254)},
		"PORT":                     {"+8001", "0x1f", " 8001", "8001 ", "08001", "8_001", "65536", "-1", "8001.0", "99999999999999999999", "http", "٨"},
		"TLS_CERT_FILE":            {"\"/tls/tls.crt\"", "/tls/tls.crt'", " /tls", "/a\nb"},
		"TLS_KEY_FILE":             {"\"/tls/tls.key\"", "/tls/tls.key'", "/tls ", strings.Repeat("/x", 4096)},
		"DATABASE_PLAINTEXT_HOSTS": {"db:5432", "postgresql://db", "db,,other", "a b", "10.0.0.0/8"},
		"PUBLIC_URL": {
			"a.example", "//a.example", "ftp://a.example", "https://", "https:a.example", "https:///users", "/users", "HTTPS://a.example",
			"https://a.example/", "https://example.com/users/", "https://example.com//users", "https://example.com/./users", "https://example.com/../users",
			"https://example.com/a/..", "https://example.com/a%2Fb", "https://example.com/%75sers", "https://example.com/a b", "https://example.com/é", "https://example.com/a;b",
			"https://a.example?", "https://a.example?a=b", "https://a.example#", "https://a.example/#top", "https://user@a.example",
			"https://user:pass@a.example", "https://a.example:443", "http://a.example:80", "https://a.example:", "https://a.example:0",
			"https://a.example:65536", "https://a.example:https", "https://A.example", "https://bücher.example", "https://a.example\\", "https://[::1",
			"https://[0:0:0:0:0:0:0:1]", "https://users_example!.com", "https://a.example/" + strings.Repeat("a", 250), " https://a.example", "https://*.example.com",
		},
		"DATA_DIR":            {" data", "da\nta", "da\xff", strings.Repeat("d", 4097), `"data"`, `data"`, "data\r"},
		"DATABASE_URL":        {`postgresql://u:p@h/d"`, "mysql://u:secret@h/d", "secret", "sqlite://", "sqlite:data.db", "sqlite://folder/", "SQLITE://x", "postgresql:/x", "postgresql://u:se#cret@h/d", "postgres://u:secret%@h/d", "postgres://u:secret@h:port/d", "postgres://h/d\n", `"sqlite://x.db"`, `sqlite://"x.db"`, `sqlite://x.db'`},
		"DATABASE_LISTEN_URL": {`'postgres://u:secret@h/d'`, "mysql://u:secret@h/d", "sqlite://x.db", "sqlite://", "postgresql://u:se#cret@h/d", "postgres://h/d\n"},
		"JWT_ALGORITHM":       {"HS256", "none", "rs256", "RS256,HS256", "RS256,ES256", "ES384", "EdDSA"},
		"JWT_ISSUER": {
			" x", "x\t", "\x00", strings.Repeat("i", 256), `"iss"`, `'iss'`, `is"s`, "i,s", `i\s`, "\u201ciss\u201d", "\ufeffiss", "i\u200bs", `https://id.example"`, "https://id.example/o'neil",
			"https://", "https:id", "https://a b", "https://b\u00fccher.example", "https://a.example,https://b.example", ":", "1:2", "https://id.example/%zz", "http://:80",
		},
		"JWT_AUDIENCE": {
			"x\n", `"a","b"`, `a,"b"`, "a,", ",", "a,,b", "a,b,a", "https://a.example, b\"", "a;b:c", "1,2,3,4,5,6,7,8,9,10,11", `["a","b"]`, "a," + strings.Repeat("i", 256),
		},
		"JWT_EXPIRATION_DAYS":    {"0", "366", "7d", "1.5", "+7"},
		"JWT_EXPIRATION":         {"0", "59s", "366d", "12", "1.5d", "-1h", "+1h", "99999999999d", "d"},
		"SERVICE_TOKEN_TTL":      {"0s", "59s", "25h", "2d", "10", "ten"},
		"CLIENT_SECRET_MAX_LIFE": {"0s", "23h", "3651d", "Never", "no", "90"},
		"ACCESS_TOKEN_TTL":       {"0s", "59s", "25h", "2d", "10", "ten"},
		// Each is compared with the defaults of the others too.
		"SESSION_IDLE":           {"0s", "59s", "366d", "14", "9m"},
		"SESSION_LIFETIME":       {"0s", "3651d", "90", "13d"},
		"REFRESH_REUSE_WINDOW":   {"-1s", "61s", "10", "2m"},
		"REFRESH_RECOVERY":       {"-1s", "31d", "24", "721h"},
		"API_KEY_LIFE":           {"0s", "59m", "366d", "90", "never"},
		"API_KEY_MAX_LIFE":       {"0s", "59m", "3651d", "365", "Never", "none"},
		"JWT_KID":                {"k\r", strings.Repeat("k", 256), `"k"`, "\ufeffk"},
		"JWT_PUBLIC_KEY":         {"cHVibGlj"},
		"JWT_PUBLIC_KEYS":        {`"cHVibGlj"`},
		"ENCRYPTION_KEY":         {`"c2VjcmV0"`},
		"ENCRYPTION_KEYS_OLD":    {"b2xk"},
		"KEY_ROTATION":           {"0d", "366d", "30", "23h", "1.5d", "+7d", "d", "30D", "30 d"},
		"JWT_MAX_BYTES":          {"2047", "8193", "4k", "0"},
		"PASSWORD_MIN_LENGTH":    {"7", "65", "08", "-8", "long"},
		"PASSWORD_BREACHED_FILE": {" breached.idx", "breached\n.idx", `"breached.idx"`, strings.Repeat("b", 4097)},
		"PASSWORD_BREACHED_URL": {
			"http://example.com/range", "https://example.com/range/", "https://example.com/range?x", "example.com/range", "https://u:p@example.com/range",
			"https://Example.com", "ftp://example.com", "https://", "http://192.0.2.1/range",
		},
		"PASSWORD_HASH":   {"argon2", "argon2i", "Bcrypt", "scrypt", "md5"},
		"ARGON2_MEMORY":   {"7167", "131073", "19MiB", "019456"},
		"ARGON2_PASSES":   {"0", "1", "6", "2.5"}, // one pass over the default memory is too few
		"ARGON2_LANES":    {"0", "5", "one"},
		"BCRYPT_COST":     {"9", "17", "012", "1e1"},
		"HASH_WORKERS":    {"0", "257", "-1", "all"},
		"MAX_ROLES":       {"0", "-1", "9", "10000001", "1e5", "100 000", "many"},
		"MAX_PERMISSIONS": {"0", "99", "10000001"},
		"MAX_ASSIGNMENTS": {"0", "99", "100000001"},
		"LOGIN_MAX_WAIT":  {"0", "2", "99ms", "10.1s", "-1s", "+1s", "1,5s", "1.5 s", "1m", "s"},
		"CORS_HEADERS":    {"*", "X Shop", "X-Shop,", "Authorization:"},
		"DATABASE_WAIT":   {"-1s", "601s", "30", "10m1s", "long"},
		"IDLE_TIMEOUT":    {"0s", "999ms", "61m", "60", "-1m"},
		"CORS_ORIGINS": {
			"https://a.example/", "https://a.example/x", "https://A.example", "HTTPS://a.example", "a.example", "https://", "null", "*,https://a.example",
			"https://a.example,", ",", "https://*.example.com", "https://u:p@a.example", "https://a.example?q", "https://a.example#f", "https://a.example:",
			"https://a.example:443", "http://a.example:80", "https://a.example:080", "https://a.example:70000", "https://b\u00fccher.example", "http://[0:0:0:0:0:0:0:1]", "http://[::1%25eth0]", "//a.example",
		},
		"FEDERATION_NETWORKS": {"10.0.0.0/33", "10.1.2.3/8", "private", "::ffff:10.0.0.0/104"},
		"TRUSTED_PROXIES":     {"10.0.0.0/33", "10.1.2.3/8", "proxy", "10.0.0.0/8,", "fe80::1%eth0", "::ffff:10.0.0.0/104", "10.0.0.0/08", "*", "10.0.0.0-10.0.0.9"},
		"RATE_LIMITS":         {"ON", "true", "0", "no"},
		"THROTTLE_ADDRESS":    {"300", "300/", "/5s", "0/5s", "300/0s", "-1/5s", "300/5", "300/5s/", "300 / 5s", "100001/5s", "300/25h", "300/999us", "off"},
		"THROTTLE_ACCOUNT":    {"20", "20/0s", "0/10m", "20/2d"},
		"THROTTLE_DEVICE":     {"5", "5/0s", "0/15m", "5/2d"},
		"LOG_FORMAT":          {"JSON", "logfmt", "auto"},
		"LOG_LEVEL":           {"warning", "INFO", "4", "trace"},
	}
	for _, s := range config.Settings() {
		if len(bad[s.Name]) == 0 && s.Name != "JWT_PRIVATE_KEY" {
			t.Errorf("no bad value of %s is tried", s.Name)
		}
	}
	for variable, values := range bad {
		for _, v := range values {
			_, faults, warnings := config.Parse(environ(map[string]string{variable: v}), ".env", nil)
			if len(faults) != 1 || faults[0].Variable != variable || len(warnings) != 0 {
				t.Errorf("%s=%q: faults %v, warnings %v", variable, v, faults, warnings)
				continue
			}
			if p := faults[0].Problem; strings.Contains(v, "secret") && strings.Contains(p, "secret") || strings.Contains(p, "\n") {
				t.Errorf("%s=%q: the message shows it: %s", variable, v, p)
			}
		}
	}
}

func TestGoodValues(t *testing.T) {
	t.Parallel()
	good := map[string][]string{
		"HOST":                   {"localhost", "0.0.0.0", "::", "my-host.example.com", "svc_users"},
		"PORT":                   {"0", "1", "65535"},
		"DATABASE_URL":           {"sqlite://x.db", "sqlite:///var/lib/x.db", "postgres://h/d", "postgresql://", "postgresql:///d?host=/run/postgresql", "postgresql://h1:5432,h2:5433/d?target_session_attrs=read-write", "postgresql://u:p%40%2F@[::1]:5432/d", "postgresql://u@%2Fvar%2Frun%2fpostgresql/d", "postgresql://%2Frun/d"},
		"DATABASE_LISTEN_URL":    {"postgres://h/d", "postgresql://u:p%40%2F@[::1]:5432/d?target_session_attrs=read-write"},
		"HASH_WORKERS":           {"1", "256"},
		"JWT_MAX_BYTES":          {"2048", "8192"},
		"MAX_ROLES":              {"10", "10000000"},
		"MAX_PERMISSIONS":        {"100", "10000000"},
		"MAX_ASSIGNMENTS":        {"100", "100000000"},
		"LOGIN_MAX_WAIT":         {"100ms", "10s", "1s500ms", "0.25s"},
		"CORS_HEADERS":           {"X-Shop", "x-a, X-B"},
		"DATABASE_WAIT":          {"0s", "0", "500ms", "10m"},
		"IDLE_TIMEOUT":           {"1s", "1h", "650s"},
		"CORS_ORIGINS":           {"*", "http://localhost:3000", "https://xn--bcher-kva.example", "http://[::1]:5173", "http://127.0.0.1", "capacitor://localhost"},
		"FEDERATION_NETWORKS":    {"10.96.0.0/12", "fd00::/8, 10.0.0.1"},
		"TRUSTED_PROXIES":        {"0.0.0.0/0", "::1", "2001:db8::/32,10.0.0.0/8"},
		"JWT_KID":                {"2025-10"},
		"JWT_EXPIRATION":         {"1m", "12h", "1h30m", "365d", "1d"},
		"ACCESS_TOKEN_TTL":       {"1m", "10m", "24h", "1d"},
		"SESSION_IDLE":           {"10m", "90d", "336h"},
		"SESSION_LIFETIME":       {"14d", "3650d"},
		"REFRESH_REUSE_WINDOW":   {"0s", "0", "60s", "1m"},
		"REFRESH_RECOVERY":       {"0s", "30d", "36h"},
		"API_KEY_LIFE":           {"1h", "365d"},
		"API_KEY_MAX_LIFE":       {"90d", "3650d", "never"},
		"JWT_ISSUER":             {"svc-users", "My Company", "B\u00fccher", "https://id.example", "http://localhost:8001/", "https://[::1]:8001/a,b?c=d#e", "urn:example:id", "spiffe://trust/users", "mailto:a@b.example", "localhost:8001"},
		"JWT_AUDIENCE":           {"a", "a,b", "https://a.example , urn:b", "1,2,3,4,5,6,7,8,9,10"},
		"DATA_DIR":               {"O'Brien/data", "/srv/data"},
		"SERVICE_TOKEN_TTL":      {"1m", "10m", "24h", "1d"},
		"CLIENT_SECRET_MAX_LIFE": {"24h", "1d", "30d", "3650d", "never"},
	}
	for variable, values := range good {
		for _, v := range values {
			if _, faults, _ := config.Parse(environ(map[string]string{variable: v}), ".env", nil); len(faults) != 0 {
				t.Errorf("%s=%q: %v", variable, v, faults)
			}
		}
	}
}

// Times of sessions that do not fit one another, and two lives of one token, are faults too.
func TestTimesThatDoNotFit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		vars  map[string]string
		wrong []string
	}{
		{map[string]string{"JWT_EXPIRATION": "12h", "JWT_EXPIRATION_DAYS": "1"}, []string{"JWT_EXPIRATION"}},
		{map[string]string{"JWT_EXPIRATION": "12h", "JWT_EXPIRATION_DAYS": ""}, nil},
		{map[string]string{"ACCESS_TOKEN_TTL": "24h", "SESSION_IDLE": "23h"}, []string{"SESSION_IDLE"}},
		{map[string]string{"SESSION_IDLE": "2d", "SESSION_LIFETIME": "1d"}, []string{"SESSION_LIFETIME"}},
		{map[string]string{"ACCESS_TOKEN_TTL": "1h", "SESSION_IDLE": "59m", "SESSION_LIFETIME": "58m"}, []string{"SESSION_IDLE", "SESSION_LIFETIME"}},
		{map[string]string{"ACCESS_TOKEN_TTL": "1h", "SESSION_IDLE": "1h", "SESSION_LIFETIME": "1h"}, nil},
		{map[string]string{"API_KEY_LIFE": "31d", "API_KEY_MAX_LIFE": "30d"}, []string{"API_KEY_LIFE"}},
		{map[string]string{"API_KEY_LIFE": "3650d", "API_KEY_MAX_LIFE": "never"}, nil},
	} {
		_, faults, _ := config.Parse(environ(c.vars), ".env", nil)
		var wrong []string
		for _, f := range faults {
			wrong = append(wrong, f.Variable)
		}
		if !slices.Equal(wrong, c.wrong) {
			t.Errorf("%v: the faults are %v, want those of %q", c.vars, faults, c.wrong)
		}
	}
}

// An operator mends a configuration once, not once per variable.
func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	vars := map[string]string{
		"ENVIRONMENT": "production", "PORT": "http", "CORS_ORIGINS": "*", "RATE_LIMITS": "off",
		"JWT_PUBLIC_KEY": "secret", "DATABASE_URL": "secret",
	}
	_, faults, _ := config.Parse(environ(vars), ".env", []byte("good=1\nbad\n"))
	var names []string
	for _, f := range faults {
		names = append(names, f.Variable)
	}
	slices.Sort(names)
	if want := []string{".env:2", "CORS_ORIGINS", "DATABASE_URL", "JWT_PUBLIC_KEY", "PORT", "RATE_LIMITS"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	line := faults.Err().Error()
	if strings.Contains(line, "\n") || strings.Contains(line, "secret") || strings.Count(line, "; ") != len(faults)-1 {
		t.Errorf("not one line without values: %q", line)
	}
	if err := (config.Faults{}).Err(); err != nil {
		t.Errorf("no faults are an error: %v", err)
	}
}

// What production refuses, development allows.
func TestDevelopmentIsLenient(t *testing.T) {
	t.Parallel()
	load(t, map[string]string{"CORS_ORIGINS": "*", "RATE_LIMITS": "off"})
	// A third environment is one fault; neither of the two is assumed.
	_, faults, _ := config.Parse(environ(map[string]string{"ENVIRONMENT": "staging", "RATE_LIMITS": "off"}), ".env", nil)
	if len(faults) != 1 || faults[0].Variable != "ENVIRONMENT" {
		t.Errorf("faults %v", faults)
	}
}
