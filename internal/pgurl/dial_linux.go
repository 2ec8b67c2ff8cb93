package pgurl

import (
	"errors"
	"syscall"
)

// userTimeout is TCP_USER_TIMEOUT of tcp(7), which package syscall does not name.
const userTimeout = 18

// setUserTimeout bounds how long sent data may stay unacknowledged, in milliseconds.
func setUserTimeout(socket syscall.RawConn, limit int) error {
	var set error
	err := socket.Control(func(fd uintptr) {
		set = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, userTimeout, limit)
	})
	return errors.Join(err, set)
}
