package pgurl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFaultsAreNamed: the error names the parameter, variable or file that is wrong, and shows no secret.
func TestFaultsAreNamed(t *testing.T) {
	dir := t.TempDir()
	garbage, missing := filepath.Join(dir, "garbage.pem"), filepath.Join(dir, "missing.pem")
	if err := os.WriteFile(garbage, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	const base = "postgresql://u:hunter2@127.0.0.1:1/db"
	for _, c := range []struct{ parameter, variable, value, want string }{
		{parameter: "sslmode=bogus", want: "the parameter sslmode of the database URL must be one of disable"},
		{parameter: "connect_timeout=5s", want: "the parameter connect_timeout of the database URL must be a whole number"},
		{parameter: "target_session_attrs=hot", want: "the parameter target_session_attrs of the database URL must be one of primary"},
		{parameter: "target_session_attrs=standby", want: "the parameter target_session_attrs of the database URL asks for a standby"},
		{parameter: "target_session_attrs=prefer-standby", want: "asks for a standby"},
		{parameter: "sslrootcert=" + missing, want: `names the file "` + missing + `", which cannot be read (no such file`},
		{parameter: "sslrootcert=" + garbage, want: `names the file "` + garbage + `", which has no certificate`},
		{parameter: "sslcert=" + garbage, want: "the parameter sslcert of the database URL needs sslkey too"},
		{parameter: "sslkey=" + garbage, want: "the parameter sslkey of the database URL needs sslcert too"},
		{parameter: "sslcert=" + garbage + "&sslkey=" + missing, want: `the parameter sslkey of the database URL names the file "` + missing},
		{parameter: "sslcert=" + garbage + "&sslkey=" + garbage, want: `names the file "` + garbage + `", which has no key`},
		{parameter: "service=none&servicefile=" + missing, want: `the file "` + missing + `" cannot be read`},
		{variable: "PGSSLMODE", value: "bogus", want: "the environment variable PGSSLMODE must be one of disable"},
		{variable: "PGCONNECT_TIMEOUT", value: "soon", want: "the environment variable PGCONNECT_TIMEOUT must be a whole number"},
		{variable: "PGSSLROOTCERT", value: missing, want: `the environment variable PGSSLROOTCERT names the file "` + missing},
		{variable: "PGSERVICE", value: "none", want: "the environment variable PGSERVICE names a service"},
	} {
		t.Run(c.parameter+c.variable, func(t *testing.T) {
			u := base
			if c.variable != "" {
				t.Setenv(c.variable, c.value)
			} else {
				u = base + "?" + c.parameter
			}
			if _, err := parse(u); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v\nlacks %s", err, c.want)
			}
		})
	}
}
