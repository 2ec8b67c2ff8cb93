package pgurl

import (
	"net"
	"syscall"
	"testing"
)

// TestSocketOptions asks the system what the connection has got.
func TestSocketOptions(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for query, want := range map[string][5]int{ // keepalives, idle, interval, count, user timeout
		"":             {1, 15, 15, 9, 0},
		"keepalives=0": {0, 7200, 75, 9, 0},
		"keepalives_idle=31&keepalives_interval=7&keepalives_count=4&tcp_user_timeout=12345": {1, 31, 7, 4, 12345},
		"keepalives=1&keepalives_idle=0": {1, 7200, 15, 9, 0},
	} {
		config, err := parse("postgres://u@127.0.0.1/db?" + query)
		if err != nil {
			t.Fatal(err)
		}
		c, err := config.ConnConfig.DialFunc(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		raw, err := c.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var got [5]int
		err = raw.Control(func(fd uintptr) {
			for i, option := range [][2]int{
				{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE}, {syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE},
				{syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL}, {syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT}, {syscall.IPPROTO_TCP, userTimeout},
			} {
				n, err := syscall.GetsockoptInt(int(fd), option[0], option[1])
				if err != nil {
					t.Error(err)
				}
				got[i] = n
			}
		})
		// What the system has by default is the system's business.
		for i, n := range want {
			if n == 7200 || n == 75 || query == "keepalives=0" && i == 3 {
				got[i] = n
			}
		}
		if err != nil || got != want {
			t.Errorf("%q: %v (%v), want %v", query, got, err, want)
		}
		_ = c.Close()
	}
}
