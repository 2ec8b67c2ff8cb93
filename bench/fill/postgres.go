package fill

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

type postgres struct{ conn *pgx.Conn }

func openPostgres(ctx context.Context, url string) (Database, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	return postgres{conn}, nil
}

func (p postgres) Close() error { return p.conn.Close(context.Background()) }

func (p postgres) Roles(ctx context.Context) error {
	var parent any
	for i, name := range roleNames {
		id := Role(i).ID()
		if _, err := p.conn.Exec(ctx, insertRole, id, name, strings.ToLower(name), parent, false, epoch, epoch); err != nil {
			return err
		}
		parent = id
	}
	_, err := p.conn.Exec(ctx, allowReader, Reader.ID())
	return err
}

func (p postgres) Accounts(ctx context.Context, plan Plan, chosen func(i int) bool) error {
	i := -1
	_, err := p.conn.CopyFrom(ctx, pgx.Identifier{"accounts"}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		for i++; i < plan.Accounts; i++ {
			if chosen(i) {
				a := plan.Account(i)
				return []any{a.ID, a.Email, a.Email, plan.Hash, a.Role.ID(), a.Active, int64(1), a.Created, a.Created}, nil
			}
		}
		return nil, nil
	}))
	return err
}

// APIKeys implements Database.
func (p postgres) APIKeys(ctx context.Context, count int) error {
	_, err := p.conn.Exec(ctx, fmt.Sprintf(insertAPIKeys, count, "gen_random_uuid()", "CAST(gen_random_uuid() AS text) || CAST(gen_random_uuid() AS text)"), epoch, Customer.ID())
	return err
}

// Settle is what autovacuum would do, in the midst of a measurement.
func (p postgres) Settle(ctx context.Context) error {
	for _, statement := range []string{"VACUUM (ANALYZE)", "CHECKPOINT"} {
		if _, err := p.conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
