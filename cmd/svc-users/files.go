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

// checkFile warns of a file or folder that others can read. The error refuses one that they can change.
func (t *terminal) checkFile(path string) error {
	warning, err := fileguard.Check(path)
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

// secretFileFaults refuses files of secrets that others can change.
func (t *terminal) secretFileFaults(cfg config.Config) config.Faults {
	var faults config.Faults
	for _, variable := range slices.Sorted(maps.Keys(cfg.SecretFiles)) {
		if err := t.checkFile(cfg.SecretFiles[variable]); err != nil {
			faults = append(faults, config.Fault{Variable: variable, Problem: "names " + err.Error()})
		}
	}
	return faults
}

// checkDatabase waits for a PostgreSQL server. Of an SQLite database it looks at the file, at those that SQLite keeps
// beside it, and at their folder. What folders above it let others do is the operator's affair.
func (t *terminal) checkDatabase(cfg config.Config) error {
	file, is := strings.CutPrefix(cfg.DatabaseURL.Reveal(), "sqlite://")
	if !is {
		return t.awaitDatabase(cfg)
	}
	var faults []error
	if folder := filepath.Dir(file); folder == filepath.Clean(cfg.DataDir) {
		faults = append(faults, t.checkFile(folder))
	} else if _, err := fileguard.Check(folder); err != nil {
		// One that is not the service's own may be read, as working directories are.
		faults = append(faults, err)
	}
	for _, name := range []string{file, file + "-wal", file + "-shm", file + "-journal"} {
		faults = append(faults, t.checkFile(name))
	}
	return errors.Join(faults...)
}
