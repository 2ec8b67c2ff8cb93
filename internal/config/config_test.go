package config_test

import (
	"log/slog"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/config"
)

// environ is a lookup over a map.
func environ(m map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := m[name]; return v, ok }
}

// load parses variables alone and fails the test on faults and warnings.
func load(t *testing.T, vars map[string]string) config.Config {
	t.Helper()
	cfg, faults, warnings := config.Parse(environ(vars), ".env", nil)
	if len(faults)+len(warnings) > 0 {
		t.Fatalf("faults %v, warnings %v", faults, warnings)
	}
	return cfg
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	development := config.Config{
		DatabaseURL: config.NewSecret("sqlite://data/svc-users.db"),
		DataDir:     "data",
		Host:        "127.0.0.1",
		Port:        8001,
		Environment: config.Development,
		JWT:         config.JWT{Issuer: "https://api.example.com", Audiences: []string{"https://api.example.com"}, Lifetime: 7 * 24 * time.Hour, MaxBytes: 4096, Algorithm: "RS256"},
		KeyRotation: 30 * 24 * time.Hour,
		Sessions: config.Sessions{
			AccessLife: 10 * time.Minute, Idle: 14 * 24 * time.Hour, Absolute: 90 * 24 * time.Hour, ReuseWindow: 10 * time.Second, Recovery: 24 * time.Hour,
		},
		APIKeys:      config.APIKeys{Life: 90 * 24 * time.Hour, MaxLife: 365 * 24 * time.Hour},
		Clients:      config.Clients{TokenLife: 10 * time.Minute, SecretLife: 90 * 24 * time.Hour, MaxSecretLife: 365 * 24 * time.Hour},
		BcryptCost:   12,
		Passwords:    config.Passwords{MinLength: 8, Hash: "bcrypt"},
		Argon2:       config.Argon2{MemoryKiB: 19456, Passes: 2, Lanes: 1},
		DatabaseWait: 30 * time.Second,
		IdleTimeout:  650 * time.Second,
		LoginMaxWait: 5 * time.Second,
		MaxRoles:     100_000, MaxPermissions: 100_000, MaxAssignments: 1_000_000,
		CORSOrigins: []string{"*"},
		RateLimits:  true,
		Throttles: config.Throttles{
			Address: config.Rate{Burst: 300, Every: 5 * time.Second}, Account: config.Rate{Burst: 20, Every: 10 * time.Minute},
			Device: config.Rate{Burst: 5, Every: 15 * time.Minute},
		},
		LogLevel: slog.LevelInfo,
	}
	production := development
	production.Environment, production.Host, production.CORSOrigins = config.Production, "0.0.0.0", nil

	if got := load(t, nil); !reflect.DeepEqual(got, development) {
		t.Errorf("empty environment:\n got %+v\nwant %+v", got, development)
	}
	production.DatabaseURL = config.NewSecret("sqlite://said.db")
	if got := load(t, map[string]string{"ENVIRONMENT": "production", "DATABASE_URL": "sqlite://said.db"}); !reflect.DeepEqual(got, production) {
		t.Errorf("production:\n got %+v\nwant %+v", got, production)
	}
}

// The defaults that the table documents are those of the program: setting one explicitly changes nothing.
func TestTableOfDefaultsIsTrue(t *testing.T) {
	t.Parallel()
	written := map[string]string{}
	for _, s := range config.Settings() {
		value, _, _ := strings.Cut(s.Default, " ")
		if !strings.Contains(value, "<") && s.Name != "LOG_FORMAT" {
			written[s.Name] = value
		}
	}
	if got, want := load(t, written), load(t, nil); !reflect.DeepEqual(got, want) {
		t.Errorf("with the defaults written out:\n got %+v\nwant %+v", got, want)
	}
}

