package main

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// The example that the guide names is one that works, and is as it says.
func TestExampleDeclaration(t *testing.T) {
	example, err := filepath.Abs(filepath.Join("..", "..", "examples", "declarations", "orders.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	t.Setenv("DATABASE_URL", "")
	if status := runCommand([]string{"migrate", "up"}, nil, io.Discard, io.Discard); status != 0 {
		t.Fatalf("migrate up: status %d", status)
	}
	for _, step := range []struct{ command, last string }{
		{"plan", "orders: 9 to create"},
		{"apply", "orders: 9 created"},
		{"apply", "orders: nothing to do"},
		{"plan", "orders: nothing to do"},
	} {
		var stdout, stderr bytes.Buffer
		status := runCommand([]string{step.command, example}, nil, &stdout, &stderr)
		if out := stdout.String(); status != 0 || !strings.HasSuffix(out, step.last+"\n") {
			t.Errorf("%s: status %d\n%s%s", step.command, status, out, stderr.String())
		}
	}
}
