package cgroup

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// What mounts look like where the whole hierarchy is seen, as on a host.
const (
	hostTwo = "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
	hostOne = "26 24 0:23 / /sys/fs/cgroup/cpu,cpuacct rw shared:10 - cgroup cgroup rw,cpu,cpuacct\n" +
		"27 24 0:24 / /sys/fs/cgroup/memory rw shared:11 - cgroup cgroup rw,memory\n"
	hybrid = hostOne + "36 24 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	noise  = "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n24 22 0:22 / /sys rw - sysfs sysfs rw\nbroken\n"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		mounts string
		groups string
		files  map[string]string // below /sys/fs/cgroup
		want   Limits
	}{
		{name: "another system"},
		{name: "no control groups", mounts: noise, groups: "0::/\n"},
		{
			name: "version 2, in a container", mounts: noise + hostTwo, groups: "0::/\n",
			files: map[string]string{"cpu.max": "150000 100000\n", "memory.max": "268435456\n"},
			want:  Limits{1.5, 256 << 20},
		},
		{
			name: "version 2, no limits", mounts: hostTwo, groups: "0::/a\n",
			files: map[string]string{"a/cpu.max": "max 100000\n", "a/memory.max": "max\n"},
		},
		{
			name: "version 2, the tightest is in the middle", mounts: hostTwo, groups: "0::/a/b/c\n",
			files: map[string]string{
				"a/cpu.max": "200000 100000", "a/b/cpu.max": "25000 50000", "a/b/c/cpu.max": "max 100000",
				"a/memory.max": "1000", "a/b/memory.max": "2000", "a/b/c/memory.max": "max",
				"cpu.max": "1 100000", // of the root, which has none really, and still it is on the way
			},
			want: Limits{0.00001, 1000},
		},
		{
			name: "version 1, on a host", mounts: noise + hostOne, groups: "4:memory:/m\n3:cpu,cpuacct:/jobs/ours\n1:name=systemd:/x\n",
			files: map[string]string{
				"cpu,cpuacct/jobs/ours/cpu.cfs_quota_us": "-1\n", "cpu,cpuacct/jobs/ours/cpu.cfs_period_us": "100000\n",
				"cpu,cpuacct/jobs/cpu.cfs_quota_us": "50000\n", "cpu,cpuacct/jobs/cpu.cfs_period_us": "100000\n",
				"memory/m/memory.limit_in_bytes": "9223372036854771712\n", "memory/memory.limit_in_bytes": "9223372036854710272\n",
			},
			want: Limits{CPUs: 0.5},
		},
		{
			name:   "version 1, in a container that sees only its own group",
			mounts: "26 24 0:23 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n27 24 0:24 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
			groups: "3:cpu:/docker/abc\n4:memory:/docker/abc/below\n",
			files: map[string]string{
				"cpu/cpu.cfs_quota_us": "400000", "cpu/cpu.cfs_period_us": "100000",
				"memory/memory.limit_in_bytes": "536870912", "memory/below/memory.limit_in_bytes": "1048576",
			},
			want: Limits{4, 1 << 20},
		},
		{
			name:   "a group that is not below what is mounted",
			mounts: "35 24 0:30 /kubepods/x /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", groups: "0::/kubepods/xy\n",
			files: map[string]string{"cpu.max": "100000 100000", "y/cpu.max": "1 100000"},
			want:  Limits{CPUs: 1},
		},
		{
			name: "a group outside of the namespace", mounts: hostTwo, groups: "0::/../other\n",
			files: map[string]string{"cpu.max": "100000 100000", "other/cpu.max": "1 100000"},
			want:  Limits{CPUs: 1},
		},
		{
			name: "both versions, each controller in one", mounts: hybrid, groups: "3:cpu,cpuacct:/a\n0::/b\n",
			files: map[string]string{
				"cpu,cpuacct/a/cpu.cfs_quota_us": "300000", "cpu,cpuacct/a/cpu.cfs_period_us": "100000",
				"unified/b/cpu.max": "1 100000", "unified/b/memory.max": "4096", "memory/b/memory.limit_in_bytes": "1",
			},
			want: Limits{3, 4096},
		},
		{
			name: "a mount point with a space", mounts: `35 24 0:30 / /sys/fs/cgroup/a\040b rw - cgroup2 cgroup2 rw` + "\n", groups: "0::/\n",
			files: map[string]string{"a b/cpu.max": "100000 50000"},
			want:  Limits{CPUs: 2},
		},
		{
			name: "nonsense", mounts: hostTwo, groups: "0::/a\nnonsense\n",
			files: map[string]string{"a/cpu.max": "100000", "cpu.max": "100000 0", "a/memory.max": "-1", "memory.max": "lots"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := fstest.MapFS{}
			for name, content := range c.files {
				files["sys/fs/cgroup/"+name] = &fstest.MapFile{Data: []byte(content)}
			}
			if c.mounts != "" {
				files["proc/self/mountinfo"] = &fstest.MapFile{Data: []byte(c.mounts)}
				files["proc/self/cgroup"] = &fstest.MapFile{Data: []byte(c.groups)}
			}
			if got := Read(files); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// The machine that runs the tests has something to say or nothing, and neither is absurd.
func TestReadThisMachine(t *testing.T) {
	t.Parallel()
	got := Read(os.DirFS("/"))
	if got.CPUs < 0 || got.CPUs > 1<<16 || got.Memory < 0 {
		t.Errorf("got %+v", got)
	}
}

// Whatever stands in these files, reading them ends, and in no negative limit.
func FuzzRead(f *testing.F) {
	f.Add(hostTwo, "0::/a/b\n", "50000 100000", "4096")
	f.Add(hybrid, "3:cpu,cpuacct:/a\n0::/b\n", "max 100000", "max")
	f.Add("35 24 0:30 /../.. /../x rw - cgroup2 cgroup2 rw", "0::/..//a/./b", "-1 -1", "-1")
	f.Fuzz(func(t *testing.T, mounts, groups, cpu, memory string) {
		files := fstest.MapFS{
			"proc/self/mountinfo": &fstest.MapFile{Data: []byte(mounts)}, "proc/self/cgroup": &fstest.MapFile{Data: []byte(groups)},
		}
		for _, dir := range []string{"", "a/", "a/b/"} {
			files["sys/fs/cgroup/"+dir+"cpu.max"] = &fstest.MapFile{Data: []byte(cpu)}
			files["sys/fs/cgroup/"+dir+"memory.max"] = &fstest.MapFile{Data: []byte(memory)}
		}
		got := Read(files)
		if got.CPUs < 0 || got.Memory < 0 {
			t.Errorf("got %+v", got)
		}
		for dir := range (tree{files}).above("cpu") {
			if strings.Contains(dir, "..") {
				t.Errorf("looked into %q", dir)
			}
		}
	})
}
