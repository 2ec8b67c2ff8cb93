package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/svc-users/svc-users/bench/bare"
	"github.com/svc-users/svc-users/bench/fill"
	"github.com/svc-users/svc-users/bench/target"
	"github.com/svc-users/svc-users/internal/pgtest"
)

// The databases, by their names in the results.
const (
	sqlite   = "SQLite"
	postgres = "PostgreSQL"
)

const (
	// password is that of every account.
	password = "correct horse"
	// few is how many accounts there are where their number does not matter.
	few = 1000
	// cheapCost is the cost of bcrypt wherever it is not hashing that is measured, and under a flood, where there
	// would be too few logins to count at the default.
	cheapCost = 10
)

// places are where installations live: a temporary folder, and a PostgreSQL of our own as soon as it is needed.
type places struct {
	dir     string
	made    int
	cluster *pgtest.Server
}

func newPlaces() (*places, error) {
	dir, err := os.MkdirTemp("", "svc-users-bench-")
	return &places{dir: dir}, err
}

// Close removes everything.
func (p *places) Close() error {
	var err error
	if p.cluster != nil {
		err = p.cluster.Close()
	}
	return errors.Join(err, os.RemoveAll(p.dir))
}

// Empty is an installation on a new database without anything in it.
func (p *places) Empty(binary, database string, cost int) (target.Settings, error) {
	dir, err := p.folder()
	if err != nil {
		return target.Settings{}, err
	}
	s := target.Settings{Binary: binary, Dir: dir, BcryptCost: cost}
	s.DatabaseURL = s.SQLite()
	if database == sqlite {
		return s, nil
	}
	if p.cluster == nil {
		if p.cluster, err = pgtest.Run(); err != nil {
			return target.Settings{}, err
		}
	}
	s.DatabaseURL, err = p.cluster.Create()
	return s, err
}

// folder makes one that nobody else has.
func (p *places) folder() (string, error) {
	p.made++
	dir := filepath.Join(p.dir, strconv.Itoa(p.made))
	return dir, os.Mkdir(dir, 0o700)
}

// Installed is an installation with some accounts, all of the password, hashed at its cost.
func (p *places) Installed(ctx context.Context, binary, database string, cost int) (target.Settings, *bare.Hasher, error) {
	s, err := p.Empty(binary, database, cost)
	if err != nil {
		return target.Settings{}, nil, err
	}
	hasher, err := bare.NewHasher(password, cost)
	if err != nil {
		return target.Settings{}, nil, err
	}
	if err := target.Migrate(ctx, s); err != nil {
		return target.Settings{}, nil, err
	}
	err = filled(ctx, s.DatabaseURL, func(db fill.Database) error {
		return errors.Join(db.Roles(ctx), db.Accounts(ctx, plan(few, hasher), everyone), db.Settle(ctx))
	})
	return s, hasher, err
}

func plan(accounts int, hasher *bare.Hasher) fill.Plan {
	return fill.Plan{Accounts: accounts, Hash: hasher.Hash()}
}

func everyone(int) bool { return true }

// filled opens a database, does something to it and closes it.
func filled(ctx context.Context, url string, do func(fill.Database) error) error {
	db, err := fill.Open(ctx, url)
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}

// serving starts a service, does something with it and stops it.
func serving(ctx context.Context, s target.Settings, do func(*target.Service) error) error {
	svc, err := target.Start(ctx, s)
	if err != nil {
		return err
	}
	return errors.Join(do(svc), svc.Stop())
}

// sleep waits, unless ctx ends before.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// someone is the address of the i-th account that is no reader and not disabled, over and over.
func someone(p fill.Plan) func(i int) string {
	var emails []string
	for i := range p.Accounts {
		if a := p.Account(i); a.Active && a.Role != fill.Reader {
			emails = append(emails, a.Email)
		}
	}
	return func(i int) string { return emails[i%len(emails)] }
}

// accountPath is where an account is read.
func accountPath(a fill.Account) string { return "/api/v1/accounts/" + fill.Text(a.ID) }
