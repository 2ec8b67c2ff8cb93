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
	// few is the number of accounts where the number does not matter.
	few = 1000
	// cheapCost is the bcrypt cost of measurements that are not about hashing, and of the flood, where the default
	// cost would leave too few logins to count.
	cheapCost = 10
)

// env holds the installations: a temporary folder, and a PostgreSQL server of its own from the first installation
// that needs one.
type env struct {
	dir     string
	limits  bool // RATE_LIMITS of installations
	made    int  // folders made so far, which gives each its name
	cluster *pgtest.Server
}

func newEnv(limits bool) (*env, error) {
	dir, err := os.MkdirTemp("", "svc-users-bench-")
	return &env{dir: dir, limits: limits}, err
}

// Close stops PostgreSQL and removes the folder.
func (e *env) Close() error {
	var err error
	if e.cluster != nil {
		err = e.cluster.Close()
	}
	return errors.Join(err, os.RemoveAll(e.dir))
}

// Empty makes an installation on a new, empty database, without a schema. cost is its BCRYPT_COST.
func (e *env) Empty(binary, database string, cost int) (target.Settings, error) {
	dir, err := e.folder()
	if err != nil {
		return target.Settings{}, err
	}
	s := target.Settings{Binary: binary, Dir: dir, BcryptCost: cost, RateLimits: e.limits}
	s.DatabaseURL = s.SQLite()
	if database == sqlite {
		return s, nil
	}
	if e.cluster == nil {
		if e.cluster, err = pgtest.Run(); err != nil {
			return target.Settings{}, err
		}
	}
	s.DatabaseURL, err = e.cluster.Create()
	return s, err
}

// folder makes a new folder below the temporary one.
func (e *env) folder() (string, error) {
	e.made++
	dir := filepath.Join(e.dir, strconv.Itoa(e.made))
	return dir, os.Mkdir(dir, 0o700)
}

// Installed makes an installation with the schema, the roles and few accounts, all with the same password, hashed at
// the given cost. The Hasher compares that password with that hash.
func (e *env) Installed(ctx context.Context, binary, database string, cost int) (target.Settings, *bare.Hasher, error) {
	s, err := e.Empty(binary, database, cost)
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
	err = withDatabase(ctx, s.DatabaseURL, func(db fill.Database) error {
		return errors.Join(db.Roles(ctx), db.Accounts(ctx, plan(few, hasher), includeAll), db.Settle(ctx))
	})
	return s, hasher, err
}

func plan(accounts int, hasher *bare.Hasher) fill.Plan {
	return fill.Plan{Accounts: accounts, Hash: hasher.Hash()}
}

func includeAll(int) bool { return true }

// withDatabase opens the database of a DATABASE_URL, calls do and closes it.
func withDatabase(ctx context.Context, url string, do func(fill.Database) error) error {
	db, err := fill.Open(ctx, url)
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}

// withService starts a service, calls do and stops it.
func withService(ctx context.Context, s target.Settings, do func(*target.Service) error) error {
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

// cycleEmails returns a function that gives the e-mail address of the i-th enabled account without the Reader role,
// and begins again after the last one.
func cycleEmails(p fill.Plan) func(i int) string {
	var emails []string
	for i := range p.Accounts {
		if a := p.Account(i); a.Active && a.Role != fill.Reader {
			emails = append(emails, a.Email)
		}
	}
	return func(i int) string { return emails[i%len(emails)] }
}

// accountPath is the path of an account in the API.
func accountPath(a fill.Account) string { return "/api/v1/accounts/" + fill.Text(a.ID) }
