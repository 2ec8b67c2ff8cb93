package config_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/config"
)

func TestEnvFileValues(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"JWT_ISSUER=plain":                          "plain",
		"  JWT_ISSUER = spaced out \t":              "spaced out",
		"export JWT_ISSUER=exported":                "exported",
		"JWT_ISSUER='p$ss#word'":                    "p$ss#word",
		"JWT_ISSUER=with $DOLLAR ${KEPT}":           "with $DOLLAR ${KEPT}",
		"JWT_ISSUER=value # comment":                "value",
		"JWT_ISSUER=cr\r":                           "cr",
		"JWT_ISSUER=a=b==":                          "a=b==",
		"\xef\xbb\xbfJWT_ISSUER=after the mark":     "after the mark",
		"# comment\n\n \t\nJWT_ISSUER=x\n":          "x",
		"JWT_ISSUER=":                               "https://api.example.com",
		"JWT_ISSUER=''":                             "https://api.example.com",
		"JWT_ISSUER= # nothing but a comment":       "https://api.example.com",
		"JWT_ISSUER=\u00fcber":                      "\u00fcber",
		"\xef\xbb\xbf# comment\r\nJWT_ISSUER=x\r\n": "x",
	} {
		cfg, faults, warnings := config.Parse(environ(nil), ".env", []byte(line))
		if cfg.JWT.Issuer != want || len(faults)+len(warnings) > 0 {
			t.Errorf("%q: issuer %q, want %q; faults %v, warnings %v", line, cfg.JWT.Issuer, want, faults, warnings)
		}
	}
}

// Quotes inside quotes are part of a value. Few settings have any; a key is looked at later.
func TestEnvFileQuotes(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`JWT_PRIVATE_KEY='p$ss#w\ord"'`:    `p$ss#w\ord"`,
		`JWT_PRIVATE_KEY="q\"u\\o#t$e"`:    `q"u\o#t$e`,
		`JWT_PRIVATE_KEY="a\u0022b" # "c"`: `a"b`,
	} {
		cfg, faults, warnings := config.Parse(environ(nil), ".env", []byte(line))
		if got := cfg.JWT.PrivateKey.Reveal(); got != want || len(faults)+len(warnings) > 0 {
			t.Errorf("%s: %q, want %q; faults %v, warnings %v", line, got, want, faults, warnings)
		}
	}
}

func TestEnvFileFaults(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"secret", "export secret", "=secret", "JWT_KID='secret", `JWT_KID="secret`, "JWT_KID=sec\x00ret", "JWT\x00KID=secret", "-JWT_KID=secret",
		"JWT KID=secret", "JWT_KID=sec#ret", "JWT_KID='secret'#x", `JWT_KID="sec\qret"`, "JWT_KID=\x1b[31msecret",
		"JWT_KID=" + strings.Repeat("secret", 20_000),
	} {
		_, faults, warnings := config.Parse(environ(nil), "some/folder/.env", []byte("\n"+line+"\nPORT=8001\n"))
		if len(faults) != 1 || faults[0].Variable != ".env:2" || len(warnings) > 0 {
			t.Errorf("%.40q: faults %v, warnings %v", line, faults, warnings)
			continue
		}
		if strings.Contains(faults[0].String(), "secret") {
			t.Errorf("%.40q: the message shows it: %s", line, faults[0])
		}
	}
}

func TestEnvFileWarnings(t *testing.T) {
	t.Parallel()
	file := strings.Join([]string{
		"PORTT=1",
		"POSTGRES_PASSWORD=x",                // compose's own
		"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC==", // a piece of a key that fell off its line
		"PORT=1",
		"PORT=2",
	}, "\n")
	cfg, faults, warnings := config.Parse(environ(nil), ".env", []byte(file))
	want := []config.Warning{
		".env:1: PORTT is no setting",
		".env:3: the name before the = is no setting",
		".env:5: PORT is set a second time; the last one counts",
	}
	if !slices.Equal(warnings, want) || len(faults) > 0 || cfg.Port != 2 {
		t.Errorf("port %d, faults %v, warnings %q", cfg.Port, faults, warnings)
	}
}

