package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/foreignhash"
	"github.com/svc-users/svc-users/internal/importer"
	"github.com/svc-users/svc-users/internal/password"
)

// newImporter makes the duty that imports accounts. It keeps second factors where there is an encryption key.
func (a *App) newImporter() *importer.Importer {
	ports := importer.Ports{Service: a.Service, Store: a.Store, Hashes: hashes{a.Hasher}, Wait: wait}
	if k := a.config.Keyring; k != nil && k.Seals != nil { // a nil *Ring would be an interface that is not nil
		ports.Seals = k.Seals
	}
	return importer.New(ports)
}

// hashes is the importer.Hashes.
type hashes struct{ hasher *password.Hasher }

// marks are those of all imported hashes: that the other system compared passwords as they were typed, and with bcrypt no
// more than 72 bytes of them, is so of nearly all, and where it is not the mark allows nothing but what the hash matches.
var marks = foreignhash.Marks{AsTyped: true, First72: true}

// ownPrefix begins the hashes that this service alone writes: imported ones.
const ownPrefix = "$imported$"

// Read implements importer.Hashes.
func (h hashes) Read(text string) (importer.ReadHash, error) {
	// An export of this service has hashes as they are kept, with their marks.
	if kept, ok := password.Kept(text); ok && strings.HasPrefix(text, ownPrefix) {
		return importer.ReadHash{Keep: func(context.Context) (users.PasswordHash, error) { return kept, nil }}, nil
	}
	read, err := foreignhash.Read(text)
	if errors.Is(err, foreignhash.ErrNoPassword) {
		return importer.ReadHash{}, importer.ErrNoPassword
	}
	if err != nil {
		return importer.ReadHash{}, err
	}
	found := importer.ReadHash{Keep: func(ctx context.Context) (users.PasswordHash, error) { return h.hasher.Keep(ctx, read, marks) }}
	if read.Weak() {
		found.Note = fmt.Sprintf("is a weak hash (%s), kept under one of this service's own until the first login", read.Kind())
	}
	return found, nil
}
