package main

import (
	"fmt"
	"syscall"
)

// networkFileSystems are the types of file systems on which SQLite's write-ahead log does not work, by their magic numbers
// (statfs(2)).
var networkFileSystems = map[int64]string{0x6969: "NFS", 0xff534d42: "CIFS", 0xfe534d42: "SMB", 0x517b: "SMB", 0x73757245: "Coda", 0x5346414f: "AFS"}

// fileSystem returns how many bytes this user may write in the file system of a folder, and what it is if it is one over a network,
// or else "".
func fileSystem(folder string) (free uint64, network string, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, "", fmt.Errorf("%s can't be looked at: %w", folder, err)
	}
	return s.Bavail * uint64(s.Bsize), networkFileSystems[int64(uint32(s.Type))], nil //nolint:gosec // G115: a block has no negative size, and types are 32 bits
}
