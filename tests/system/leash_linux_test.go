package system

import "syscall"

// leash has the system end a server with this process: a test run that is stopped by its own timeout, or by kill
// -9, runs no cleanup.
func leash() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
