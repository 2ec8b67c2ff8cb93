package main

import (
	"fmt"
	"runtime/debug"
)

// release is set by the linker when a release is built.
var release string

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(t *terminal) error {
	fmt.Fprintln(t.stdout, "svc-users", buildVersion())
	return nil
}

// buildVersion is the release this binary was built as, or what the Go toolchain knows of it.
func buildVersion() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