func TestEnvironmentWins(t *testing.T) {
	t.Parallel()
	file := []byte("PORT=1\nHOST=file\nLOG_LEVEL=warn\n")
	cfg, faults, _ := config.Parse(environ(map[string]string{"PORT": "2", "HOST": ""}), ".env", file)
	if len(faults) > 0 || cfg.Port != 2 || cfg.Host != "file" || cfg.LogLevel.String() != "WARN" {
		t.Errorf("port %d, host %q, level %v, faults %v", cfg.Port, cfg.Host, cfg.LogLevel, faults)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, ".env")
	for _, missing := range []string{"", path, filepath.Join(dir, "no", "such")} {
		if _, faults, _ := config.Load(environ(nil), missing); len(faults) > 0 {
			t.Errorf("a missing file is a fault: %v", faults)
		}
	}
	if err := os.WriteFile(path, []byte("PORT=9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if cfg, faults, _ := config.Load(environ(nil), path); len(faults) > 0 || cfg.Port != 9 {
		t.Errorf("port %d, faults %v", cfg.Port, faults)
	}
	// A folder can't be read as a file, even by root; the other fault must still be there.
	_, faults, _ := config.Load(environ(map[string]string{"PORT": "x"}), dir)
	if len(faults) != 2 || faults[0].Variable != dir || faults[1].Variable != "PORT" {
		t.Errorf("faults %v", faults)
	}
}

func TestSetInEnvFile(t *testing.T) {
	t.Parallel()
	pairs := []config.Pair{{Name: "JWT_PRIVATE_KEY", Value: "cHJpdg=="}, {Name: "JWT_PUBLIC_KEY", Value: "cHVi"}}
	const both = "JWT_PRIVATE_KEY=cHJpdg==\nJWT_PUBLIC_KEY=cHVi\n"
	for name, test := range map[string]struct{ before, after string }{
		"empty":             {"", both},
		"appended":          {"PORT=1 # mine\n\n", "PORT=1 # mine\n\n" + both},
		"no final newline":  {"PORT=1", "PORT=1\n" + both},
		"replaced":          {"A=1\nJWT_PUBLIC_KEY=old\n#JWT_PRIVATE_KEY=no\n JWT_PRIVATE_KEY = 'old' # gone\nB=2", "A=1\nJWT_PUBLIC_KEY=cHVi\n#JWT_PRIVATE_KEY=no\n JWT_PRIVATE_KEY=cHJpdg==\nB=2"},
		"export":            {"export JWT_PRIVATE_KEY=old\nJWT_PUBLIC_KEY=\n", "export JWT_PRIVATE_KEY=cHJpdg==\nJWT_PUBLIC_KEY=cHVi\n"},
		"last, no newline":  {"JWT_PUBLIC_KEY=x\nJWT_PRIVATE_KEY=x", "JWT_PUBLIC_KEY=cHVi\nJWT_PRIVATE_KEY=cHJpdg=="},
		"CRLF":              {"JWT_PUBLIC_KEY=x\r\nA=1\r\n", "JWT_PUBLIC_KEY=cHVi\r\nA=1\r\nJWT_PRIVATE_KEY=cHJpdg==\r\n"},
		"byte order mark":   {"\xef\xbb\xbfJWT_PUBLIC_KEY=x\n", "\xef\xbb\xbfJWT_PUBLIC_KEY=cHVi\nJWT_PRIVATE_KEY=cHJpdg==\n"},
		"twice":             {"JWT_PUBLIC_KEY=x\nJWT_PUBLIC_KEY=y\nJWT_PRIVATE_KEY=z\n", "JWT_PUBLIC_KEY=cHVi\nJWT_PUBLIC_KEY=cHVi\nJWT_PRIVATE_KEY=cHJpdg==\n"},
		"names that end so": {"MY_JWT_PUBLIC_KEY=x\nexportJWT_PRIVATE_KEY=y\n", "MY_JWT_PUBLIC_KEY=x\nexportJWT_PRIVATE_KEY=y\n" + both},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), ".env")
			if err := os.WriteFile(path, []byte(test.before), 0o644); err != nil { // the mode must change
				t.Fatal(err)
			}
			for range 2 { // the second time must change nothing
				if err := config.SetInEnvFile(path, pairs...); err != nil {
					t.Fatal(err)
				}
				if got, err := os.ReadFile(path); err != nil || string(got) != test.after {
					t.Errorf("got %q, %v, want %q", got, err, test.after)
				}
			}
			onlyFile(t, path)
		})
	}
	t.Run("new", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "new.env")
		if err := config.SetInEnvFile(path, pairs...); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != both {
			t.Errorf("got %q, %v", got, err)
		}
		onlyFile(t, path)
	})
}

// onlyFile checks that the file is for its owner alone, and that no temporary one was left beside it.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Fatalf("in the folder: %v, %v", entries, err)
	}
	info, err := entries[0].Info()
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestSetInEnvFileRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	real, link, broken, bad := filepath.Join(dir, "real"), filepath.Join(dir, "link"), filepath.Join(dir, "broken"), filepath.Join(dir, "bad")
	for path, content := range map[string]string{real: "PORT=1\n", bad: "JWT_PRIVATE_KEY=\"-----BEGIN\nsecret\n\"\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{link: real, broken: filepath.Join(dir, "nowhere")} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	good := config.Pair{Name: "JWT_PRIVATE_KEY", Value: "secret"}
	for _, test := range []struct {
		path string
		pair config.Pair
	}{
		{link, good},
		{broken, good},
		{dir, good},
		{bad, good},
		{filepath.Join(dir, "no", "folder"), good},
		{real, config.Pair{Name: "JWT_PRIVATE_KEY", Value: "secret\nPORT=2"}},
		{real, config.Pair{Name: "JWT_PRIVATE_KEY", Value: "secret'"}},
		{real, config.Pair{Name: "JWT_PRIVATE_KEY", Value: ""}},
	} {
		err := config.SetInEnvFile(test.path, test.pair)
		if err == nil {
			t.Errorf("%s %q: written", test.path, test.pair.Value)
		} else if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n") {
			t.Errorf("not one line without values: %v", err)
		}
	}
	if got, err := os.ReadFile(real); err != nil || string(got) != "PORT=1\n" {
		t.Errorf("a refused change changed the file: %q, %v", got, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info.Mode(), err)
	}
}
