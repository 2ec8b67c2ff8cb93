package system

import (
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// direction is one of the two directions of a connection.
type direction int

const (
	toDatabase direction = iota
	toService
)

// proxy stands between a service and its PostgreSQL. Frozen, it forwards nothing and closes nothing, like a database
// whose machine, network or disk hangs. Cut, it ends all connections and takes none. Slow, it delays the data from the
// database.
type proxy struct {
	t       *testing.T
	network string
	address string

	mu     sync.Mutex
	thawed *sync.Cond
	frozen [2]bool // by direction
	isCut  bool
	delay  time.Duration // of what the database says
	closed bool
	conns  map[net.Conn]bool
}

// lead makes the proxy stand before another database, and ends the connections to the one before.
func (p *proxy) lead(database string) {
	p.t.Helper()
	config, err := pgconn.ParseConfig(database)
	if err != nil {
		p.t.Fatal("the database URL cannot be parsed")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.network, p.address = pgconn.NetworkAddress(config.Host, config.Port)
	p.dropAll()
}

// newProxy returns a proxy before a database, and the URL of the database through it.
func newProxy(t *testing.T, database string) (*proxy, string) {
	t.Helper()
	config, err := pgconn.ParseConfig(database)
	if err != nil {
		t.Fatal("the database URL cannot be parsed")
	}
	p := &proxy{t: t, conns: map[net.Conn]bool{}}
	p.thawed = sync.NewCond(&p.mu)
	p.network, p.address = pgconn.NetworkAddress(config.Host, config.Port)

	// A socket in a folder of its own, since a test server has no other and TLS of a real one has no place in it.
	dir, err := os.MkdirTemp("", "svc-users-proxy-")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	// A PgBouncer that leads through it runs as another user.
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(listener.Addr().String(), 0o666)); err != nil {
		t.Fatal(err)
	}
	var accepting sync.WaitGroup
	accepting.Go(func() { p.accept(listener) })
	t.Cleanup(func() {
		err := listener.Close()
		p.close()
		accepting.Wait()
		if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	})
	query := url.Values{"host": {dir}, "user": {config.User}, "password": {config.Password}}
	return p, "postgres:///" + config.Database + "?" + query.Encode()
}

func (p *proxy) accept(listener net.Listener) {
	var wait sync.WaitGroup
	defer wait.Wait()
	for {
		client, err := listener.Accept()
		if err != nil {
			return // closed by the end of the test
		}
		if !p.keep(client) {
			continue
		}
		wait.Go(func() { p.serve(client) })
	}
}

// serve forwards both ways until either side ends.
func (p *proxy) serve(client net.Conn) {
	defer p.drop(client)
	if !p.pass(toDatabase) {
		return
	}
	p.mu.Lock()
	network, address := p.network, p.address
	p.mu.Unlock()
	database, err := net.Dial(network, address)
	if err != nil || !p.keep(database) {
		return
	}
	defer p.drop(database)
	var wait sync.WaitGroup
	for i, pair := range [][2]net.Conn{{client, database}, {database, client}} {
		wait.Go(func() {
			// When one side ends, the other is closed as well.
			defer p.drop(client)
			defer p.drop(database)
			p.forward(direction(i), pair[0], pair[1])
		})
	}
	wait.Wait()
}

func (p *proxy) forward(d direction, from io.Reader, to io.Writer) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if !p.pass(d) {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass waits while a direction is slow or frozen. It returns false when the test is over.
func (p *proxy) pass(d direction) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if delay := p.delay; d == toService && delay > 0 {
		p.mu.Unlock()
		time.Sleep(delay)
		p.mu.Lock()
	}
	for p.frozen[d] && !p.closed {
		p.thawed.Wait()
	}
	return !p.closed
}

// freeze stops all traffic, or lets it go on.
func (p *proxy) freeze(frozen bool) {
	p.freezeOne(toDatabase, frozen)
	p.freezeOne(toService, frozen)
}

// freezeOne does that to what is said in one direction.
func (p *proxy) freezeOne(d direction, frozen bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen[d] = frozen
	p.thawed.Broadcast()
}

// slow has each piece of what the database says wait from now on.
func (p *proxy) slow(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

// cut ends all connections and takes no new ones, or takes them again.
func (p *proxy) cut(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isCut = cut; cut {
		p.dropAll()
	}
}

func (p *proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.isCut {
		_ = c.Close()
		return false
	}
	p.conns[c] = true
	return true
}

func (p *proxy) drop(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns[c] {
		delete(p.conns, c)
		_ = c.Close() // the other side may have closed it already
	}
}

func (p *proxy) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.thawed.Broadcast()
	p.dropAll()
}

func (p *proxy) dropAll() {
	for c := range p.conns {
		delete(p.conns, c)
		_ = c.Close()
	}
}
