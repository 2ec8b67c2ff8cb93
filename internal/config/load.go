package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Load reads the settings from lookup, which is os.LookupEnv or a substitute, and from the file at envFile. lookup takes
// precedence, and an empty variable counts as unset. The file may be missing, and envFile may be empty; a file that can't
// be read is a fault. The Config is valid only without faults.
func Load(lookup func(name string) (string, bool), envFile string) (Config, Faults, []Warning) {
	if envFile == "" {
		return Parse(lookup, "", nil)
	}
	data, err := os.ReadFile(envFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		cfg, faults, warnings := Parse(lookup, envFile, nil)
		return cfg, append(Faults{{envFile, "can't be read: " + reason(err)}}, faults...), warnings
	}
	return Parse(lookup, envFile, data)
}

// Parse is Load on the content of a .env file, which it calls by name in messages.
func Parse(lookup func(name string) (string, bool), name string, envFile []byte) (Config, Faults, []Warning) {
	file, faults, warnings := readEnvFile(name, envFile)
	value := func(name string) string {
		if v, ok := lookup(name); ok && v != "" {
			return v
		}
		return file[name]
	}

	// The environment comes first because other defaults follow it. One that is neither is reported once, below,
	// and does not add what only production refuses.
	cfg := defaults(Development)
	if value("ENVIRONMENT") == string(Production) {
		cfg = defaults(Production)
	}
	for _, s := range settings {
		faults = append(faults, s.load(&cfg, lookup, value)...)
	}
	if cfg.DatabaseURL.IsZero() && value("DATABASE_URL")+value("DATABASE_URL"+fileSuffix) == "" && cfg.Environment == Production {
		faults = append(faults, Fault{"DATABASE_URL", "is required in production: a file that is made because no database was named would be empty"})
	}
	if cfg.DatabaseURL.IsZero() {
		cfg.DatabaseURL = embeddedDatabase(cfg.DataDir)
	}
	if cfg.JWT.PrivateKey.IsZero() && !cfg.JWT.PublicKey.IsZero() && value("JWT_PRIVATE_KEY"+fileSuffix) == "" {
		faults = append(faults, Fault{"JWT_PUBLIC_KEY", "can't stand alone: JWT_PRIVATE_KEY is missing"})
	}
	if value("JWT_EXPIRATION") != "" && value("JWT_EXPIRATION_DAYS") != "" {
		faults = append(faults, Fault{"JWT_EXPIRATION", "can't be set beside JWT_EXPIRATION_DAYS: one of the two must be empty"})
	}
	if cfg.TLS.Certificate != "" && value("TLS_KEY_FILE") == "" {
		faults = append(faults, Fault{"TLS_CERT_FILE", "can't stand alone: TLS_KEY_FILE is missing"})
	}
	if cfg.TLS.Key != "" && value("TLS_CERT_FILE") == "" {
		faults = append(faults, Fault{"TLS_KEY_FILE", "can't stand alone: TLS_CERT_FILE is missing"})
	}
	faults = append(faults, sessionFaults(cfg.Sessions)...)
	faults = append(faults, argon2Faults(cfg.Argon2)...)
	if !cfg.APIKeys.Endless && cfg.APIKeys.Life > cfg.APIKeys.MaxLife {
		faults = append(faults, Fault{"API_KEY_LIFE", "must not be longer than API_KEY_MAX_LIFE"})
	}
	if cfg.JWT.PrivateKey.IsZero() && cfg.JWT.KeyID != "" && cfg.Environment == Production && value("JWT_PRIVATE_KEY"+fileSuffix) == "" {
		faults = append(faults, Fault{"JWT_KID", "names JWT_PRIVATE_KEY, which is missing: the keys in the database are named by their thumbprints"})
	}
	if cfg.EncryptionKey.IsZero() && !cfg.EncryptionKeysOld.IsZero() && value("ENCRYPTION_KEY"+fileSuffix) == "" {
		faults = append(faults, Fault{"ENCRYPTION_KEYS_OLD", "can't stand alone: ENCRYPTION_KEY is missing"})
	}
	return cfg, append(faults, productionFaults(cfg, value)...), warnings
}

const (
	// leastArgon2 and mostArgon2 bound KiB times passes: the least of what OWASP recommends (7 MiB, five passes), and about
	// half a second of a processor.
	leastArgon2 = 7168 * 5
	mostArgon2  = 512 << 10
)

// argon2Faults returns the fault of parameters that together are too weak or too dear.
func argon2Faults(a Argon2) Faults {
	if n := a.MemoryKiB * a.Passes; n < leastArgon2 || n > mostArgon2 {
		return Faults{{"ARGON2_PASSES", fmt.Sprintf("times ARGON2_MEMORY must be from %d to %d, and is %d", leastArgon2, mostArgon2, n)}}
	}
	return nil
}

// sessionFaults returns the faults of times that do not fit one another.
func sessionFaults(s Sessions) Faults {
	var f Faults
	if s.Idle < s.AccessLife {
		f = append(f, Fault{"SESSION_IDLE", "must not be shorter than ACCESS_TOKEN_TTL"})
	}
	if s.Absolute < s.Idle {
		f = append(f, Fault{"SESSION_LIFETIME", "must not be shorter than SESSION_IDLE"})
	}
	return f
}

// load reads one setting into the Config. A secret may instead be in the file that NAME_FILE has the path of.
func (s setting) load(cfg *Config, lookup func(string) (string, bool), value func(string) string) Faults {
	var faults Faults
	if _, marked := lookup("\ufeff" + s.Name); marked {
		faults = append(faults, Fault{s.Name, "has a byte order mark (U+FEFF) before its name: the file that it was set in must be saved without one"})
	}
	variable, v := s.Name, value(s.Name)
	if file := value(s.Name + fileSuffix); s.Secret && file != "" {
		variable += fileSuffix
		if v != "" {
			return append(faults, Fault{variable, "can't be set beside " + s.Name + ": one of the two must be empty"})
		}
		if cfg.SecretFiles == nil {
			cfg.SecretFiles = map[string]string{}
		}
		cfg.SecretFiles[s.Name] = file
		problem := misquoted(file)
		if problem == "" {
			v, problem = readSecretFile(file)
		}
		if problem != "" {
			return append(faults, Fault{variable, problem})
		}
	}
	if v == "" {
		return faults
	}
	problem := misquoted(v)
	if problem == "" && cfg.Environment == Production && isPlaceholder(v) {
		problem = "is a placeholder, which production refuses: set a value"
	}
	if problem == "" {
		problem = s.read(cfg, v)
	}
	if problem != "" {
		faults = append(faults, Fault{variable, problem})
	}
	return faults
}

// reason is an error of the file system without the path, which the fault already names.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
