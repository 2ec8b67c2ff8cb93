//go:build !linux

package main

import "errors"

// fileSystem knows nothing: other systems have other calls for it.
func fileSystem(string) (free uint64, network string, err error) {
	return 0, "", errors.ErrUnsupported
}
