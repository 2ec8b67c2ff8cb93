package cgroup

import (
	"io/fs"
	"iter"
	"path"
	"slices"
	"strconv"
	"strings"
)

// tree is the file system that groups are read from.
type tree struct{ root fs.FS }

// text is the content of a file without the space around it; empty if there is none to be had.
func (t tree) text(name string) string {
	data, err := fs.ReadFile(t.root, strings.TrimPrefix(name, "/"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// above yields the folders of the process's group for a controller and of all the groups above it that can be seen.
func (t tree) above(controller string) iter.Seq[string] {
	return func(yield func(string) bool) {
		dir, top, ok := t.place(controller)
		for ok && yield(dir) && dir != top {
			dir = path.Dir(dir)
		}
	}
}

// place returns the folder of the process's group for a controller, and the mount point of its hierarchy. A controller
// is either in version 1 or in version 2.
func (t tree) place(controller string) (dir, top string, ok bool) {
	one, two := t.groups(controller)
	for line := range strings.Lines(t.text("/proc/self/mountinfo")) {
		m, readable := parseMount(line)
		switch {
		case !readable:
		case m.kind == "cgroup" && one != "" && slices.Contains(m.options, controller):
			return m.folder(one), m.point, true
		case m.kind == "cgroup2" && one == "" && two != "":
			return m.folder(two), m.point, true
		}
	}
	return "", "", false
}

// groups are the paths of the process's group: that of version 1 with the controller, that of version 2, or empty.
// A line is hierarchy:controllers:path, where version 2 names no controllers.
func (t tree) groups(controller string) (one, two string) {
	for line := range strings.Lines(t.text("/proc/self/cgroup")) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		switch {
		case controllers == "":
			two = group
		case slices.Contains(strings.Split(controllers, ","), controller):
			one = group
		}
	}
	return one, two
}

// mount is what a line of mountinfo says.
type mount struct {
	root    string // what of the file system is mounted
	point   string // where
	kind    string
	options []string
}

// parseMount parses a line of mountinfo: six fields, the fourth and fifth of them root and mount point, some optional
// fields, a dash, then type, source and options (proc_pid_mountinfo(5)), such as
// "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw".
func parseMount(line string) (mount, bool) {
	before, after, ok := strings.Cut(line, " - ")
	first, last := strings.Fields(before), strings.Fields(after)
	if !ok || len(first) < 5 || len(last) < 3 {
		return mount{}, false
	}
	return mount{unescape(first[3]), path.Join("/", unescape(first[4])), last[0], strings.Split(last[2], ",")}, true
}

// unescape reads the octal escapes of mountinfo, which are Go's too.
func unescape(s string) string {
	if plain, err := strconv.Unquote(`"` + s + `"`); err == nil {
		return plain
	}
	return s
}

// folder is where a group is found below the mount. A group that is not, because the process sees only a part of the
// hierarchy, has the mount itself for its nearest known one: so it is in containers whose mount is their own group.
func (m mount) folder(group string) string {
	below, ok := strings.CutPrefix(group+"/", strings.TrimSuffix(m.root, "/")+"/")
	if !ok || slices.Contains(strings.Split(below, "/"), "..") {
		return m.point
	}
	return path.Join(m.point, below)
}
