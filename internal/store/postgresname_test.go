package store_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// name is an address that leads to one server at a time.
type name struct {
	url     string // through the address
	address string

	mu      sync.Mutex
	network string
	to      string
	ends    []net.Conn
}

// newName returns a name that leads to the server of a URL.
func newName(t *testing.T, u string) *name {
	t.Helper()
	config, err := pgx.ParseConfig(u)
	if err != nil {
		t.Fatal("the URL of the test's server is malformed")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &name{address: listener.Addr().String()}
	n.url = "postgresql://" + url.UserPassword(config.User, config.Password).String() + "@" + n.address + "/" + config.Database + "?sslmode=disable"
	n.network, n.to = pgconn.NetworkAddress(config.Host, config.Port)
	t.Cleanup(func() {
		_ = listener.Close()
		n.cut()
	})
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			n.join(client)
		}
	}()
	return n
}

// join forwards between a client and the server that the name leads to now.
func (n *name) join(client net.Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	server, err := net.Dial(n.network, n.to)
	if err != nil {
		_ = client.Close()
		return
	}
	n.ends = append(n.ends, client, server)
	pipe := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_ = to.Close()
	}
	go pipe(server, client)
	go pipe(client, server)
}

// leadTo makes the name lead to another server, and ends the connections to the one before.
func (n *name) leadTo(t *testing.T, u string) {
	t.Helper()
	config, err := pgx.ParseConfig(u)
	if err != nil {
		t.Fatal("the URL of the test's server is malformed")
	}
	n.mu.Lock()
	n.network, n.to = pgconn.NetworkAddress(config.Host, config.Port)
	n.mu.Unlock()
	n.cut()
}

func (n *name) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, end := range n.ends {
		_ = end.Close()
	}
	n.ends = nil
}
