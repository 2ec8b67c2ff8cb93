package config_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/config"
)

// Every secret may be in a file, and no other setting.
func TestEverySecretFromAFile(t *testing.T) {
	t.Parallel()
	good := map[string]string{
		"DATABASE_URL": "postgres://u:p@h/d", "DATABASE_LISTEN_URL": "postgres://u:p@direct/d", "JWT_PRIVATE_KEY": "cHJpdg==", "JWT_PUBLIC_KEY": "cHVi",
		"JWT_PUBLIC_KEYS": "b2xk", "ENCRYPTION_KEY": "c2VjcmV0", "ENCRYPTION_KEYS_OLD": "b2xk",
	}
	read := func(c config.Config, name string) string {
		return map[string]config.Secret{
			"DATABASE_URL": c.DatabaseURL, "DATABASE_LISTEN_URL": c.DatabaseListenURL, "JWT_PRIVATE_KEY": c.JWT.PrivateKey, "JWT_PUBLIC_KEY": c.JWT.PublicKey,
			"JWT_PUBLIC_KEYS": c.JWT.PublicKeys, "ENCRYPTION_KEY": c.EncryptionKey, "ENCRYPTION_KEYS_OLD": c.EncryptionKeysOld,
		}[name].Reveal()
	}
	folder := t.TempDir()
	for _, s := range config.Settings() {
		file := filepath.Join(folder, s.Name)
		if !s.Secret {
			if read(load(t, map[string]string{s.Name + "_FILE": file}), "DATABASE_URL") != "sqlite://data/svc-users.db" {
				t.Errorf("%s_FILE changes something", s.Name)
			}
			continue
		}
		if good[s.Name] == "" {
			t.Fatalf("no value of %s is tried", s.Name)
		}
		for _, around := range [][2]string{{}, {"", "\n"}, {"\ufeff", "\r\n\r\n"}} {
			write(t, file, around[0]+good[s.Name]+around[1])
			vars := map[string]string{s.Name + "_FILE": file}
			if s.Name == "JWT_PUBLIC_KEY" {
				vars["JWT_PRIVATE_KEY"] = "cHJpdg=="
			}
			if s.Name == "ENCRYPTION_KEYS_OLD" {
				vars["ENCRYPTION_KEY"] = "c2VjcmV0"
			}
			got := load(t, vars)
			if read(got, s.Name) != good[s.Name] || got.SecretFiles[s.Name] != file {
				t.Errorf("%s between %q: %q, %v", s.Name, around, read(got, s.Name), got.SecretFiles)
			}
			// The name of the file may also stand in .env, where it is known.
			delete(vars, s.Name+"_FILE")
			got, faults, warnings := config.Parse(environ(vars), ".env", []byte(s.Name+"_FILE='"+file+"'\n"))
			if len(faults)+len(warnings) > 0 || read(got, s.Name) != good[s.Name] {
				t.Errorf("%s_FILE in .env: %v %v", s.Name, faults, warnings)
			}
		}
	}
	file := filepath.Join(folder, "pem")
	pem := "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
	write(t, file, pem)
	if got := load(t, map[string]string{"JWT_PRIVATE_KEY_FILE": file}).JWT.PrivateKey.Reveal(); got != base64.StdEncoding.EncodeToString([]byte(pem)) {
		t.Errorf("PEM becomes %q", got)
	}
}

// What is wrong with a file is one fault of its variable, with the path and without the content.
func TestBadSecretFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := func(content string) string {
		f, err := os.CreateTemp(folder, "secret-file-")
		if err != nil {
			t.Fatal(err)
		}
		write(t, f.Name(), content)
		return f.Name()
	}
	for name, c := range map[string]struct {
		path, problem string
		pathless      bool
	}{
		"missing":            {path: filepath.Join(folder, "none"), problem: "can't be read"},
		"a folder":           {path: folder, problem: "not a regular file"},
		"empty":              {path: file(""), problem: "is empty"},
		"line ends alone":    {path: file("\ufeff\r\n\n"), problem: "is empty"},
		"UTF-16":             {path: file("\xff\xfep\x00"), problem: "is in UTF-16"},
		"UTF-16 big":         {path: file("\xfe\xff\x00p"), problem: "is in UTF-16"},
		"too large":          {path: file(strings.Repeat("h", 64<<10+1)), problem: "larger than 64 KiB"},
		"of another kind":    {path: file("mysql://hunter2"), problem: "must begin with sqlite://", pathless: true},
		"quoted":             {path: file(`"postgres://u:hunter2@h/d"`), problem: "begins with a quote", pathless: true},
		"two lines":          {path: file("postgres://u:p@h/d\nhunter2"), problem: "control characters", pathless: true},
		"the value":          {path: "postgres://u:hunter2@h/d", problem: "must be the path", pathless: true},
		"a key":              {path: strings.Repeat("hunter2", 100), problem: "must be the path", pathless: true},
		"a path with quotes": {path: `"/run/secrets/x"`, problem: "begins with a quote", pathless: true},
	} {
		for _, environment := range []string{"development", "production"} {
			cfg, faults, _ := config.Parse(environ(map[string]string{"DATABASE_URL_FILE": c.path, "ENVIRONMENT": environment}), ".env", nil)
			faults = cfg.Named(append(faults, config.Fault{Variable: "DATABASE_URL", Problem: "is refused"}))
			message := faults.Err().Error()
			if faults[0].Variable != "DATABASE_URL_FILE" || !strings.Contains(message, c.problem) || strings.Contains(message, c.path) == c.pathless ||
				strings.Contains(message, "hunter2") || strings.Contains(message, "required") || strings.ContainsAny(message, "\n\x00") {
				t.Errorf("%s in %s: %s", name, environment, message)
			}
		}
	}
	good := file("postgres://u:p@h/d")
	for _, vars := range []map[string]string{
		{"DATABASE_URL": "postgres://u:p@h/d", "DATABASE_URL_FILE": good}, {"DATABASE_URL_FILE": good, "ENVIRONMENT": "production", "DATABASE_URL": "sqlite://x.db"},
	} {
		if _, faults, _ := config.Parse(environ(vars), ".env", nil); len(faults) != 1 || faults[0].Variable != "DATABASE_URL_FILE" || !strings.Contains(faults[0].Problem, "beside DATABASE_URL:") {
			t.Errorf("both: %v", faults)
		}
	}
	_, faults, _ := config.Parse(environ(map[string]string{"DATABASE_URL_FILE": good}), ".env", []byte("DATABASE_URL=sqlite://x.db"))
	if len(faults) != 1 || faults[0].Variable != "DATABASE_URL_FILE" {
		t.Errorf("one in the environment, one in .env: %v", faults)
	}
}

// A mark before the first name of an env file, which some readers of such files keep, would unset it in silence.
func TestMarkBeforeAName(t *testing.T) {
	t.Parallel()
	_, faults, _ := config.Parse(environ(map[string]string{"\ufeffJWT_ISSUER": "https://id.example"}), ".env", nil)
	if len(faults) != 1 || faults[0].Variable != "JWT_ISSUER" || !strings.Contains(faults[0].Problem, "byte order mark") {
		t.Errorf("%v", faults)
	}
	_, faults, _ = config.Parse(environ(nil), ".env", []byte("\xff\xfeA\x00=\x00b\x00"))
	if len(faults) != 1 || faults[0].String() != ".env is in UTF-16; it must be in UTF-8" {
		t.Errorf("%v", faults)
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
