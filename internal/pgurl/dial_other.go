//go:build !linux

package pgurl

import "syscall"

// setUserTimeout does nothing where there is no such option, as libpq does nothing there.
func setUserTimeout(syscall.RawConn, int) error { return nil }