func TestEverySettingIsRead(t *testing.T) {
	t.Parallel()
	got := load(t, map[string]string{
		"ENVIRONMENT": "production", "HOST": "::1", "PORT": "0", "PUBLIC_URL": "https://example.com/users", "DATA_DIR": "/srv/data",
		"DATABASE_URL": "postgresql://u:p%23@h:5432/d?sslmode=require", "DATABASE_LISTEN_URL": "postgresql://u:p%23@direct:5432/d", "JWT_PRIVATE_KEY": "cHJpdg==",
		"ENCRYPTION_KEY": "c2VjcmV0", "ENCRYPTION_KEYS_OLD": "b2xk", "KEY_ROTATION": "365d",
		"JWT_PUBLIC_KEY": "cHVi", "JWT_PUBLIC_KEYS": "b2xk,bWFpbg==", "JWT_KID": "k1", "JWT_ALGORITHM": "ES256", "JWT_ISSUER": "iss", "JWT_AUDIENCE": "aud, https://b.example/x",
		"JWT_EXPIRATION": "36h", "ACCESS_TOKEN_TTL": "5m", "SESSION_IDLE": "1h", "SESSION_LIFETIME": "2d", "REFRESH_REUSE_WINDOW": "20s", "REFRESH_RECOVERY": "3d", "SERVICE_TOKEN_TTL": "5m", "CLIENT_SECRET_MAX_LIFE": "30d", "API_KEY_LIFE": "30d", "API_KEY_MAX_LIFE": "60d", "JWT_MAX_BYTES": "8000", "PASSWORD_MIN_LENGTH": "15", "PASSWORD_BREACHED_FILE": "/srv/breached.idx", "PASSWORD_BREACHED_URL": "http://127.0.0.1:8080/range", "PASSWORD_HASH": "argon2id", "ARGON2_MEMORY": "7168", "ARGON2_PASSES": "5", "ARGON2_LANES": "4", "BCRYPT_COST": "16", "HASH_WORKERS": "3", "LOGIN_MAX_WAIT": "750ms", "MAX_ROLES": "10", "MAX_PERMISSIONS": "200", "MAX_ASSIGNMENTS": "3000", "DATABASE_WAIT": "2m", "IDLE_TIMEOUT": "1m", "CORS_HEADERS": "X-Shop , x-client-version", "CORS_ORIGINS": "https://a.example, http://localhost:5173",
		"TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1,2001:db8::1", "FEDERATION_NETWORKS": "10.96.0.0/12", "RATE_LIMITS": "on", "THROTTLE_ADDRESS": "100/1s", "THROTTLE_ACCOUNT": "10/1h", "THROTTLE_DEVICE": "3/1d", "LOG_FORMAT": "json", "LOG_LEVEL": "error", "TLS_CERT_FILE": "/tls/tls.crt", "TLS_KEY_FILE": "/tls/tls.key", "DATABASE_PLAINTEXT_HOSTS": "db, 10.0.0.1",
	})
	want := config.Config{
		DatabaseURL: config.NewSecret("postgresql://u:p%23@h:5432/d?sslmode=require"), DatabaseListenURL: config.NewSecret("postgresql://u:p%23@direct:5432/d"),
		PlaintextHosts: []string{"db", "10.0.0.1"}, TLS: config.TLSFiles{Certificate: "/tls/tls.crt", Key: "/tls/tls.key"},
		DataDir:     "/srv/data",
		Host:        "::1",
		Port:        0,
		Environment: config.Production,
		PublicURL:   "https://example.com/users",
		JWT: config.JWT{
			Issuer: "iss", Audiences: []string{"aud", "https://b.example/x"}, Lifetime: 36 * time.Hour, MaxBytes: 8000, Algorithm: "ES256", KeyID: "k1",
			PrivateKey: config.NewSecret("cHJpdg=="), PublicKey: config.NewSecret("cHVi"), PublicKeys: config.NewSecret("b2xk,bWFpbg=="),
		},
		EncryptionKey: config.NewSecret("c2VjcmV0"), EncryptionKeysOld: config.NewSecret("b2xk"), KeyRotation: 365 * 24 * time.Hour,
		Sessions: config.Sessions{
			AccessLife: 5 * time.Minute, Idle: time.Hour, Absolute: 48 * time.Hour, ReuseWindow: 20 * time.Second, Recovery: 72 * time.Hour,
		},
		APIKeys:      config.APIKeys{Life: 30 * 24 * time.Hour, MaxLife: 60 * 24 * time.Hour},
		Clients:      config.Clients{TokenLife: 5 * time.Minute, SecretLife: 30 * 24 * time.Hour, MaxSecretLife: 30 * 24 * time.Hour},
		BcryptCost:   16,
		Passwords:    config.Passwords{MinLength: 15, BreachedFile: "/srv/breached.idx", BreachedURL: "http://127.0.0.1:8080/range", Hash: "argon2id"},
		Argon2:       config.Argon2{MemoryKiB: 7168, Passes: 5, Lanes: 4},
		HashWorkers:  3,
		DatabaseWait: 2 * time.Minute,
		IdleTimeout:  time.Minute,
		LoginMaxWait: 750 * time.Millisecond,
		MaxRoles:     10, MaxPermissions: 200, MaxAssignments: 3000,
		CORSOrigins:        []string{"https://a.example", "http://localhost:5173"},
		CORSHeaders:        []string{"X-Shop", "x-client-version"},
		FederationNetworks: []netip.Prefix{netip.MustParsePrefix("10.96.0.0/12")},
		TrustedProxies: []netip.Prefix{
			netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8::1/128"),
		},
		RateLimits: true,
		Throttles: config.Throttles{
			Address: config.Rate{Burst: 100, Every: time.Second}, Account: config.Rate{Burst: 10, Every: time.Hour},
			Device: config.Rate{Burst: 3, Every: 24 * time.Hour},
		},
		LogFormat: config.LogJSON,
		LogLevel:  slog.LevelError,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if got.Addr() != "[::1]:0" {
		t.Errorf("Addr() = %q", got.Addr())
	}
	if url := load(t, map[string]string{"DATA_DIR": "/srv/data"}).DatabaseURL.Reveal(); url != "sqlite:///srv/data/svc-users.db" {
		t.Errorf("the embedded database is at %q", url)
	}
}

func TestServeFaults(t *testing.T) {
	t.Parallel()
	said := map[string]string{
		"ENVIRONMENT": "production", "DATABASE_URL": "sqlite://said.db", "JWT_PRIVATE_KEY": "cHJpdg==",
		"JWT_ISSUER": "https://id.company.test", "JWT_AUDIENCE": "https://api.company.test",
	}
	but := func(changes ...string) map[string]string {
		vars := maps.Clone(said)
		for _, c := range changes {
			name, value, _ := strings.Cut(c, "=")
			vars[name] = value
		}
		return vars
	}
	for name, test := range map[string]struct {
		vars map[string]string
		want []string
	}{
		"development":                      {nil, nil},
		"production with all said":         {said, nil},
		"production without a key":         {but("JWT_PRIVATE_KEY="), []string{"ENCRYPTION_KEY"}},
		"production without a signing key": {but("JWT_PRIVATE_KEY=", "ENCRYPTION_KEY=c2VjcmV0"), nil},
		"production without claims":        {but("JWT_ISSUER=", "JWT_AUDIENCE="), []string{"JWT_ISSUER", "JWT_AUDIENCE"}},
		"the example among others":         {but("JWT_AUDIENCE=orders,https://api.example.com"), []string{"JWT_AUDIENCE"}},
		"production as the example":        {but("JWT_ISSUER=https://api.example.com", "JWT_AUDIENCE=https://api.example.com"), []string{"JWT_ISSUER", "JWT_AUDIENCE"}},
		"production without a thing":       {but("JWT_PRIVATE_KEY=", "JWT_ISSUER=", "JWT_AUDIENCE="), []string{"ENCRYPTION_KEY", "JWT_ISSUER", "JWT_AUDIENCE"}},
	} {
		var got []string
		for _, f := range load(t, test.vars).ServeFaults() {
			got = append(got, f.Variable)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// An id without a key to name would name nothing, unnoticed. In development it names a key that is imported from a file.
func TestKeyIDWithoutAKey(t *testing.T) {
	t.Parallel()
	vars := map[string]string{"ENVIRONMENT": "production", "DATABASE_URL": "sqlite://said.db", "JWT_KID": "main"}
	if _, faults, _ := config.Parse(environ(vars), ".env", nil); len(faults) != 1 || faults[0].Variable != "JWT_KID" {
		t.Errorf("production: %v", faults)
	}
	load(t, map[string]string{"JWT_KID": "main"})
	vars["JWT_PRIVATE_KEY"] = "cHJpdg=="
	load(t, vars)
}

// Without a database that was named, production would serve an empty file, and every command would change that.
func TestProductionNamesItsDatabase(t *testing.T) {
	t.Parallel()
	for database, want := range map[string]int{"": 1, "sqlite://said.db": 0, "mysql://x": 1} {
		vars := map[string]string{"ENVIRONMENT": "production", "DATABASE_URL": database}
		_, faults, _ := config.Parse(environ(vars), ".env", nil)
		if len(faults) != want || want > 0 && faults[0].Variable != "DATABASE_URL" {
			t.Errorf("%q: %v", database, faults)
		}
		// What .env says counts as said.
		_, faults, _ = config.Parse(environ(map[string]string{"ENVIRONMENT": "production"}), ".env", []byte("DATABASE_URL="+database+"\n"))
		if len(faults) != want {
			t.Errorf("%q in .env: %v", database, faults)
		}
	}
}
