package main

import (
	"fmt"
	"runtime/debug"

	users "github.com/svc-users/svc-users"
)

type versionCommand struct{}

// Run prints the version and, of a build from a checkout, the commit: `svc-users 0.1.0 (1a2b3c4d5e6f)`, or
// `svc-users 0.1.0 (1a2b3c4d5e6f, modified)`.
func (versionCommand) Run(t *terminal) error {
	info, _ := debug.ReadBuildInfo()
	fmt.Fprintln(t.stdout, "svc-users", users.Version+describeCommit(info))
	return nil
}

// describeCommit returns the commit of a build in parentheses, after a space; empty where the build does not know it.
func describeCommit(info *debug.BuildInfo) string {
	if info == nil {
		return ""
	}
	commit, modified := "", ""
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			commit = setting.Value[:min(12, len(setting.Value))]
		case "vcs.modified":
			if setting.Value == "true" {
				modified = ", modified"
			}
		}
	}
	if commit == "" {
		return ""
	}
	return " (" + commit + modified + ")"
}
