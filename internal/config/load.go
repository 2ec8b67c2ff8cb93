package config

import (
	"errors"
	"io/fs"
	"os"
)

// Load reads the settings from lookup, which is os.LookupEnv or a stand-in, and from the file at envFile, where
// lookup wins and an empty variable is an unset one. The file may be missing, and envFile may be empty; a file that
// can't be read is a fault. The Config is of use only without faults.
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
		v := value(s.Name)
		if v == "" {
			continue
		}
		if problem := s.read(&cfg, v); problem != "" {
			faults = append(faults, Fault{s.Name, problem})
		}
	}
	if value("DATABASE_URL") == "" && cfg.Environment == Production {
		faults = append(faults, Fault{"DATABASE_URL", "is required in production: a file that is made because no database was named would be empty"})
	}
	if cfg.DatabaseURL.IsZero() {
		cfg.DatabaseURL = embeddedDatabase(cfg.DataDir)
	}
	if cfg.JWT.PrivateKey.IsZero() && !cfg.JWT.PublicKey.IsZero() {
		faults = append(faults, Fault{"JWT_PUBLIC_KEY", "can't stand alone: JWT_PRIVATE_KEY is missing"})
	}
	return cfg, append(faults, productionFaults(cfg)...), warnings
}

// productionFaults is what production refuses although it is well-formed.
func productionFaults(c Config) Faults {
	if c.Environment != Production {
		return nil
	}
	var f Faults
	if len(c.CORSOrigins) == 1 && c.CORSOrigins[0] == "*" {
		f = append(f, Fault{"CORS_ORIGINS", "must not be * in production"})
	}
	if !c.RateLimits {
		f = append(f, Fault{"RATE_LIMITS", "must not be off in production"})
	}
	return f
}

// reason is an error of the file system without the path, which the fault already names.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
