package tools

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeGo answers what scripts/vulncheck.sh asks of the go command, as SCAN, SNAPSHOT_SCAN and SNAPSHOT say.
const fakeGo = `#!/usr/bin/env bash
case "$*" in
  *vulndb@latest*)
    [[ -n $SNAPSHOT ]] || exit 1
    printf '{\n\t"Path": "golang.org/x/vulndb",\n\t"Version": "v0.0.0-20261105234957-e22db6528018",\n\t"Dir": "%s"\n}\n' "$SNAPSHOT" ;;
  *-db*) echo "scanned $* with $GOTOOLCHAIN"; exit "$SNAPSHOT_SCAN" ;;
  *)
    case $SCAN in
      away) echo 'govulncheck: fetching vulnerabilities: Get "https://vuln.go.dev/index/modules.json.gz": dial tcp: i/o timeout'; exit 1 ;;
      broken) echo 'govulncheck: loading packages: there are errors'; exit 1 ;;
      *) echo "scanned $*"; exit "$SCAN" ;;
    esac ;;
esac
`

// A check that could not run passes only where that was explicitly allowed, and its last line says so.
func TestVulnerabilityCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scan, snapshotScan string
		snapshot           bool
		setting            string
		status             int
		last               string
	}{
		"nothing known":              {"0", "0", true, "", 0, "none known that the code can reach, by vuln.go.dev"},
		"found":                      {"3", "0", true, "skip", 3, "FAILED"},
		"code that does not build":   {"broken", "0", true, "skip", 1, "FAILED"},
		"by a snapshot":              {"away", "0", true, "", 0, "by the snapshot of 2026-11-05"},
		"found by a snapshot":        {"away", "3", true, "skip", 3, "FAILED"},
		"a snapshot that cannot be":  {"away", "1", true, "skip", 1, "FAILED"},
		"no database":                {"away", "0", false, "", 1, "FAILED: neither"},
		"no database, another word":  {"away", "0", false, "yes", 1, "FAILED: neither"},
		"no database, to be skipped": {"away", "0", false, "skip", 0, "SKIPPED"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			script, err := os.ReadFile("../scripts/vulncheck.sh")
			if err != nil {
				t.Fatal(err)
			}
			snapshot := ""
			if c.snapshot {
				snapshot = filepath.Join(root, "vulndb")
			}
			for path, text := range map[string]string{"scripts/vulncheck.sh": string(script), "bin/go": fakeGo, "vulndb/data/osv/GO-1.json": "{}", "go.mod": "module x\n\ntoolchain go1.99.1\n"} {
				path = filepath.Join(root, path)
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o700)); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("bash", filepath.Join(root, "scripts/vulncheck.sh"))
			cmd.Env = []string{"PATH=" + filepath.Join(root, "bin") + ":" + os.Getenv("PATH"), "SCAN=" + c.scan, "SNAPSHOT_SCAN=" + c.snapshotScan, "SNAPSHOT=" + snapshot, "VULNCHECK_OFFLINE=" + c.setting}
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState == nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			if last := lines[len(lines)-1]; cmd.ProcessState.ExitCode() != c.status || !strings.Contains(last, c.last) {
				t.Errorf("status %d, want %d:\n%s", cmd.ProcessState.ExitCode(), c.status, out)
			}
			kept, err := os.ReadFile(filepath.Join(root, "bin/vulncheck.txt"))
			if err != nil || strings.TrimSpace(string(kept)) != lines[len(lines)-1] {
				t.Errorf("kept %q, %v", kept, err)
			}
			if scanned := strings.Count(string(out), "== "); c.status == 0 && c.last != "SKIPPED" && scanned < 3 {
				t.Errorf("%d modules were looked at:\n%s", scanned, out)
			}
		})
	}
}
