package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/svc-users/svc-users"
)

func TestPostgresFaults(t *testing.T) {
	t.Parallel()
	server := func(code string) error { return &pgconn.PgError{Code: code} }
	for _, c := range []struct {
		err  error
		want errClass
	}{
		{server("23505"), taken},
		{server("23503"), reference},
		{server("23001"), reference},
		{server("40001"), conflict},
		{server("40P01"), conflict},
		{server("57P01"), lost},
		{server("08006"), lost},
		{server("57014"), away},
		{server("53300"), away},
		{server("25006"), away},
		{server("28P01"), away},
		{server("53100"), away},
		{server("54000"), away},
		{server("58030"), away},
		{server("XX001"), away},
		{server("42P01"), away},
		{server("42501"), away},
		{server("25P04"), lost},
		{server("55P03"), conflict},
		{server("SU001"), noRevision},
		{server("42703"), defect},
		{server("23502"), defect},
		{server(""), defect},
		{io.ErrUnexpectedEOF, lost},
		{&net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, lost},
		{sql.ErrNoRows, defect},
		{&pgconn.ConnectError{Config: &pgconn.Config{}}, away},
	} {
		if got := (&postgres{}).classify(fmt.Errorf("wrapped: %w", c.err)); got != c.want {
			t.Errorf("%#v is fault %d, want %d", c.err, got, c.want)
		}
	}
}

// TestPostgresUndone: only what has certainly not been committed may be tried again.
func TestPostgresUndone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		severity, code string
		want           bool
	}{
		{"ERROR", "54000", true},
		{"ERROR", "40001", true},
		{"ERROR", "53100", true},
		{"ERROR", "23505", true},
		{"ERROR", "08P01", false}, // a pooler's
		{"ERROR", "57014", false},
		{"ERROR", "40003", false},
		{"FATAL", "57P01", false},
		{"FATAL", "54000", false},
		{"PANIC", "58030", false},
		{"", "54000", false},
	} {
		err := fmt.Errorf("wrapped: %w", &pgconn.PgError{SeverityUnlocalized: c.severity, Code: c.code})
		if got := (&postgres{}).undone(err); got != c.want {
			t.Errorf("%s %s has certainly changed nothing: %t", c.severity, c.code, got)
		}
	}
	if (&postgres{}).undone(io.ErrUnexpectedEOF) {
		t.Error("a lost connection has certainly changed nothing")
	}
}

// TestErrorsShowNoValues: what drivers say of a value stays with them.
func TestErrorsShowNoValues(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, err := range []error{
		&pgconn.PgError{Code: "22P02", Message: `invalid input syntax for type uuid: "` + secret + `"`},
		&pgconn.PgError{Code: "23505", Message: "duplicate key", Detail: "Key (email)=(" + secret + ") already exists.", ConstraintName: "accounts_email_key_key"},
		&pgconn.PgError{Code: "42601", Message: "syntax error", Detail: secret, Hint: secret, InternalQuery: secret, Where: secret},
		fmt.Errorf("sql: Scan error on column index 0: converting %q", secret),
		fmt.Errorf("cannot encode %q", secret),
	} {
		for _, e := range []engine{&postgres{}, &sqlite{}} {
			f := newFailure(context.Background(), e, "do something", err)
			shown := fmt.Sprintf("%v %+v %#v %v", f, f, f, translate(context.Background(), f))
			if strings.Contains(shown, secret) || !strings.Contains(f.Error(), "do something: ") {
				t.Errorf("%T of %T: %s", err, e, shown)
			}
			if errors.Unwrap(f) != nil {
				t.Errorf("%T of %T: the driver's error can be reached", err, e)
			}
		}
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	own := errors.New("a defect")
	for _, c := range []struct {
		ctx  context.Context
		err  error
		want error
	}{
		{context.Background(), users.ErrNotFound, users.ErrNotFound},
		{ended, users.ErrNotFound, users.ErrNotFound},
		{context.Background(), own, own},
		{context.Background(), &failure{class: away}, users.ErrUnavailable},
		{context.Background(), fmt.Errorf("wrapped: %w", &failure{class: lost}), users.ErrUnavailable},
		{context.Background(), &failure{class: conflict}, users.ErrUnavailable},
		{context.Background(), &failure{class: unknown}, users.ErrUnavailable},
		{ended, &failure{class: lost}, context.Canceled},
	} {
		if got := translate(c.ctx, c.err); !errors.Is(got, c.want) {
			t.Errorf("%v became %v, want %v", c.err, got, c.want)
		}
	}
}
