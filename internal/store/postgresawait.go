package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// awaitPause is how long Await waits between two tries.
	awaitPause = 500 * time.Millisecond
	// awaitReport is how often it says that it is waiting, and for what.
	awaitReport = 5 * time.Second
)

// Await returns nil when the PostgreSQL server that url names takes connections. While it cannot be reached, is starting
// or is a standby, Await tries again until limit is over; 0 is one try. A lasting error, such as a wrong
// password or a database that does not exist, ends it at once. waiting is called with the first failure, and every
// five seconds from then on. With SQLite, which has no server, it returns nil.
//
// The error is that of the last try, of ctx or of CheckURL. None shows the url.
func Await(ctx context.Context, url string, limit time.Duration, waiting func(why string)) error {
	if strings.HasPrefix(url, sqliteScheme) {
		return nil
	}
	config, err := postgresConfig(url)
	if err != nil {
		return err
	}
	began, said := time.Now(), time.Time{}
	for {
		err := tryConnection(ctx, config.ConnConfig)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case permanent(err), limit == 0:
			return errors.New(describeConnecting(err))
		}
		if time.Since(said) >= awaitReport {
			waiting(describeConnecting(err))
			said = time.Now()
		}
		if time.Since(began)+awaitPause > limit {
			return fmt.Errorf("%s (waited for %v)", describeConnecting(err), limit)
		}
		select {
		case <-ctx.Done():
		case <-time.After(awaitPause):
		}
	}
}

func tryConnection(ctx context.Context, config *pgx.ConnConfig) error {
	conn, err := pgx.ConnectConfig(ctx, config.Copy())
	if err != nil {
		return err
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeLimit)
	defer cancel()
	_ = conn.Close(closing) // it could be made, which is enough
	return nil
}

// describeConnecting is an error of connecting in one line: the driver lists every address, a line each.
func describeConnecting(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// permanent reports whether an error of connecting will not go away by waiting. Where several addresses were
// tried, a wrong password or a database that does not exist at one of them is enough: they are the same for all. Other
// refusals have to be those of every address, since another may be the one that is still starting.
func permanent(err error) bool {
	all := true
	for _, cause := range causes(err) {
		var server *pgconn.PgError
		var certificate *tls.CertificateVerificationError
		var authority x509.UnknownAuthorityError
		var encoding *encodingError
		switch {
		case errors.As(cause, &server):
			switch server.Code {
			case invalidPassword, noSuchDatabase, insufficientPrivilege:
				return true
			}
			switch server.Code[:min(2, len(server.Code))] {
			case "28", "22", "42", "0A": // who may connect, and settings that the server does not take
			default:
				all = false
			}
		case errors.As(cause, &certificate), errors.As(cause, &authority), errors.As(cause, &encoding):
		default:
			all = false
		}
	}
	return all
}

// causes are the errors that err joins, one for each address that was tried, or err itself.
func causes(err error) []error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		joined, ok := e.(interface{ Unwrap() []error })
		if !ok {
			continue
		}
		var list []error
		for _, part := range joined.Unwrap() {
			list = append(list, causes(part)...)
		}
		return list
	}
	return []error{err}
}
