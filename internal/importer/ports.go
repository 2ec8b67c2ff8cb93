package importer

import (
	"context"
	"errors"
	"time"

	users "github.com/svc-users/svc-users"
)

// Store reads accounts. Its methods return ErrUnavailable when the database is away, or the error of the context.
type Store interface {
	// AccountsByEmails returns the accounts of people with these e-mails, in any order.
	AccountsByEmails(ctx context.Context, emails []users.Email) ([]users.Account, error)
	// UsedIDs returns those of the ids that an account has, or had when followers of changes were told of it.
	UsedIDs(ctx context.Context, ids []users.ID) ([]users.ID, error)
}

// Tx is what the transactions of the store, each a users.Tx, do for an import.
type Tx interface {
	Store
	// InsertFactors adds second factors. ErrBadReference for an unknown account.
	InsertFactors(ctx context.Context, list []Factor) error
	// Factors returns at most limit of them, by their ids, after one.
	Factors(ctx context.Context, after users.ID, limit int) ([]Factor, error)
	// ResealFactor replaces the text that is sealed. ErrNotFound.
	ResealFactor(ctx context.Context, id users.ID, sealed string) error
}

// Factor is a second factor of an account that came with an import, kept until this service asks for one. It goes with its
// account.
type Factor struct {
	ID      users.ID
	Account users.ID
	Kind    string // "totp"
	// Sealed is the JSON of the secret, such as {"secret":"JBSWY3DPEHPK3PXP","digits":6,"period":30,"algorithm":"SHA1"},
	// encrypted under ENCRYPTION_KEY: see package seal.
	Sealed    string
	CreatedAt time.Time
}

// Hashes reads password hashes of other systems.
type Hashes interface {
	// Read takes a hash apart. The error is ErrNoPassword, or says in one sentence, without the hash, why it can't be read.
	Read(text string) (ReadHash, error)
}

// ReadHash is a hash that Hashes has read.
type ReadHash struct {
	// Keep makes what is stored of it, which takes long for a weak one. The error is ErrUnavailable where the service has
	// too many hashes to compute, or that of the context.
	Keep func(ctx context.Context) (users.PasswordHash, error)
	// Note is what the operator should know of it, such as "is a weak hash (salted-md5)"; empty for nothing.
	Note string
}

// ErrNoPassword is the error of Hashes for a text that stands for no password, such as those of Django that begin with "!".
var ErrNoPassword = errors.New("the account has no password")

// Seals encrypts secrets; see package seal.
type Seals interface {
	Seal(purpose, name string, plain []byte) (string, error)
	Open(purpose, name, sealed string) ([]byte, error)
	IsCurrent(sealed string) bool
}
