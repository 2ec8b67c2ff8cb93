package importfile

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// Auth0Passwords finds the password hashes of Auth0's users. It keeps 16 bytes in memory for each, and reads the rest from the
// file when it is asked for.
type Auth0Passwords struct {
	file  io.ReaderAt
	seed  maphash.Seed
	index []auth0Entry // sorted by key
	// Unread counts the lines that have no hash that could be read.
	Unread int
}

// auth0Entry is where the line of a user begins. key is a hash of the user's id.
type auth0Entry struct {
	key    uint64
	offset int64
}

// IndexAuth0Passwords reads a file of password hashes once: a JSON object in each line. It must stay as it is while it is used.
func IndexAuth0Passwords(file io.ReaderAt, size int64) (*Auth0Passwords, error) {
	p := &Auth0Passwords{file: file, seed: maphash.MakeSeed()}
	counted := &countingReader{r: io.NewSectionReader(file, 0, size)}
	in := bufio.NewReaderSize(counted, peeked)
	for l := (&lineReader{in: in}); ; {
		offset := counted.n - int64(in.Buffered())
		raw, long, err := l.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		var entry auth0User
		if len(raw) == 0 {
			continue
		}
		if long || decode(raw, &entry) != nil || entry.PasswordHash == "" || entry.ID.OID == "" {
			p.Unread++
			continue
		}
		p.index = append(p.index, auth0Entry{maphash.String(p.seed, entry.ID.OID), offset})
	}
	if len(p.index) == 0 {
		return nil, errors.New(`has no password hashes: each line is to be an object with "_id" and "passwordHash"`)
	}
	slices.SortStableFunc(p.index, func(a, b auth0Entry) int { return cmp.Compare(a.key, b.key) })
	return p, nil
}

// find returns the hash of a user, or nothing.
func (p *Auth0Passwords) find(userID string) (string, error) {
	oid := strings.TrimPrefix(userID, auth0Prefix)
	key := maphash.String(p.seed, oid)
	at, _ := slices.BinarySearchFunc(p.index, key, func(e auth0Entry, key uint64) int { return cmp.Compare(e.key, key) })
	for ; at < len(p.index) && p.index[at].key == key; at++ {
		l := &lineReader{in: bufio.NewReaderSize(io.NewSectionReader(p.file, p.index[at].offset, maxText), 2048)}
		raw, _, err := l.next()
		if err != nil {
			return "", fmt.Errorf("can't be read from the file of password hashes: %w", err)
		}
		var entry auth0User
		if json.Unmarshal(raw, &entry) == nil && entry.ID.OID == oid {
			return entry.PasswordHash, nil
		}
	}
	return "", nil
}
