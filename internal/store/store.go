package store

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
)

// How long a single read, a whole transaction and a probe may take, including the wait for a connection and retries. A
// request must be answered even if the database hangs: by then the client has given up, and the request would only
// block others.
const (
	readLimit  = 5 * time.Second
	txLimit    = 10 * time.Second
	probeLimit = 2 * time.Second
)

// maxAccounts bounds how many accounts are kept in memory, at about half a KiB each.
const maxAccounts = 16_384

// maxAPIKeysKept bounds how many API keys are kept in memory, most of them at less than a KiB each.
const maxAPIKeysKept = 16_384

// Store is a users.Store on one database. It is safe for concurrent use.
type Store struct {
	db         database
	classifier classifier
	revisions  revisions
	dialect    dialect
	migrator   migrator
	transfers  transfers
	traits     *traits

	graphs graphs
	// subscribers are told when the database has come to another revision.
	subscribers subscribers
	// accounts are those that were read, each with the revision that it was read at. An entry counts for as long as the
	// revision of the accounts is the same, or no change since has named the account; that is looked at before each use.
	// No entry is older than lease.MaxAge when it is used.
	accounts *otter.Cache[users.ID, cachedAccount]
	// apiKeys are those that were read, by their digests, under the same rules as accounts.
	apiKeys *otter.Cache[users.Digest, cachedAPIKey]
	// apiKeySecret is what API keys are digested under, as it was read last.
	apiKeySecret atomic.Pointer[[]byte]
	// keyUses notes when API keys were used.
	keyUses *uses
	clock   func() time.Time
	// background is what goes on without a request.
	background sync.WaitGroup
	// keyStamp is the stamp of the signing keys as it was read last.
	keyStamp atomic.Pointer[keyStamp]
	// secretUses notes when client secrets were used.
	secretUses *uses
	// writing is held by the one transaction of this process that is exclusive, or, with SQLite, by any that writes. Those that wait for it hold no connection, so
	// that many writers cannot keep readers from the database.
	writing chan struct{}

	readLimit  time.Duration
	txLimit    time.Duration
	probeLimit time.Duration
}

var (
	_ users.Store = (*Store)(nil)
	_ feed.Store  = (*Store)(nil)
)

// Open opens the database that url names:
//
//   - sqlite://relative/path or sqlite:///absolute/path. All that follows sqlite:// is the name of the file,
//     byte by byte: there are no parameters and no escapes. A missing file is made with mode 0600, a missing
//     folder with mode 0700. A database in memory is refused, since it would keep nothing.
//   - postgres:// or postgresql://, with the parameters of libpq and pool_max_conns (10 by default) and
//     default_query_exec_mode (exec behind a PgBouncer in transaction mode) besides. Those of libpq that
//     cannot be kept here, such as sslcrl, are refused by name; others are settings for the server. The server
//     need not be up; without connect_timeout, connecting gives up after 5 seconds.
//
// The schema is left as it is; see Migrate. No error shows the url.
func Open(ctx context.Context, url string) (*Store, error) {
	e, err := openEngine(ctx, url)
	if err != nil {
		return nil, err
	}
	return newStore(e), nil
}

func newStore(e engine) *Store {
	s := &Store{
		db: e, classifier: e, revisions: e, dialect: e, migrator: e, transfers: e, traits: e.traits(),

		accounts:   otter.Must(&otter.Options[users.ID, cachedAccount]{MaximumSize: maxAccounts}),
		apiKeys:    otter.Must(&otter.Options[users.Digest, cachedAPIKey]{MaximumSize: maxAPIKeysKept}),
		clock:      time.Now,
		writing:    make(chan struct{}, 1),
		readLimit:  readLimit,
		txLimit:    txLimit,
		probeLimit: probeLimit,
	}
	s.keyUses, s.secretUses = newUses(s, "api_keys"), newUses(s, "client_secrets")
	return s
}

// SetLimits replaces how long a read, a transaction and a probe (Ping, Ready) may take: 5, 10 and 2 seconds. It is
// for tests, in which a busy machine must not decide whether something succeeds. It must be called before the Store
// is used.
func (s *Store) SetLimits(read, tx, probe time.Duration) {
	s.readLimit, s.txLimit, s.probeLimit = read, tx, probe
}

// sqliteScheme begins the URL of a file.
const sqliteScheme = "sqlite://"

var errScheme = errors.New("the database URL must begin with sqlite://, postgres:// or postgresql://")

func openEngine(ctx context.Context, url string) (engine, error) {
	switch scheme, rest, is := strings.Cut(url, "://"); {
	case is && scheme == "sqlite":
		return openSQLite(ctx, rest)
	case is && (scheme == "postgres" || scheme == "postgresql"):
		return openPostgres(ctx, url)
	}
	return nil, errScheme
}

// errListenNowhere is the refusal of a URL for listening where there is nothing to listen to.
var errListenNowhere = errors.New("the database is a file, which needs no connection for listening")

// Listen has the database notify the Store of changes, whichever process makes them, so that CachedAccess has answers and
// not every request needs a query. It returns at once, and goes on until Close, connecting again whenever the connection
// breaks. url names a PostgreSQL to listen at; empty, it is that of Open. It must lead to the same database past any
// pooler, which would not pass notifications on. SQLite has no notifications, and takes only an empty url.
//
// report is called, by one goroutine, when notifications begin to arrive and when they stop, the first time too. Results
// are correct either way: without notifications the Store queries the database. No error shows the url.
func (s *Store) Listen(url string, report func(listening bool, why string)) error {
	return s.revisions.listen(url, hooks{s.forget, s.wakeSubscribers, func(listening bool, why error) {
		var own listenError
		switch {
		case why == nil:
			report(listening, "")
		case errors.As(why, &own):
			report(listening, own.Error())
		default:
			report(listening, s.classifier.describe(why))
		}
	}})
}

// forget drops what is cached of accounts.
func (s *Store) forget() {
	s.accounts.InvalidateAll()
	s.apiKeys.InvalidateAll()
}

// CheckURL returns the error with which Open would refuse the text of url, or nil. It opens no database,
// connects to nothing and makes nothing; the files that a PostgreSQL URL names (certificates, a service) are
// read. No error shows the url.
func CheckURL(url string) error {
	scheme, rest, is := strings.Cut(url, "://")
	var err error
	switch {
	case is && scheme == "sqlite":
		_, err = sqlitePath(rest)
	case is && (scheme == "postgres" || scheme == "postgresql"):
		_, err = postgresConfig(url)
	default:
		err = errScheme
	}
	return err
}

// Close closes all connections. Nothing else may be called afterwards.
func (s *Store) Close() error {
	s.subscribers.close()
	s.keyUses.close()
	s.secretUses.close()
	s.background.Wait()
	return s.db.close()
}

// Ping returns nil if the database answers within two seconds and is no standby, else ErrUnavailable.
func (s *Store) Ping(ctx context.Context) error {
	_, err := retry(ctx, s, s.probeLimit, func(ctx context.Context) (struct{}, error) {
		q := s.reads()
		standby, err := row(ctx, q, "ping", scanBool, `SELECT `+q.traits.standby)
		return struct{}{}, q.failOnStandby(standby, "ping", err)
	})
	return err
}
