package main

import (
	"os"
	"path/filepath"
)

// existingFolder is a folder, or the nearest one above it that exists.
func existingFolder(folder string) string {
	for {
		info, err := os.Stat(folder)
		up := filepath.Dir(folder)
		if err == nil && info.IsDir() || up == folder {
			return folder
		}
		folder = up
	}
}

// fileSize is the size of a file in bytes, 0 if there is none.
func fileSize(file string) uint64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return uint64(max(0, info.Size()))
}
