package config

import (
	"log/slog"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// leastCost is the least BCRYPT_COST in production, the default: each step below it halves the work of guessing passwords
// from a stolen database.
const leastCost = 12

// productionFaults returns the faults of well-formed values that production rejects. value returns variables that are no
// settings too.
func productionFaults(c Config, value func(string) string) Faults {
	if c.Environment != Production {
		return nil
	}
	var f Faults
	if len(c.CORSOrigins) == 1 && c.CORSOrigins[0] == "*" {
		f = append(f, Fault{"CORS_ORIGINS", "must not be * in production"})
	}
	if inClearText(c.PublicURL) {
		f = append(f, Fault{"PUBLIC_URL", "must begin with https:// in production, unless its host is this machine"})
	}
	if !c.RateLimits {
		f = append(f, Fault{"RATE_LIMITS", "must not be off in production"})
	}
	if c.BcryptCost < leastCost {
		f = append(f, Fault{"BCRYPT_COST", "must be at least 12 in production: a lower cost makes passwords easier to guess from a stolen database"})
	}
	if c.LogLevel < slog.LevelInfo {
		f = append(f, Fault{"LOG_LEVEL", "must not be debug in production: set info"})
	}
	if everywhere(c.TrustedProxies) {
		f = append(f, Fault{"TRUSTED_PROXIES", "must not be all addresses in production, because every client could then choose its own: name the networks of the proxies"})
	}
	if everywhere(c.FederationNetworks) {
		f = append(f, Fault{"FEDERATION_NETWORKS", "must not be all addresses in production: name the networks of the issuers"})
	}
	f = append(f, debugFaults(value("GODEBUG"))...)
	return append(f, passwordFaults(c, value("PGPASSWORD"))...)
}

// everywhere reports whether a list of networks has all addresses of IPv4 or IPv6.
func everywhere(networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Bits() == 0 })
}

// debugFaults refuses settings of Go itself that write headers, and tokens with them, on standard error (http2debug), or that
// allow what TLS and certificates must no longer have.
func debugFaults(godebug string) Faults {
	for pair := range strings.SplitSeq(godebug, ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if name == "http2debug" || strings.HasPrefix(name, "tls") || strings.HasPrefix(name, "x509") {
			return Faults{{"GODEBUG", "must not have http2debug, tls… or x509… in production: the first writes tokens into the log, the others weaken TLS"}}
		}
	}
	return nil
}

// passwordFaults refuses database passwords that are tried first.
func passwordFaults(c Config, fromEnvironment string) Faults {
	const problem = "has a password that is a placeholder or tried first by everyone who guesses: choose one, such as openssl rand -hex 24"
	var f Faults
	for _, one := range []struct {
		variable string
		url      Secret
	}{{"DATABASE_URL", c.DatabaseURL}, {"DATABASE_LISTEN_URL", c.DatabaseListenURL}} {
		scheme, rest, _ := strings.Cut(one.url.Reveal(), "://")
		u, err := url.Parse(scheme + "://" + withoutSocket(rest))
		if err != nil || scheme == "sqlite" {
			continue
		}
		password, has := u.User.Password()
		if !has {
			password = u.Query().Get("password")
		}
		if weakPassword(password, u.User.Username()) {
			f = append(f, Fault{one.variable, problem})
		}
	}
	if weakPassword(fromEnvironment, "") {
		f = append(f, Fault{"PGPASSWORD", problem})
	}
	return f
}

// firstGuesses are passwords of examples and of databases that were never given another.
var firstGuesses = []string{
	"password", "passwd", "postgres", "postgresql", "secret", "admin", "root", "test", "example", "svcusers", "localonly", "local", "123456", "12345678", "pass", "x",
}

func weakPassword(password, user string) bool {
	return password != "" && (password == user || slices.Contains(firstGuesses, squeeze(password)) || isPlaceholder(password))
}

// placeholders are the words of values that were to be replaced, without what may be between their parts.
var placeholders = []string{
	"changeme", "changethis", "replaceme", "replacethis", "replacewith", "placeholder", "yourpassword", "yoursecret", "yourkey", "yourdomain", "insertyour",
}

// unfilled matches what templates and examples leave for a value: <password>, ${PASSWORD}, {{ password }}, $(PASSWORD), xxxx.
var unfilled = regexp.MustCompile(`<[^<>]*>|\$\{|\{\{|\$\(|^([xX]{3,}|\*{3,}|\.{3,}|…)$`)

// isPlaceholder reports whether a value was meant to be replaced.
func isPlaceholder(v string) bool {
	if unfilled.MatchString(v) {
		return true
	}
	v = squeeze(v)
	return v == "todo" || v == "tbd" || v == "fixme" || slices.ContainsFunc(placeholders, func(word string) bool { return strings.Contains(v, word) })
}

// squeeze is a text in lower case without what may be between words.
func squeeze(v string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "", ".", "").Replace(v))
}

// ServeFaults returns the faults that prevent issuing tokens with this Config, in addition to those of Load: in
// production there must be a key to encrypt the signing keys under, or a signing key, because a generated one would be lost
// with its container, and every token with it; and so must the issuer and the audience. Commands that issue no tokens, such
// as a migration, don't call it.
func (c Config) ServeFaults() Faults {
	if c.Environment != Production {
		return nil
	}
	var f Faults
	_, tried := c.SecretFiles["JWT_PRIVATE_KEY"] // whose fault, if it has one, was said
	if c.EncryptionKey.IsZero() && c.JWT.PrivateKey.IsZero() && c.JWT.PublicKey.IsZero() && !tried {
		f = append(f, Fault{"ENCRYPTION_KEY", "is required in production, for the signing keys in the database (openssl rand -base64 32 makes one); or JWT_PRIVATE_KEY, which signs in their place"})
	}
	for _, claim := range []struct {
		variable string
		values   []string
		what     string
	}{
		{"JWT_ISSUER", []string{c.JWT.Issuer}, "the URL of this service"},
		{"JWT_AUDIENCE", c.JWT.Audiences, "the URL of the API that the tokens are for"},
	} {
		if slices.ContainsFunc(claim.values, ofExample) {
			f = append(f, Fault{claim.variable, "is required in production, and must not be that of the example: " + claim.what})
		}
	}
	if inClearText(c.JWT.Issuer) {
		f = append(f, Fault{"JWT_ISSUER", "must begin with https:// in production, unless its host is this machine"})
	}
	if ofExample(c.PublicURL) {
		f = append(f, Fault{"PUBLIC_URL", "must not be that of the example in production: the URL where clients reach this service"})
	}
	return f
}

// ofExample reports whether a URL has a host that is reserved for examples (RFC 2606), which belongs to no service: tokens with
// it would be valid at every other service with the same defaults.
func ofExample(v string) bool {
	u, err := url.Parse(v)
	if err != nil {
		return false
	}
	host := "." + strings.TrimSuffix(u.Hostname(), ".")
	return slices.ContainsFunc([]string{".example.com", ".example.net", ".example.org", ".example"}, func(reserved string) bool {
		return strings.HasSuffix(strings.ToLower(host), reserved)
	})
}
