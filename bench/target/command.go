package target

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Migrate makes the schema, and waits until it is there.
func Migrate(ctx context.Context, s Settings) error {
	return command(ctx, s, "", "migrate", "up")
}

// CreateAdmin makes an administrator.
func CreateAdmin(ctx context.Context, s Settings, email, password string) error {
	return command(ctx, s, password+"\n", "admin", "create", "--email", email)
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
