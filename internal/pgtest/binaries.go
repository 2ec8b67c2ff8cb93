package pgtest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

var errNoBinaries = errors.New("no PostgreSQL found: install one (Debian and Ubuntu: apt-get install postgresql), or set PG_BIN to the folder of initdb and postgres, or TEST_DATABASE_URL to a server where databases can be created")

// binaries finds the folder that holds initdb and postgres. Distributions keep both out of PATH, in one folder
// per version.
func binaries() (string, error) {
	var folders []string
	if dir := os.Getenv("PG_BIN"); dir != "" {
		folders = append(folders, dir)
	}
	for _, name := range []string{"initdb", "postgres"} {
		if path, err := exec.LookPath(name); err == nil {
			// initdb looks for postgres beside itself, so a link has to be followed to its home.
			if path, err = filepath.EvalSymlinks(path); err == nil {
				folders = append(folders, filepath.Dir(path))
			}
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
		folders = append(folders, found...)
	}
	for _, dir := range folders {
		if executable(filepath.Join(dir, "initdb")) && executable(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", errNoBinaries
}

var digits = regexp.MustCompile(`\d+`)

// version is the first number in a path, the major version in each of the patterns above.
func version(path string) int {
	n, err := strconv.Atoi(digits.FindString(path))
	if err != nil {
		return 0
	}
	return n
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
