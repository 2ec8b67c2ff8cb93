package system

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program finds a program of Debian's that a test needs beside the service. CI, where all of them are installed,
// fails without it; elsewhere the test is skipped, and says what to install.
func program(t *testing.T, name, pkg string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	// Debian installs servers in sbin, which is not in the PATH of every user.
	if path, err := exec.LookPath(filepath.Join("/usr/sbin", name)); err == nil {
		return path
	}
	const missing = "this test needs %s: scripts/install.sh %s:%s, or apt-get install %s"
	if os.Getenv("CI") == "true" {
		t.Fatalf(missing, name, name, pkg, pkg)
	}
	t.Skipf(missing, name, name, pkg, pkg)
	return ""
}
