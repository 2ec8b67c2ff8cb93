// Package breached knows passwords that leaked from other services: from a file that an operator has made of a published list,
// and from a service that is asked about a range of hashes.
//
//	x, err := breached.Open("/var/lib/svc-users/breached.idx")   // made by "svc-users passwords index"
//	reason, err := x.Screen(ctx, password)                       // "is known from data breaches", or ""
//
// A file is of the form
//
//	"svcubix1"                8 bytes
//	number of entries         8 bytes, big-endian
//	entries                   8 bytes each: the first of the SHA-1 of a password, ascending, each once
//
// so that a thousand million entries take 8 GB, and a look-up reads some thirty of them. Eight bytes in place of the twenty of
// SHA-1 let one password in twenty thousand million be refused that is not in such a list. SHA-1 is that of the published lists;
// it protects nothing here.
package breached

import (
	"context"
	"crypto/sha1" //nolint:gosec // it is what the lists are made of, and protects nothing here
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	users "github.com/svc-users/svc-users"
)

const (
	magic      = "svcubix1"
	headerSize = len(magic) + 8
	entrySize  = 8
	// Reason is what is said of a password that is found.
	Reason = "is known from data breaches"
)

// Index is an open file. It is safe for concurrent use.
type Index struct {
	file    *os.File
	entries int64
}

var _ users.PasswordScreen = (*Index)(nil)

// Open opens a file that Make has made, and refuses one that is not whole. What replaces the file later is not seen.
func Open(path string) (*Index, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	entries, err := readHeader(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s %w", path, err), file.Close())
	}
	return &Index{file, entries}, nil
}

func readHeader(file *os.File) (entries int64, err error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(file, header); err != nil || string(header[:len(magic)]) != magic {
		return 0, errors.New("is not a file that svc-users passwords index has made")
	}
	n := binary.BigEndian.Uint64(header[len(magic):])
	if size := uint64(info.Size()) - uint64(headerSize); size%entrySize != 0 || n != size/entrySize || n == 0 { //nolint:gosec // sizes are not negative
		return 0, errors.New("is not whole: make it again with svc-users passwords index")
	}
	return int64(n), nil //nolint:gosec // an eighth of a file's size
}

// Entries is how many passwords the file knows.
func (x *Index) Entries() int64 { return x.entries }

// Close closes the file.
func (x *Index) Close() error { return x.file.Close() }

// Screen implements users.PasswordScreen. An error means that the file cannot be read.
func (x *Index) Screen(_ context.Context, p users.Password) (string, error) {
	found, err := x.has(entryOf(sha1.Sum([]byte(p.Reveal())))) //nolint:gosec // see above
	if err != nil || !found {
		return "", err
	}
	return Reason, nil
}

func entryOf(sum [sha1.Size]byte) uint64 { return binary.BigEndian.Uint64(sum[:entrySize]) }

// has searches by halves.
func (x *Index) has(wanted uint64) (bool, error) {
	low, high := int64(0), x.entries
	for low < high {
		middle := low + (high-low)/2
		var entry [entrySize]byte
		if _, err := x.file.ReadAt(entry[:], int64(headerSize)+middle*entrySize); err != nil {
			return false, fmt.Errorf("reading the file of breached passwords: %w", err)
		}
		switch got := binary.BigEndian.Uint64(entry[:]); {
		case got == wanted:
			return true, nil
		case got < wanted:
			low = middle + 1
		default:
			high = middle
		}
	}
	return false, nil
}
