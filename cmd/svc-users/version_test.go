package main

import (
	"runtime/debug"
	"testing"
)

func TestDescribeCommit(t *testing.T) {
	t.Parallel()
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	revision := setting("vcs.revision", "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d")
	for name, test := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"no build information": {nil, ""},
		"no checkout":          {&debug.BuildInfo{Settings: []debug.BuildSetting{setting("vcs.modified", "true")}}, ""},
		"clean":                {&debug.BuildInfo{Settings: []debug.BuildSetting{revision, setting("vcs.modified", "false")}}, " (1a2b3c4d5e6f)"},
		"modified":             {&debug.BuildInfo{Settings: []debug.BuildSetting{revision, setting("vcs.modified", "true")}}, " (1a2b3c4d5e6f, modified)"},
	} {
		if got := describeCommit(test.info); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
