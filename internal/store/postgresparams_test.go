package store_test

import (
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

// TestPostgresParameters gives each parameter that PostgreSQL 17 documents for libpq, over TCP, and some of
// 18. Each connects, or is refused by name before anything is dialed.
func TestPostgresParameters(t *testing.T) {
	t.Parallel()
	address, config := overTCP(t, pgtest.URL(t))
	host, port, _ := net.SplitHostPort(address)
	base := "postgresql://" + url.UserPassword(config.User, config.Password).String() + "@" + address + "/" + config.Database
	for _, parameter := range []string{
		"host=" + host, "hostaddr=127.0.0.1", "port=" + port, "dbname=" + config.Database, "user=" + config.User, "password=hunter2",
		"passfile=/dev/null", "require_auth=none,scram-sha-256", "channel_binding=prefer", "connect_timeout=3",
		"client_encoding=UTF8", "client_encoding=auto", "options=-cwork_mem%3D8MB", "application_name=x", "fallback_application_name=x",
		"keepalives=0", "keepalives=1", "keepalives_idle=0", "keepalives_idle=30", "keepalives_interval=5", "keepalives_count=3", "tcp_user_timeout=10000",
		"sslmode=disable", "sslmode=prefer", "sslnegotiation=postgres", "sslcompression=0", "sslcertmode=allow", "sslpassword=hunter2", "sslsni=0",
		"ssl_min_protocol_version=TLSv1.3", "ssl_max_protocol_version=TLSv1.2", "gssencmode=disable", "gssencmode=prefer",
		"krbsrvname=postgres", "gsslib=gssapi", "gssdelegation=0", "target_session_attrs=read-write", "load_balance_hosts=disable", "load_balance_hosts=random",
		"min_protocol_version=3.0", "max_protocol_version=3.0", "sslcrl=", "keepalives=",
		// The server's own.
		"statement_timeout=1000", "search_path=public", "TimeZone=Asia/Tokyo", "pool_max_conns=2",
	} {
		s, err := store.Open(t.Context(), base+"?"+parameter)
		if err != nil {
			t.Errorf("%s: %v", parameter, err)
			continue
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Errorf("%s: %v", parameter, err)
		}
		_ = s.Close()
	}
	for _, parameter := range []string{
		"sslcrl=hunter2", "sslcrldir=hunter2", "requirepeer=hunter2", "replication=database", "REPLICATION=hunter2", "sslcompression=1",
		"gssencmode=require", "gssencmode=hunter2", "gssdelegation=1", "client_encoding=LATIN1", "keepalives=hunter2", "keepalives_idle=1s",
		"keepalives_interval=99999999999", "keepalives_count=hunter2", "tcp_user_timeout=hunter2", "ssl_min_protocol_version=hunter2",
		"ssl_max_protocol_version=TLSv1.1", "load_balance_hosts=hunter2", "hostaddr=hunter2", "hostaddr=127.0.0.1,127.0.0.2",
		"hostaddr=127.0.0.1&host=/tmp", "scram_client_key=hunter2", "sslkeylogfile=hunter2", "oauth_client_secret=hunter2",
	} {
		name, _, _ := strings.Cut(strings.ToLower(parameter), "=")
		err := store.CheckURL(base + "?" + parameter)
		if err == nil || !strings.Contains(err.Error(), "parameter "+name+",") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", parameter, err)
		}
	}
}

// TestPostgresHostaddr has host names that no resolver knows.
func TestPostgresHostaddr(t *testing.T) {
	t.Parallel()
	address, config := overTCP(t, pgtest.URL(t))
	_, port, _ := net.SplitHostPort(address)
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := strconv.Itoa(dead.Addr().(*net.TCPAddr).Port)
	_ = dead.Close()
	user := url.UserPassword(config.User, config.Password).String() + "@"
	for _, u := range []string{
		user + "db.invalid:" + port + "/" + config.Database + "?hostaddr=127.0.0.1",
		user + "a.invalid:" + closed + ",b.invalid:" + port + "/" + config.Database + "?hostaddr=127.0.0.1,127.0.0.1",
		user + "a.invalid:" + closed + ",127.0.0.1:" + port + "/" + config.Database + "?hostaddr=127.0.0.1,&load_balance_hosts=random",
		user + "/" + config.Database + "?port=" + port + "&hostaddr=127.0.0.1",
		user + "/" + config.Database + "?hostaddr=127.0.0.1,127.0.0.1&port=" + closed + "," + port,
	} {
		s, err := store.Open(t.Context(), "postgresql://"+u)
		if err != nil {
			t.Errorf("%s: %v", u, err)
			continue
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Errorf("%s: %v", u, err)
		}
		_ = s.Close()
	}
}

// TestPostgresPasswordUnescaped: parsers cut such URLs each in their own place, and a piece of the password
// would be shown as a host, a database or a parameter.
func TestPostgresPasswordUnescaped(t *testing.T) {
	t.Parallel()
	for _, u := range []string{
		"postgresql://u:abc@SECRETTAIL@127.0.0.1:1/db",
		"postgresql://u:/SECRET@127.0.0.1/db",
		"postgresql://u:1/SECRET@127.0.0.1/db",
		"postgresql://u:1/a?SECRET=b@127.0.0.1:1/db",
		"postgresql://u:a@b/c?SECRET=d@127.0.0.1:1/db",
		"postgresql://u:a?SECRET=b@127.0.0.1:1/db",
		"postgresql://u:1?SECRET@127.0.0.1:1/db",
		"postgresql://u:1#SECRET@127.0.0.1:1/db",
		"postgresql://u:p@127.0.0.1:1/db#SECRET",
		"postgresql://?user=u&password=SECRET@127.0.0.1:1/db",
		"postgresql://u:p@127.0.0.1:1/db?SE%43RET=1",
		"postgresql://u:p@127.0.0.1:1/db?a b=SECRET",
		"postgresql://u:SECRET%zz@127.0.0.1:1/db",
	} {
		_, opened := store.Open(t.Context(), u)
		_, inspected := store.Inspect(t.Context(), u)
		for _, err := range []error{store.CheckURL(u), opened, inspected} {
			if err == nil || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%s: %v", u, err)
			}
		}
	}
	// These are well formed, and fail because no server listens there.
	for _, u := range []string{
		"postgresql://u:%40%2F%3F%23SECRET@127.0.0.1:1/db",
		"postgresql:///db?host=127.0.0.1&port=1&user=u@tenant&password=SECRET",
		"postgresql://u:SEC:RET@[::1]:1,127.0.0.1:1/db",
	} {
		if err := store.CheckURL(u); err != nil {
			t.Errorf("%s: %v", u, err)
			continue
		}
		s, err := store.Open(t.Context(), u)
		if err != nil {
			t.Errorf("%s: %v", u, err)
			continue
		}
		if err := s.Ping(t.Context()); err == nil || strings.Contains(err.Error(), "SEC") || strings.Contains(err.Error(), "RET") {
			t.Errorf("%s: %v", u, err)
		}
		_ = s.Close()
	}
}

// overTCP makes the server of a URL reachable over TCP, and returns the address.
func overTCP(t *testing.T, u string) (string, *pgx.ConnConfig) {
	t.Helper()
	config, err := pgx.ParseConfig(u)
	if err != nil {
		t.Fatal("the URL of the test's server is malformed")
	}
	return newName(t, u).address, config
}
