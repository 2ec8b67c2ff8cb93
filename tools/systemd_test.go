package tools

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const systemdFolder = "../deploy/systemd"

// mostExposed is the exposure, times ten, up to which systemd-analyze takes the unit for well confined: it has 12 to 14, of 100,
// depending on the version. Most of it is that the service is one of the network.
const mostExposed = "20"

// TestSystemdUnit has systemd's own programs judge the unit: each line is known and has a value that is taken, and the sandbox is one.
func TestSystemdUnit(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("systemd-analyze is not installed")
		}
		t.Skip("systemd-analyze is not installed")
	}
	content, err := os.ReadFile(filepath.Join(systemdFolder, "svc-users.service"))
	if err != nil {
		t.Fatal(err)
	}
	const program = "ExecStart=/usr/local/bin/svc-users serve"
	if strings.Count(string(content), program) != 1 {
		t.Fatalf("the unit lacks %s", program)
	}
	// The program has to be there to be verified.
	unit := filepath.Join(t.TempDir(), "svc-users.service")
	if err := os.WriteFile(unit, []byte(strings.Replace(string(content), program, "ExecStart=/bin/true serve", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"verify", "--man=no", unit},
		{"security", "--no-pager", "--offline=yes", "--threshold=" + mostExposed, unit},
	} {
		out, err := exec.CommandContext(t.Context(), analyze, args...).CombinedOutput()
		if err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
	}
}

// TestSystemdUnitSettings: what the unit sets are settings, and production is one of them.
func TestSystemdUnitSettings(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(systemdFolder, "svc-users.service"))
	if err != nil {
		t.Fatal(err)
	}
	known, err := os.ReadFile("../internal/config/settings.go")
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^Environment=(.*)$`).FindAllStringSubmatch(string(content), -1) {
		for _, pair := range strings.Fields(line[1]) {
			name, value, _ := strings.Cut(pair, "=")
			set[name] = value
		}
	}
	for name := range set {
		if !strings.Contains(string(known), `"`+strings.TrimSuffix(name, "_FILE")+`"`) {
			t.Errorf("%s is no setting", name)
		}
	}
	if set["ENVIRONMENT"] != "production" {
		t.Errorf("the unit sets %v", set)
	}
}
