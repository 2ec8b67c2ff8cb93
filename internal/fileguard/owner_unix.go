//go:build unix

package fileguard

import (
	"io/fs"
	"syscall"
)

// ownerOf returns the user and group of a file.
func ownerOf(info fs.FileInfo) (identity, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}, false
	}
	return identity{int(stat.Uid), int(stat.Gid)}, true
}
