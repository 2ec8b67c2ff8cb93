package target

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/svc-users/svc-users/bench/machine"
)

// Migrate makes the schema, and waits until it is there.
func Migrate(ctx context.Context, s Settings) error {
	return command(ctx, s, "", "migrate", "up")
}

// CreateAdmin makes an administrator.
func CreateAdmin(ctx context.Context, s Settings, email, password string) error {
	return command(ctx, s, password+"\n", "admin", "create", "--email", email)
}

// Import imports accounts from a file, creating their roles, and returns how many bytes of memory the command has held at most.
func Import(ctx context.Context, s Settings, file string) (peak int64, err error) {
	cmd := exec.CommandContext(ctx, s.Binary, "import", file, "--create-roles") //nolint:gosec // the binary under test is the caller's choice
	cmd.Dir, cmd.Env = s.Dir, s.environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("svc-users import: %w\n%s", err, out)
	}
	return machine.PeakOf(cmd.ProcessState)
}

// command runs a command of an installation to its end.
func command(ctx context.Context, s Settings, input string, args ...string) error {
	cmd := exec.CommandContext(ctx, s.Binary, args...) //nolint:gosec // the binary under test is the caller's choice
	cmd.Dir, cmd.Env, cmd.Stdin = s.Dir, s.environment(), strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("svc-users %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// Keys makes a key, and returns it as Settings.Keys has it.
func Keys(ctx context.Context, binary string) ([]string, error) {
	out, err := exec.CommandContext(ctx, binary, "keys", "generate").Output()
	if err != nil {
		return nil, fmt.Errorf("%s keys generate: %w", binary, err)
	}
	return strings.Fields(string(out)), nil
}

// Version is what a binary calls its version.
func Version(ctx context.Context, binary string) (string, error) {
	out, err := exec.CommandContext(ctx, binary, "version").Output()
	if err != nil {
		return "", fmt.Errorf("%s version: %w (make build makes it)", binary, err)
	}
	return strings.TrimSpace(string(out)), nil
}
