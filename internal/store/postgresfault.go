package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// fault goes by SQLSTATE (PostgreSQL documentation, appendix A).
func (p *postgres) fault(err error) fault {
	var connecting *pgconn.ConnectError
	var server *pgconn.PgError
	switch {
	case errors.As(err, &connecting):
		return away
	case errors.As(err, &server):
		return sqlstate(server.Code)
	case brokenConnection(err):
		return lost
	}
	return defect
}

func sqlstate(code string) fault {
	switch code {
	case "23505": // unique_violation
		return taken
	case "23503", "23001": // foreign_key_violation, restrict_violation
		return reference
	case "40001", "40P01", "55P03", "0A000":
		// serialization_failure, deadlock_detected, lock_not_available, and a prepared statement whose table
		// has changed since ("cached plan must not change result type"), which is prepared anew.
		return conflict
	case "57P01", "57P02", "57P03", "57P05", "25P03":
		// admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout,
		// idle_in_transaction_session_timeout: the session is over.
		return lost
	case "25006": // read_only_sql_transaction: a standby, after a failover
		return away
	}
	switch code[:min(2, len(code))] {
	case "08": // connection exception
		return lost
	case "53", "57", "58", "28", "3D": // resources, operator intervention, system, authorization, no database
		return away
	}
	return defect
}

func brokenConnection(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, pgconn.ErrConnClosed) ||
		pgconn.Timeout(err) || pgconn.SafeToRetry(err)
}

// describe leaves out the details of PostgreSQL's errors, and the message where it may quote a value.
func (p *postgres) describe(err error) string {
	var connecting *pgconn.ConnectError
	var server *pgconn.PgError
	switch {
	case errors.As(err, &connecting):
		return strings.Join(strings.Fields(connecting.Error()), " ") // it lists every address, a line each
	case errors.As(err, &server):
		text := "SQLSTATE " + server.Code
		if server.ConstraintName != "" {
			text += ", constraint " + server.ConstraintName
		}
		switch server.Code[:min(2, len(server.Code))] {
		case "22", "23": // bad data and broken constraints: messages about values
			return text
		}
		return text + ": " + server.Message
	case brokenConnection(err):
		return err.Error()
	}
	return fmt.Sprintf("an unexpected %T", err)
}
