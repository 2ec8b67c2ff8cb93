package config

import (
	"log/slog"
	"time"
)

// Setting is the documentation of one variable.
type Setting struct {
	Name    string
	Default string // as written in .env, or in <angle brackets> how it is derived; empty means none
	Meaning string // one line
	Secret  bool   // the value must not be shown, and may be in the file whose path NAME_FILE has
}

// Settings lists all settings, in the order of .env.example.
func Settings() []Setting {
	all := make([]Setting, len(settings))
	for i, s := range settings {
		all[i] = s.Setting
	}
	return all
}

// setting is a Setting and its reader, which stores a value that is not empty in the Config, or returns what is wrong
// with it. A new setting needs a row here, a field of Config and a line in .env.example.
type setting struct {
	Setting
	read func(c *Config, value string) (problem string)
}

var settings = []setting{
	{
		Setting{"ENVIRONMENT", "development", "development or production; production rejects development defaults", false},
		func(c *Config, v string) string { return choice(&c.Environment, v, Development, Production) },
	},
	{
		Setting{"HOST", "127.0.0.1 (0.0.0.0 in production)", "the host name or address to listen on", false},
		func(c *Config, v string) string { return host(&c.Host, v) },
	},
	{
		Setting{"PORT", "8001", "the port to listen on; 0 chooses a free one", false},
		func(c *Config, v string) string { return integer(&c.Port, v, 0, 65535) },
	},
	{
		Setting{"PUBLIC_URL", "", "the URL where clients reach the service, such as https://users.example.com; discovery needs it", false},
		func(c *Config, v string) string { return publicURL(&c.PublicURL, v) },
	},
	{
		Setting{"TLS_CERT_FILE", "", "the file of the certificate chain, in PEM, to serve HTTPS without a proxy; read again when it changes", false},
		func(c *Config, v string) string { return path(&c.TLS.Certificate, v) },
	},
	{
		Setting{"TLS_KEY_FILE", "", "the file of its private key, in PEM", false},
		func(c *Config, v string) string { return path(&c.TLS.Key, v) },
	},
	{
		Setting{"DATA_DIR", "data", "the folder of the embedded database and of the development encryption key, mode 0700", false},
		func(c *Config, v string) string { return path(&c.DataDir, v) },
	},
	{
		Setting{"DATABASE_URL", "sqlite://<DATA_DIR>/svc-users.db", "sqlite://path, or postgresql://user:password@host:5432/database; required in production", true},
		func(c *Config, v string) string { return databaseURL(&c.DatabaseURL, v) },
	},
	{
		Setting{"DATABASE_LISTEN_URL", "", "postgresql:// URL of the same database without the connection pooler of DATABASE_URL, for change notifications", true},
		func(c *Config, v string) string { return listenURL(&c.DatabaseListenURL, v) },
	},
	{
		Setting{"DATABASE_PLAINTEXT_HOSTS", "", "database servers to which production may connect without TLS, separated by commas, such as one in a container network of this machine", false},
		func(c *Config, v string) string { return hosts(&c.PlaintextHosts, v) },
	},
	{
		Setting{"DATABASE_WAIT", "30s", "how long to wait at the start for a PostgreSQL that is not up yet, 0s to 10m", false},
		func(c *Config, v string) string { return duration(&c.DatabaseWait, v, 0, 10*time.Minute) },
	},
	{
		Setting{"ENCRYPTION_KEY", "", "base64 of 32 random bytes, which the signing keys in the database are encrypted under; required in production without JWT_PRIVATE_KEY", true},
		func(c *Config, v string) string { c.EncryptionKey = NewSecret(v); return "" },
	},
	{
		Setting{"ENCRYPTION_KEYS_OLD", "", "former values of ENCRYPTION_KEY, separated by commas, until svc-users keys rewrap has run", true},
		func(c *Config, v string) string { c.EncryptionKeysOld = NewSecret(v); return "" },
	},
	{
		Setting{"KEY_ROTATION", "30d", "how long a signing key of the database signs, 1d to 365d", false},
		func(c *Config, v string) string { return duration(&c.KeyRotation, v, day, 365*day) },
	},
	{
		Setting{"JWT_PRIVATE_KEY", "", "a signing key in place of those in the database, base64 of PEM", true},
		func(c *Config, v string) string { c.JWT.PrivateKey = NewSecret(v); return "" },
	},
	{
		Setting{"JWT_PUBLIC_KEY", "", "its public key, base64 of PEM; optional", true},
		func(c *Config, v string) string { c.JWT.PublicKey = NewSecret(v); return "" },
	},
	{
		Setting{"JWT_PUBLIC_KEYS", "", "retired public keys whose tokens are still accepted, base64 of PEM, separated by commas", true},
		func(c *Config, v string) string { c.JWT.PublicKeys = NewSecret(v); return "" },
	},
	{
		Setting{"JWT_KID", "<thumbprint of the key>", "the id of JWT_PRIVATE_KEY in tokens and in the JWK set", false},
		func(c *Config, v string) string { return text(&c.JWT.KeyID, v, maxClaim) },
	},
	{
		Setting{"JWT_ALGORITHM", "RS256", "RS256 (RSA) or ES256 (P-256): the kind of the signing key", false},
		func(c *Config, v string) string { return choice(&c.JWT.Algorithm, v, "RS256", "ES256") },
	},
	{
		Setting{"JWT_ISSUER", "https://api.example.com", "the claim iss of every token: a URI or a plain name; required in production", false},
		func(c *Config, v string) string { return issuer(&c.JWT.Issuer, v) },
	},
	{
		Setting{"JWT_AUDIENCE", "https://api.example.com", "the claim aud of every token; several, separated by commas, become an array; required in production", false},
		func(c *Config, v string) string { return audiences(&c.JWT.Audiences, v) },
	},
	{
		Setting{"JWT_EXPIRATION_DAYS", "7", "how long a token is valid, 1 to 365 days", false},
		func(c *Config, v string) string { return days(&c.JWT.Lifetime, v, 1, 365) },
	},
	{
		Setting{"JWT_EXPIRATION", "", "the same as a duration such as 12h, 1m to 365d; in place of JWT_EXPIRATION_DAYS", false},
		func(c *Config, v string) string { return duration(&c.JWT.Lifetime, v, time.Minute, 365*day) },
	},
	{
		Setting{"ACCESS_TOKEN_TTL", "10m", "how long an access token of a session is valid, 1m to 24h", false},
		func(c *Config, v string) string { return duration(&c.Sessions.AccessLife, v, time.Minute, day) },
	},
	{
		Setting{"SESSION_IDLE", "14d", "how long a session lasts without a refresh, 1m to 365d; no shorter than ACCESS_TOKEN_TTL", false},
		func(c *Config, v string) string { return duration(&c.Sessions.Idle, v, time.Minute, 365*day) },
	},
	{
		Setting{"SESSION_LIFETIME", "90d", "how long a session lasts in any case, 1m to 3650d; no shorter than SESSION_IDLE", false},
		func(c *Config, v string) string { return duration(&c.Sessions.Absolute, v, time.Minute, 3650*day) },
	},
	{
		Setting{"REFRESH_REUSE_WINDOW", "10s", "how long after a refresh the same token gives the same result again, 0s to 60s", false},
		func(c *Config, v string) string { return duration(&c.Sessions.ReuseWindow, v, 0, time.Minute) },
	},
	{
		Setting{"REFRESH_RECOVERY", "24h", "how long after that it does so once a day, if the result was never used, 0s to 30d", false},
		func(c *Config, v string) string { return duration(&c.Sessions.Recovery, v, 0, 30*day) },
	},
	{
		Setting{"API_KEY_LIFE", "90d", "how long an API key lives whose owner chooses no end, 1h to 3650d; no longer than API_KEY_MAX_LIFE", false},
		func(c *Config, v string) string { return duration(&c.APIKeys.Life, v, time.Hour, 3650*day) },
	},
	{
		Setting{"API_KEY_MAX_LIFE", "365d", "the longest life that can be chosen for an API key, 1h to 3650d, or never: also keys that do not expire", false},
		func(c *Config, v string) string { return maxAPIKeyLife(&c.APIKeys, v) },
	},
	{
		Setting{"SERVICE_TOKEN_TTL", "10m", "how long an access token of a service account is valid, 1m to 24h", false},
		func(c *Config, v string) string { return duration(&c.Clients.TokenLife, v, time.Minute, day) },
	},
	{
		Setting{"CLIENT_SECRET_MAX_LIFE", "365d", "the longest that a secret of a service account may live, 1d to 3650d, or never: such secrets need not expire", false},
		func(c *Config, v string) string { return secretLife(&c.Clients, v) },
	},
	{
		Setting{"JWT_MAX_BYTES", "4096", "the maximum length of an issued token, 2048 to 8192; a longer one is issued without its permissions. nginx (a line) and Tomcat (all headers) take 8 KiB by default", false},
		func(c *Config, v string) string { return integer(&c.JWT.MaxBytes, v, 2048, 8192) },
	},
	{
		Setting{"PASSWORD_MIN_LENGTH", "8", "how many characters a chosen password has at least, 8 to 64; 15 where it is the only factor (NIST SP 800-63B-4)", false},
		func(c *Config, v string) string { return integer(&c.Passwords.MinLength, v, 8, 64) },
	},
	{
		Setting{"PASSWORD_BREACHED_FILE", "", "a file that svc-users passwords index has made; a password in it cannot be chosen", false},
		func(c *Config, v string) string { return path(&c.Passwords.BreachedFile, v) },
	},
	{
		Setting{"PASSWORD_BREACHED_URL", "", "a service that is sent the first five digits of the SHA-1 of a chosen password, such as https://api.pwnedpasswords.com/range; without an answer the password is taken", false},
		func(c *Config, v string) string { return rangeURL(&c.Passwords.BreachedURL, v) },
	},
	{
		Setting{"PASSWORD_HASH", "bcrypt", "bcrypt or argon2id; a hash of the other kind is replaced at the next login", false},
		func(c *Config, v string) string { return choice(&c.Passwords.Hash, v, HashBcrypt, HashArgon2id) },
	},
	{
		Setting{"ARGON2_MEMORY", "19456", "the memory of a hash of argon2id in KiB, 7168 to 131072", false},
		func(c *Config, v string) string { return integer(&c.Argon2.MemoryKiB, v, 7168, 131072) },
	},
	{
		Setting{"ARGON2_PASSES", "2", "the passes of argon2id over its memory, 1 to 5", false},
		func(c *Config, v string) string { return integer(&c.Argon2.Passes, v, 1, 5) },
	},
	{
		Setting{"ARGON2_LANES", "1", "the lanes of argon2id, 1 to 4; each is a thread", false},
		func(c *Config, v string) string { return integer(&c.Argon2.Lanes, v, 1, 4) },
	},
	{
		Setting{"BCRYPT_COST", "12", "the cost of a password hash, 10 to 16; each step doubles the work", false},
		func(c *Config, v string) string { return integer(&c.BcryptCost, v, 10, 16) },
	},
	{
		Setting{"HASH_WORKERS", "<processors, fewer under a CPU quota>", "how many passwords are hashed in parallel, 1 to 256", false},
		func(c *Config, v string) string { return integer(&c.HashWorkers, v, 1, 256) },
	},
	{
		Setting{"LOGIN_MAX_WAIT", "5s", "how long a login may wait for its turn before it is refused, 100ms to 10s", false},
		func(c *Config, v string) string {
			return duration(&c.LoginMaxWait, v, 100*time.Millisecond, 10*time.Second)
		},
	},
	{
		Setting{"MAX_ROLES", "100000", "the maximum number of roles, 10 to 10000000", false},
		func(c *Config, v string) string { return integer(&c.MaxRoles, v, 10, 10_000_000) },
	},
	{
		Setting{"MAX_PERMISSIONS", "100000", "the maximum number of permissions, system permissions included, 100 to 10000000", false},
		func(c *Config, v string) string { return integer(&c.MaxPermissions, v, 100, 10_000_000) },
	},
	{
		Setting{"MAX_ASSIGNMENTS", "1000000", "the maximum number of permissions assigned to all roles together, 100 to 100000000", false},
		func(c *Config, v string) string { return integer(&c.MaxAssignments, v, 100, 100_000_000) },
	},
	{
		Setting{"CORS_ORIGINS", "* (none in production)", "exact origins that may read responses in a browser, separated by commas", false},
		func(c *Config, v string) string { return origins(&c.CORSOrigins, v) },
	},
	{
		Setting{"CORS_HEADERS", "", "additional header fields that pages of these origins may send, separated by commas", false},
		func(c *Config, v string) string { return fieldNames(&c.CORSHeaders, v) },
	},
	{
		Setting{"IDLE_TIMEOUT", "650s", "how long an idle connection is kept, 1s to 1h; must be longer than at the load balancer", false},
		func(c *Config, v string) string { return duration(&c.IdleTimeout, v, time.Second, time.Hour) },
	},
	{
		Setting{"TRUSTED_PROXIES", "", "networks (CIDR) whose X-Forwarded-For and X-Forwarded-Proto are trusted, separated by commas", false},
		func(c *Config, v string) string { return networks(&c.TrustedProxies, v) },
	},
	{
		Setting{"FEDERATION_NETWORKS", "", "networks (CIDR) beside the public Internet from which keys of trusted issuers are read, separated by commas", false},
		func(c *Config, v string) string { return networks(&c.FederationNetworks, v) },
	},
	{
		Setting{"RATE_LIMITS", "on", "on, or off for load tests; production refuses off", false},
		func(c *Config, v string) string { return onOff(&c.RateLimits, v) },
	},
	{
		Setting{"THROTTLE_ADDRESS", "300/5s", "how many logins may fail from an address, and after how long one more", false},
		func(c *Config, v string) string { return rate(&c.Throttles.Address, v) },
	},
	{
		Setting{"THROTTLE_ACCOUNT", "20/10m", "the same for an account, from devices that it has not logged in from", false},
		func(c *Config, v string) string { return rate(&c.Throttles.Account, v) },
	},
	{
		Setting{"THROTTLE_DEVICE", "5/15m", "the same for an account, from a device that it has logged in from", false},
		func(c *Config, v string) string { return rate(&c.Throttles.Device, v) },
	},
	{
		Setting{"LOG_FORMAT", "text on a terminal, else json", "text or json; one record per line", false},
		func(c *Config, v string) string { return choice(&c.LogFormat, v, LogText, LogJSON) },
	},
	{
		Setting{"LOG_LEVEL", "info", "debug, info, warn or error", false},
		func(c *Config, v string) string { return level(&c.LogLevel, v) },
	},
}

// levels are the spellings of LOG_LEVEL.
var levels = map[string]slog.Level{
	"debug": slog.LevelDebug,
	"info":  slog.LevelInfo,
	"warn":  slog.LevelWarn,
	"error": slog.LevelError,
}

// companions are names in .env that the service does not read: the compose files build the database's settings from
// them, and the last one names the PostgreSQL of the tests.
var companions = map[string]bool{
	"POSTGRES_USER":        true,
	"POSTGRES_PASSWORD":    true,
	"POSTGRES_DB":          true,
	"SVC_USERS_VERSION":    true,
	"COMPOSE_PROJECT_NAME": true,
	"COMPOSE_FILE":         true,
	"COMPOSE_PROFILES":     true,
	"TEST_DATABASE_URL":    true,
}
