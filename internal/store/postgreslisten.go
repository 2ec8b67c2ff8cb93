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
	// beatEvery leaves two heartbeats to be late before what was heard counts no longer.
	beatEvery = 250 * time.Millisecond
	// beatPause keeps many changes, each of which asks for a heartbeat, from becoming as many heartbeats.
	beatPause = 5 * time.Millisecond
	// maxSilence is when a connection over which no heartbeat comes back is given up: it may be half open, or to
	// another database than the heartbeats go to, or of a pooler that keeps what it hears to itself.
	maxSilence = 3 * time.Second
)

// The channels of a schema are named by a secret beside the stamps, see migration 7; $1 is the listener whose
// heartbeats it is for, or empty for changes. The names are made and used within the database: no text of a statement
// has them, which other users may be able to read (pg_stat_activity), nor is one bound. Heartbeats find the channel by
// the pool's own connections and anew each time, so that they go the way that changes go.
const (
	listenOn  = `SELECT listen_on(change_channel(channel, tableoid, CAST($1 AS text))) FROM authorization_stamp`
	heartbeat = `SELECT pg_catalog.pg_notify(change_channel(channel, tableoid, CAST($1 AS text)),
		pg_catalog.concat_ws(CAST(' ' AS text), CAST($2 AS text), stamp, account_stamp)) FROM authorization_stamp`
)

// deafness is a reason of our own for not hearing, to be shown as it is.
type deafness string

func (d deafness) Error() string { return string(d) }

const (
	silence    deafness = "no notification comes back from the database; behind a connection pooler, DATABASE_LISTEN_URL must lead past it"
	otherPlace deafness = "the connection for listening does not find the tables of this service"
	noRow      deafness = "the table authorization_stamp has no row"
)

// listener keeps a connection on which the database tells of changes, and sends the heartbeats.
type listener struct {
	lease *lease.Lease
	audience
	config  *pgx.ConnConfig
	pool    *pgxpool.Pool
	told    bool // report has been called
	hears   bool // as was reported
	wake    chan struct{}
	stop    context.CancelFunc
	stopped chan struct{}
}

// start begins to listen, until close.
func (l *listener) start() {
	ctx, cancel := context.WithCancel(context.Background())
	l.stop, l.stopped = cancel, make(chan struct{})
	go func() {
		defer close(l.stopped)
		for pause := beatEvery; ; pause = min(2*pause, readLimit) {
			began := time.Now()
			err := l.listen(ctx)
			l.lease.Reset()
			if ctx.Err() != nil {
				return
			}
			l.tell(false, err)
			if time.Since(began) > readLimit {
				pause = beatEvery
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

// tell reports, once each time, that changes are heard of or that they are not.
func (l *listener) tell(hears bool, why error) {
	if l.told && l.hears == hears {
		return
	}
	l.told, l.hears = true, hears
	l.report(hears, why)
}

// kick asks for a heartbeat without waiting for its turn.
func (l *listener) kick() {
	select {
	case l.wake <- struct{}{}:
	default: // it has been asked for
	}
}

// wrote says that this process has committed something.
func (l *listener) wrote() {
	l.lease.Committed()
	l.kick()
}

// listen makes a connection and hears, until the connection is of no more use.
func (l *listener) listen(ctx context.Context) error {
	connecting, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(connecting, l.config.Copy())
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeLimit)
		defer cancel()
		_ = conn.Close(closing) // it ends either way
	}()
	name := strings.ToLower(cryptorand.Text())
	if _, err := listenAt(connecting, conn, ""); err != nil {
		return err
	}
	own, err := listenAt(connecting, conn, name)
	if err != nil {
		return err
	}
	l.lease.Reset()

	ctx, silent := context.WithCancelCause(ctx)
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		l.beatAlways(ctx, name, silent)
	}()
	defer func() {
		silent(nil)
		<-beating
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
			l.heartbeat(n.Payload)
			continue
		}
		l.lease.Apply(n.Payload)
		l.kick()
		l.changed()
	}
}

// listenAt listens on a channel, and returns its name.
func listenAt(ctx context.Context, conn *pgx.Conn, listener string) (channel string, err error) {
	err = conn.QueryRow(ctx, listenOn, pgx.QueryExecModeExec, listener).Scan(&channel)
	var server *pgconn.PgError
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", noRow
	case errors.As(err, &server) && (server.Code == undefinedTable || server.Code == undefinedFunction || server.Code == undefinedColumn):
		return "", otherPlace
	}
	return channel, err
}

// heartbeat takes one that came back.
func (l *listener) heartbeat(payload string) {
	parts := strings.Split(payload, " ")
	if len(parts) != 3 {
		return
	}
	number, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return
	}
	if l.lease.Ack(number, users.Revision{Roles: parts[1], Accounts: parts[2]}) {
		l.tell(true, nil)
	}
}

// beatAlways sends heartbeats until ctx ends, and ends it with silent when none comes back.
func (l *listener) beatAlways(ctx context.Context, name string, silent context.CancelCauseFunc) {
	every := time.NewTicker(beatEvery)
	defer every.Stop()
	for {
		failed := l.send(ctx, name)
		if l.lease.Silence() > maxSilence {
			silent(cmp.Or(failed, error(silence)))
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(beatPause):
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		case <-l.wake:
		}
	}
}

func (l *listener) send(ctx context.Context, name string) error {
	limited, cancel := context.WithTimeout(ctx, lease.TTL)
	defer cancel()
	if _, err := l.pool.Exec(limited, heartbeat, name, strconv.FormatInt(l.lease.Send(), 10)); err != nil {
		return fmt.Errorf("send a heartbeat: %w", err)
	}
	return nil
}
