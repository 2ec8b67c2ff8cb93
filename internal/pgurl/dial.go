package pgurl

import (
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// dialing takes the parameters of TCP: keepalives, keepalives_idle and keepalives_interval in seconds,
// keepalives_count, and tcp_user_timeout in milliseconds, which has an effect on Linux alone. Without them,
// Go's defaults hold, which notice a server that is gone sooner than those of the system.
func (p *parameters) dialing(c *pgx.ConnConfig) {
	dialer := net.Dialer{Timeout: c.ConnectTimeout, KeepAliveConfig: net.KeepAliveConfig{Enable: true}}
	if on, given := p.integer("keepalives"); given && on == 0 {
		dialer.KeepAlive, dialer.KeepAliveConfig.Enable = -1, false
	}
	keep := &dialer.KeepAliveConfig
	if n, given := p.integer("keepalives_idle"); given {
		keep.Idle = time.Duration(systemDefault(n)) * time.Second
	}
	if n, given := p.integer("keepalives_interval"); given {
		keep.Interval = time.Duration(systemDefault(n)) * time.Second
	}
	if n, given := p.integer("keepalives_count"); given {
		keep.Count = systemDefault(n)
	}
	if limit, _ := p.integer("tcp_user_timeout"); limit > 0 {
		dialer.Control = func(network, _ string, socket syscall.RawConn) error {
			if !strings.HasPrefix(network, "tcp") {
				return nil
			}
			return setUserTimeout(socket, limit)
		}
	}
	c.DialFunc = dialer.DialContext
}

// systemDefault turns libpq's sign for the default of the system, 0 or less, into that of net.KeepAliveConfig, -1.
func systemDefault(n int) int {
	if n <= 0 {
		return -1
	}
	return n
}

// integer takes a whole number of 32 bits.
func (p *parameters) integer(name string) (n int, given bool) {
	value := strings.TrimSpace(p.take(name))
	if value == "" {
		return 0, false
	}
	parsed, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		p.refuse(name, "which must be a whole number")
		return 0, false
	}
	return int(parsed), true
}
