package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The name of a database can lead to a standby for a while, when DNS or a balancer lags behind a failover. The data of a
// standby may be of any age, so none of it is used: an account that was disabled at the primary would be admitted.
//
// A server becomes a standby only by a restart, which ends its connections. So a connection that was made to a primary
// stays one, and looking once is enough, unless a pooler stands between: behind it, the server of a connection can be
// another with each transaction. There the statements that authenticate look for themselves (see traits.standby),
// and a connection that was refused a write is looked at again before its next use.

// inRecovery is an expression that is true on a standby.
const inRecovery = `pg_catalog.pg_is_in_recovery()`

// errStandby is shown as it is.
var errStandby = errors.New("the server is a standby, and this service needs the primary")

// refusedWrite is the key, in the custom data of a connection, of having answered with readOnlyTransaction.
const refusedWrite = "refused a write"

// onlyPrimaries has every connection of a configuration refuse a standby, as target_session_attrs=primary does. What
// the URL itself asks for comes on top.
func onlyPrimaries(c *pgx.ConnConfig) {
	asked, settings := c.ValidateConnect, sessionSettings(c)
	c.ValidateConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		if err := utf8Only(conn); err != nil {
			return err
		}
		if err := refuseStandby(ctx, conn, settings); err != nil || asked == nil {
			return err
		}
		return asked(ctx, conn)
	}
	closes := c.OnPgError
	c.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		if err.Code == readOnlyTransaction {
			conn.CustomData()[refusedWrite] = true
		}
		return closes(conn, err)
	}
}

// refuseStandby returns errStandby if a connection is one to a standby. Further expressions, which begin with a comma, are
// evaluated on the way.
func refuseStandby(ctx context.Context, conn *pgconn.PgConn, further string) error {
	results, err := conn.Exec(ctx, `SELECT `+inRecovery+further).ReadAll()
	if err != nil {
		return err
	}
	if string(results[0].Rows[0][0]) != "f" {
		return errStandby
	}
	return nil
}

// leaveStandbys has a pool look again at a connection that was refused a write. If it leads to a standby by now, all
// connections of the pool are made anew, and none that leads there is taken. A primary that refuses writes because of
// default_transaction_read_only keeps its connections.
func leaveStandbys(config *pgxpool.Config, reset func()) {
	config.PrepareConn = func(ctx context.Context, conn *pgx.Conn) (bool, error) {
		marks := conn.PgConn().CustomData()
		if marks[refusedWrite] == nil {
			return true, nil
		}
		err := refuseStandby(ctx, conn.PgConn(), "")
		if errors.Is(err, errStandby) {
			reset()
		}
		if err != nil {
			return false, nil // another is made, and looked at as each new one
		}
		delete(marks, refusedWrite)
		return true, nil
	}
}
