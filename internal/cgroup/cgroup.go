// Package cgroup reads how much processor time and memory the control groups of Linux allow this process: the smallest
// limit of its own group and of all groups above it.
//
//	limits := cgroup.Read(os.DirFS("/"))
//
// Both versions of control groups are supported, also side by side. A missing or unreadable file means no limit: other
// systems have none, and the service must start without the right to read them.
package cgroup

import (
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"
)

// Limits of a process; zero means no limit.
type Limits struct {
	CPUs   float64 // seconds of processor time in a second
	Memory int64   // bytes
}

// Read finds the limits of the process that asks. The file system is that of the machine from its root.
func Read(root fs.FS) Limits {
	t := tree{root}
	var found Limits
	for dir := range t.above("cpu") {
		if cpus, ok := t.cpus(dir); ok && (found.CPUs == 0 || cpus < found.CPUs) {
			found.CPUs = cpus
		}
	}
	for dir := range t.above("memory") {
		if memory, ok := t.memory(dir); ok && (found.Memory == 0 || memory < found.Memory) {
			found.Memory = memory
		}
	}
	return found
}

// cpus is the quota of one group: time in each period.
func (t tree) cpus(dir string) (float64, bool) {
	fields := strings.Fields(t.text(path.Join(dir, "cpu.max"))) // version 2 has both in one file
	if len(fields) == 0 {
		fields = []string{t.text(path.Join(dir, "cpu.cfs_quota_us")), t.text(path.Join(dir, "cpu.cfs_period_us"))}
	}
	if len(fields) != 2 {
		return 0, false
	}
	quota, err := strconv.ParseInt(fields[0], 10, 64) // "max" and -1 are no limit
	if err != nil || quota <= 0 {
		return 0, false
	}
	period, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil || period <= 0 {
		return 0, false
	}
	return float64(quota) / float64(period), true
}

// memory is the limit of one group.
func (t tree) memory(dir string) (int64, bool) {
	value := t.text(path.Join(dir, "memory.max"))
	if value == "" {
		value = t.text(path.Join(dir, "memory.limit_in_bytes"))
	}
	bytes, err := strconv.ParseInt(value, 10, 64) // "max" is no limit
	// Version 1 writes no limit as the largest 63-bit multiple of the page size, which differs between machines.
	if err != nil || bytes <= 0 || bytes > math.MaxInt64/2 {
		return 0, false
	}
	return bytes, true
}
