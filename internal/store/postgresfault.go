package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
)

// fault goes by SQLSTATE (PostgreSQL documentation, appendix A).
func (p *postgres) classify(err error) errClass {
	var connecting *pgconn.ConnectError
	var server *pgconn.PgError
	switch {
	case errors.As(err, &connecting):
		return away
	case errors.As(err, &server):
		return classifySQLState(server.Code)
	case isBrokenConnection(err):
		return lost
	}
	return defect
}

// SQLSTATEs that are looked at by themselves.
const (
	uniqueViolation   = "23505"
	lockNotAvailable  = "55P03"
	undefinedTable    = "42P01"
	undefinedColumn   = "42703"
	undefinedFunction = "42883"
	duplicateTable    = "42P07"
	duplicateObject   = "42710"
	// A pooler in transaction mode leads statements to other connections than those on which they were prepared.
	unknownStatement   = "26000"
	duplicateStatement = "42P05"
	// Those with which a server refuses a connection for good.
	invalidPassword       = "28P01"
	noSuchDatabase        = "3D000"
	insufficientPrivilege = "42501"
	// readOnlyTransaction is of a standby, or of default_transaction_read_only.
	readOnlyTransaction = "25006"
	// stampsGone is of the triggers of migration 7.
	revisionRowGone = "SU001"
)

func classifySQLState(code string) errClass {
	switch code {
	case uniqueViolation:
		return taken
	case "23503", "23001": // foreign_key_violation, restrict_violation
		return reference
	case "40001", "40P01", lockNotAvailable, "0A000":
		// serialization_failure, deadlock_detected, and a prepared statement whose table
		// has changed since ("cached plan must not change result type"), which is prepared anew.
		return conflict
	case "57P01", "57P02", "57P03", "57P05", "25P03", "25P04":
		// admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout,
		// idle_in_transaction_session_timeout, transaction_timeout: the session is over.
		return lost
	case revisionRowGone:
		return noRevision
	case readOnlyTransaction, unknownStatement, duplicateStatement:
		return away
	case undefinedTable, insufficientPrivilege, "3F000", "XX001", "XX002":
		// A table that was dropped, insufficient_privilege, invalid_schema_name, data_corrupted, index_corrupted:
		// the database has changed since this program started, and has to be repaired by hand.
		return away
	}
	switch code[:min(2, len(code))] {
	case "08": // connection exception
		return lost
	case "53", "54", "57", "58", "28", "3D":
		// Resources, limits (54000: the queue of notifications is full, or transaction numbers are used up), operator
		// intervention, system, authorization, no database.
		return away
	}
	return defect
}

// undone goes by the severity. A server that answers COMMIT with ERROR has rolled back: an error after the commit is
// written ends the session, or the whole server. Excluded are the codes that a pooler may send by itself, and those that
// end a session.
func (p *postgres) undone(err error) bool {
	var server *pgconn.PgError
	if !errors.As(err, &server) || server.SeverityUnlocalized != "ERROR" {
		return false
	}
	switch server.Code[:min(2, len(server.Code))] {
	case "08", "57":
		return false
	}
	return server.Code != "40003" // statement_completion_unknown
}

func isBrokenConnection(err error) bool {
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
		return describeConnecting(connecting)
	case errors.As(err, &server):
		text := "SQLSTATE " + server.Code
		if server.Code == unknownStatement || server.Code == duplicateStatement {
			return text + ": DATABASE_URL leads through a connection pooler in transaction mode; add default_query_exec_mode=exec to it"
		}
		if server.ConstraintName != "" {
			text += ", constraint " + server.ConstraintName
		}
		switch server.Code[:min(2, len(server.Code))] {
		case "22", "23": // bad data and broken constraints: messages about values
			return text
		}
		return text + ": " + server.Message
	case isBrokenConnection(err):
		return err.Error()
	}
	return fmt.Sprintf("an unexpected %T", err)
}
