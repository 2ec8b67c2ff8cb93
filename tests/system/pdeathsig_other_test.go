//go:build !linux

package system

import "syscall"

// pdeathsig returns nil: only Linux can end a child with its parent.
func pdeathsig() *syscall.SysProcAttr { return nil }
