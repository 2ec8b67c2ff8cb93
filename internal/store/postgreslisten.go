package store

import (
	"cmp"
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/lease"
)

const (
	// heartbeatInterval is so short that two heartbeats may be late before the lease ends.
	heartbeatInterval = 250 * time.Millisecond
	// heartbeatPause keeps many changes, each of which requests a heartbeat, from becoming as many heartbeats.
	heartbeatPause = 5 * time.Millisecond
	// maxSilence is when a connection over which no heartbeat comes back is given up: it may be half open, or to
	// another database than the heartbeats go to, or of a pooler that does not pass notifications on.
	maxSilence = 3 * time.Second
)

// The channels of a schema are named by a secret beside the revision, see migration 7; $1 is the listener whose
// heartbeats it is for, or empty for changes. The names are made and used within the database: no text of a statement
// has them, which other users may be able to read (pg_stat_activity), nor is one bound. Heartbeats find the channel by
// the pool's own connections and anew each time, so that they go the way that changes go.
//
// The payload of a heartbeat is its number and the revision: `N ROLES ACCOUNTS`, for example
//
//	17 8f14e45f-ceea-467f-a0e6-2c1d0a9b8e77 3b1f7a52-90c4-4d0e-b1a8-5e6f0c2d9a11
const (
	listenStatement    = `SELECT listen_on(change_channel(channel, tableoid, CAST($1 AS text))) FROM authorization_stamp`
	heartbeatStatement = `SELECT pg_catalog.pg_notify(change_channel(channel, tableoid, CAST($1 AS text)),
		pg_catalog.concat_ws(CAST(' ' AS text), CAST($2 AS text), stamp, account_stamp)) FROM authorization_stamp`
)

// listenError is a reason for receiving no notifications that may be logged as it is.
type listenError string

func (e listenError) Error() string { return string(e) }

const (
	errSilence       listenError = "no notification comes back from the database; behind a connection pooler, DATABASE_LISTEN_URL must lead past it"
	errNoTables      listenError = "the connection for listening does not find the tables of this service"
	errNoRevisionRow listenError = "the table authorization_stamp has no row"
)

// listener keeps a connection on which notifications of changes come, and sends the heartbeats of a lease.
type listener struct {
	lease *lease.Lease
	hooks
	config    *pgx.ConnConfig
	pool      *pgxpool.Pool
	reported  bool // report has been called
	listening bool // as was reported
	wake      chan struct{}
	stop      context.CancelFunc
	stopped   chan struct{}
}

// start begins to listen, until close.
func (l *listener) start() {
	ctx, cancel := context.WithCancel(context.Background())
	l.stop, l.stopped = cancel, make(chan struct{})
	go func() {
		defer close(l.stopped)
		for pause := heartbeatInterval; ; pause = min(2*pause, readLimit) {
			began := time.Now()
			err := l.run(ctx)
			l.lease.Reset()
			if ctx.Err() != nil {
				return
			}
			l.reportOnce(false, err)
			if time.Since(began) > readLimit {
				pause = heartbeatInterval
			}
			select {
			case <-ctx.Done():
			case <-time.After(pause/2 + rand.N(pause)):
			}
		}
	}()
}

func (l *listener) close() {
	l.stop()
	<-l.stopped
}

// reportOnce reports, once each time, that a lease was granted or that there can be none.
func (l *listener) reportOnce(listening bool, why error) {
	if l.reported && l.listening == listening {
		return
	}
	l.reported, l.listening = true, listening
	l.report(listening, why)
}

// requestHeartbeat asks for a heartbeat without waiting for its turn.
func (l *listener) requestHeartbeat() {
	select {
	case l.wake <- struct{}{}:
	default: // it has been asked for
	}
}

// committed says that this process has committed something.
func (l *listener) committed() {
	l.lease.Committed()
	l.requestHeartbeat()
}

// run makes a connection and receives notifications, until the connection is of no more use.
func (l *listener) run(ctx context.Context) error {
	connecting, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(connecting, l.config.Copy())
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeLimit)
		defer cancel()
		_ = conn.Close(closing) // the connection ends with or without an error
	}()
	name := strings.ToLower(cryptorand.Text())
	if _, err := listenOn(connecting, conn, ""); err != nil {
		return err
	}
	own, err := listenOn(connecting, conn, name)
	if err != nil {
		return err
	}
	l.lease.Reset()

	ctx, silent := context.WithCancelCause(ctx)
	sending := make(chan struct{})
	go func() {
		defer close(sending)
		l.sendHeartbeats(ctx, name, silent)
	}()
	defer func() {
		silent(nil)
		<-sending
	}()
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return cause
			}
			return err
		}
		if n.Channel == own {
			l.ack(n.Payload)
			continue
		}
		l.lease.Apply(n.Payload)
		l.requestHeartbeat()
		l.changed()
	}
}

// listenOn listens on a channel, and returns its name.
func listenOn(ctx context.Context, conn *pgx.Conn, listener string) (channel string, err error) {
	err = conn.QueryRow(ctx, listenStatement, pgx.QueryExecModeExec, listener).Scan(&channel)
	var server *pgconn.PgError
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", errNoRevisionRow
	case errors.As(err, &server) && (server.Code == undefinedTable || server.Code == undefinedFunction || server.Code == undefinedColumn):
		return "", errNoTables
	}
	return channel, err
}

// ack takes the payload of a heartbeat that came back.
func (l *listener) ack(payload string) {
	parts := strings.Split(payload, " ")
	if len(parts) != 3 {
		return
	}
	number, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return
	}
	if l.lease.Ack(number, users.Revision{Roles: parts[1], Accounts: parts[2]}) {
		l.reportOnce(true, nil)
	}
}

// sendHeartbeats sends heartbeats until ctx ends, and ends it with silent when none comes back.
func (l *listener) sendHeartbeats(ctx context.Context, name string, silent context.CancelCauseFunc) {
	every := time.NewTicker(heartbeatInterval)
	defer every.Stop()
	for {
		failed := l.sendHeartbeat(ctx, name)
		if l.lease.Silence() > maxSilence {
			silent(cmp.Or(failed, error(errSilence)))
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(heartbeatPause):
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		case <-l.wake:
		}
	}
}

func (l *listener) sendHeartbeat(ctx context.Context, name string) error {
	limited, cancel := context.WithTimeout(ctx, lease.TTL)
	defer cancel()
	if _, err := l.pool.Exec(limited, heartbeatStatement, name, strconv.FormatInt(l.lease.Send(), 10)); err != nil {
		return fmt.Errorf("send a heartbeat: %w", err)
	}
	return nil
}
