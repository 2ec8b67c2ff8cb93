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
		want fault
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
		{server("42P01"), defect},
		{server("23502"), defect},
		{server(""), defect},
		{io.ErrUnexpectedEOF, lost},
		{&net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, lost},
		{sql.ErrNoRows, defect},
		{&pgconn.ConnectError{Config: &pgconn.Config{}}, away},
	} {
		if got := (&postgres{}).fault(fmt.Errorf("wrapped: %w", c.err)); got != c.want {
			t.Errorf("%#v is fault %d, want %d", c.err, got, c.want)
		}
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
			f := failed(context.Background(), e, "do something", err)
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
		{context.Background(), &failure{fault: away}, users.ErrUnavailable},
		{context.Background(), fmt.Errorf("wrapped: %w", &failure{fault: lost}), users.ErrUnavailable},
		{context.Background(), &failure{fault: conflict}, users.ErrUnavailable},
		{context.Background(), &failure{fault: unknown}, users.ErrUnavailable},
		{ended, &failure{fault: lost}, context.Canceled},
	} {
		if got := translate(c.ctx, c.err); !errors.Is(got, c.want) {
			t.Errorf("%v became %v, want %v", c.err, got, c.want)
		}
	}
}
