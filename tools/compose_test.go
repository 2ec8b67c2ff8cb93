// Package tools holds what checks the repository from outside: the linters of go.mod and the tests of the
// compose files, which are read here as docker compose reads them, and of the manifests of deploy/kubernetes.
package tools

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

const (
	development = "../compose.yaml"
	production  = "../compose.production.yaml"
)

// read loads a compose file with these variables and no others, checked against the specification's schema.
func read(t *testing.T, file string, env ...string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{file}, cli.WithEnv(env))
	if err != nil {
		t.Fatal(err)
	}
	return options.LoadProject(t.Context())
}

func mustRead(t *testing.T, file string, env ...string) *types.Project {
	t.Helper()
	p, err := read(t, file, env...)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return p
}

// given are values for what production insists on.
var given = []string{"POSTGRES_PASSWORD=p@ss/w#rd$", "ENCRYPTION_KEY=a2V5", "JWT_ISSUER=https://id.example.com", "JWT_AUDIENCE=https://api.example.com", "SVC_USERS_VERSION=v1.2.3"}

func TestDevelopment(t *testing.T) {
	t.Parallel()
	p := mustRead(t, development) // no .env, no variables: it must work as cloned
	app, db := p.Services["app"], p.Services["postgres"]
	if app.ContainerName != "svc-users-app" || db.ContainerName != "svc-users-db" {
		t.Errorf("containers %q, %q", app.ContainerName, db.ContainerName)
	}
	if app.DependsOn["postgres"].Condition != types.ServiceConditionHealthy || db.HealthCheck == nil {
		t.Error("the app must wait for a healthy database")
	}
	for name, want := range map[string]string{"HOST": "0.0.0.0", "ENVIRONMENT": "development"} {
		if got := app.Environment[name]; got == nil || *got != want {
			t.Errorf("%s of the app is not %s", name, want)
		}
	}
	// The demo passwords are public: neither service may be reachable from another machine.
	if len(db.Ports) != 1 || len(app.Ports) != 1 || db.Ports[0].Published != "5432" || app.Ports[0].Published != "8001" {
		t.Errorf("ports %v, %v", app.Ports, db.Ports)
	}
	for _, port := range slices.Concat(db.Ports, app.Ports) {
		if port.HostIP != "127.0.0.1" {
			t.Errorf("port %s is published on %q", port.Published, port.HostIP)
		}
	}
	if len(app.EnvFiles) != 1 || app.EnvFiles[0].Required {
		t.Error(".env must be read where there is one, and must not be required")
	}
}

func TestProduction(t *testing.T) {
	t.Parallel()
	p := mustRead(t, production, given...)
	if len(p.Services["postgres"].Ports) > 0 {
		t.Error("the database is published")
	}
	if networks := p.Services["postgres"].Networks; len(networks) != 1 {
		t.Errorf("the database is on %d networks", len(networks))
	} else {
		for name := range networks {
			if !p.Networks[name].Internal {
				t.Errorf("the database is on %s, which leads outside", name)
			}
		}
	}
	for name, s := range p.Services {
		switch {
		case !s.ReadOnly:
			t.Errorf("%s: the root file system can be written", name)
		case !slices.Equal(s.CapDrop, []string{"ALL"}) || len(s.CapAdd) > 0 || s.Privileged:
			t.Errorf("%s keeps capabilities", name)
		case !slices.Contains(s.SecurityOpt, "no-new-privileges:true"):
			t.Errorf("%s may gain privileges", name)
		case s.User == "" || strings.HasPrefix(s.User, "0") || strings.HasPrefix(s.User, "root"):
			t.Errorf("%s runs as %q", name, s.User)
		case s.Restart != "unless-stopped":
			t.Errorf("%s does not come back", name)
		case s.Deploy == nil || s.Deploy.Resources.Limits == nil || s.Deploy.Resources.Limits.MemoryBytes == 0 || s.Deploy.Resources.Limits.Pids == 0:
			t.Errorf("%s has no limits", name)
		case s.Logging == nil || s.Logging.Options["max-size"] == "":
			t.Errorf("%s: its log grows without end", name)
		}
	}
	app := p.Services["app"].Environment
	if e := app["ENVIRONMENT"]; e == nil || *e != "production" {
		t.Error("the app does not know that this is production")
	}
	// Inside a URL this password would have to be escaped, which operators would forget.
	if got := app["PGPASSWORD"]; got == nil || *got != "p@ss/w#rd$" {
		t.Error("the password does not arrive as it was set")
	}
}

// Without one of its secrets or names production must not start with something made up.
func TestProductionInsists(t *testing.T) {
	t.Parallel()
	for i := range given {
		name, _, _ := strings.Cut(given[i], "=")
		_, err := read(t, production, slices.Delete(slices.Clone(given), i, i+1)...)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// A secret in either file would be one that everybody has.
func TestNoSecretLiterals(t *testing.T) {
	t.Parallel()
	secretName := regexp.MustCompile(`^\s*-?\s*\w*(PASSWORD|KEY|SECRET|TOKEN)\w*\s*[:=]\s*(.+)$`)
	reference := regexp.MustCompile(`^"?\$\{[A-Z_]+(:\?[^}]*|:-)?\}"?$`)
	// The password of the local database guards only what the machine's own user can reach.
	local := regexp.MustCompile(`^\$\{POSTGRES_PASSWORD:-local-only\}$`)
	// The least length of a password is no password.
	length := regexp.MustCompile(`^\$\{PASSWORD_MIN_LENGTH:-\d+\}$`)
	for _, file := range []string{development, production} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for i, line := range strings.Split(string(content), "\n") {
			m := secretName.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			found++
			if !reference.MatchString(m[2]) && !length.MatchString(m[2]) && (file != development || !local.MatchString(m[2])) {
				t.Errorf("%s:%d: not a variable: %s", file, i+1, line)
			}
		}
		if found == 0 {
			t.Errorf("%s: no password found, so nothing was checked", file)
		}
	}
}

// Every variable of the compose files must be one that .env.example explains.
func TestVariablesAreExplained(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{development, production} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := regexp.MustCompile(`[^$]\$\{?(\w+)`).FindAllStringSubmatch(string(content), -1)
		if len(names) == 0 {
			t.Errorf("%s uses no variable, so nothing was checked", file)
		}
		for _, m := range names {
			if !regexp.MustCompile(`(?m)^#? ?` + m[1] + `=`).Match(example) {
				t.Errorf("%s: %s is not in .env.example", file, m[1])
			}
		}
	}
}
