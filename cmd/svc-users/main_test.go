package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// A result that nobody got to see is a failure.
func TestResultThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"version"}, {"openapi"}, {"keys", "generate"}} {
		var stderr bytes.Buffer
		if status := runCommand(args, nil, brokenPipe{}, &stderr); status != exitFailure {
			t.Errorf("%v: status %d", args, status)
		}
		if s := stderr.String(); strings.Count(s, "\n") != 1 || !strings.Contains(s, "broken pipe") {
			t.Errorf("%v says %q", args, s)
		}
	}
}

// Being told to stop while starting is no failure.
func TestStoppedWhileStarting(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("DATABASE_URL", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (&serveCommand{Demo: true}).Run(&terminal{ctx: ctx, stdout: io.Discard, stderr: io.Discard}); err != nil {
		t.Error(err)
	}
}
