package system

import "syscall"

// pdeathsig returns attributes by which the kernel kills a child when this process ends: a test run that is stopped by
// its own timeout, or by kill -9, runs no cleanup. See PR_SET_PDEATHSIG in prctl(2).
func pdeathsig() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
