//go:build !linux

package system

import "syscall"

// leash asks for nothing: only Linux can end a process with the one that started it.
func leash() *syscall.SysProcAttr { return nil }
