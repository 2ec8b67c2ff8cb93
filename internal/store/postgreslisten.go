package store

import (
	"cmp"
	"context"
	cryptorand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/svc-users/svc-users"
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

// The channels of a schema are named after its table of stamps, as in the migrations. What is sent is found by the
// pool's own connections and anew each time, so that heartbeats go the way that changes go.
const (
	channelName = `SELECT 'svc_users_' || CAST(to_regclass('authorization_stamp') AS oid)`
	heartbeat   = `SELECT pg_notify('svc_users_' || CAST(to_regclass('authorization_stamp') AS oid) || '_' || CAST($1 AS text),
		CAST($2 AS text) || ' ' || stamp || ' ' || account_stamp) FROM authorization_stamp`
)

// deafness is a reason of our own for not hearing, to be shown as it is.
type deafness string

func (d deafness) Error() string { return string(d) }

const (
	silence    deafness = "no notification comes back from the database; behind a connection pooler, DATABASE_LISTEN_URL must lead past it"
	otherPlace deafness = "the connection for listening does not find the tables of this service"
)

// listener keeps a connection on which the database tells of changes, and sends the heartbeats.
type listener struct {
	*hearing
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
			l.begin()
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
	l.hearing.wrote()
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
	var channel *string
	if err := conn.QueryRow(connecting, channelName, pgx.QueryExecModeExec).Scan(&channel); err != nil {
		return err
	}
	if channel == nil {
		return otherPlace
	}
	name := strings.ToLower(cryptorand.Text())
	own := *channel + "_" + name
	for _, c := range []string{*channel, own} {
		if _, err := conn.Exec(connecting, `LISTEN `+pgx.Identifier{c}.Sanitize()); err != nil {
			return err
		}
	}
	l.begin()
	l.forget()

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
		l.hear(n.Payload)
		l.kick()
		l.changed()
	}
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
	if l.cameBack(number, users.Moment{Roles: parts[1], Accounts: parts[2]}) {
		l.tell(true, nil)
	}
}

// beatAlways sends heartbeats until ctx ends, and ends it with silent when none comes back.
func (l *listener) beatAlways(ctx context.Context, name string, silent context.CancelCauseFunc) {
	every := time.NewTicker(beatEvery)
	defer every.Stop()
	for {
		failed := l.send(ctx, name)
		if l.silence() > maxSilence {
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
	limited, cancel := context.WithTimeout(ctx, credit)
	defer cancel()
	if _, err := l.pool.Exec(limited, heartbeat, name, strconv.FormatInt(l.beat(), 10)); err != nil {
		return fmt.Errorf("send a heartbeat: %w", err)
	}
	return nil
}
