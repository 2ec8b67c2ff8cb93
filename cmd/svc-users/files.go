package main

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/svc-users/svc-users/internal/config"
	"github.com/svc-users/svc-users/internal/fileguard"
)

// envFile is where settings are read that the environment does not have.
const envFile = ".env"

// checkFile warns of a file or folder that others can read. The error refuses one that they can change or, in production, a file
// that they can read.
func (t *terminal) checkFile(path string) error {
	look := fileguard.Check
	if t.private {
		look = fileguard.CheckPrivate
	}
	warning, err := look(path)
	if warning != "" {
		fmt.Fprintln(t.stderr, "svc-users: warning:", warning)
	}
	return err
}

// envFileFaults refuses settings that others can change: they would choose the database and the key.
func (t *terminal) envFileFaults() config.Faults {
	err := t.checkFile(envFile)
	if err == nil {
		return nil
	}
	return config.Faults{{Variable: envFile, Problem: strings.TrimPrefix(err.Error(), envFile+" ")}}
}

// secretFileFaults refuses files of secrets that others can change or, in production, read. A certificate is for all to read.
func (t *terminal) secretFileFaults(cfg config.Config) config.Faults {
	var faults config.Faults
	for _, variable := range slices.Sorted(maps.Keys(cfg.SecretFiles)) {
		if err := t.checkFile(cfg.SecretFiles[variable]); err != nil {
			faults = append(faults, config.Fault{Variable: variable, Problem: "names " + err.Error()})
		}
	}
	if cfg.TLS.Key != "" {
		if err := t.checkFile(cfg.TLS.Key); err != nil {
			faults = append(faults, config.Fault{Variable: "TLS_KEY_FILE", Problem: "names " + err.Error()})
		}
	}
	if cfg.TLS.Certificate != "" {
		if _, err := fileguard.Check(cfg.TLS.Certificate); err != nil {
			faults = append(faults, config.Fault{Variable: "TLS_CERT_FILE", Problem: "names " + err.Error()})
		}
	}
	return faults
}

// checkDatabase waits for a PostgreSQL server. Of an SQLite database it looks at the file, at those that SQLite keeps
// beside it, and at their folder. What folders above it let others do is the operator's affair.
func (t *terminal) checkDatabase(cfg config.Config) error {
	if file, is := strings.CutPrefix(cfg.DatabaseURL.Reveal(), "sqlite://"); is {
		return t.checkDatabaseFiles(cfg, file)
	}
	return t.awaitDatabase(cfg)
}

func (t *terminal) checkDatabaseFiles(cfg config.Config, file string) error {
	var faults []error
	if folder := filepath.Dir(file); folder == filepath.Clean(cfg.DataDir) {
		faults = append(faults, t.checkFile(folder))
	} else if _, err := fileguard.Check(folder); err != nil {
		// One that is not the service's own may be read, as working directories are.
		faults = append(faults, err)
	}
	for _, name := range []string{file, file + "-wal", file + "-shm", file + "-journal", file + "-use"} {
		faults = append(faults, t.checkFile(name))
	}
	return errors.Join(faults...)
}
