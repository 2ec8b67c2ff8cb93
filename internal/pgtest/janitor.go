package pgtest

import (
	"os/exec"
	"syscall"
)

// cleanUp waits until its standard input ends, then ends the server, if one runs, and removes its folder.
const cleanUp = `
cat >/dev/null
if read -r pid <"$1/data/postmaster.pid"; then
	kill -QUIT "$pid"
	while kill -0 "$pid"; do sleep 0.1; done
fi
rm -rf "$1"
`

// janitor starts a process that cleans up after this one has ended. A test process can end without running its cleanup
// (a panic, a timeout, kill -9), but the system closes its end of the pipe each time.
func (s *Server) janitor() error {
	cmd := exec.Command("/bin/sh", "-c", cleanUp, "sh", s.dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner, Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.alive = stdin
	return nil
}
