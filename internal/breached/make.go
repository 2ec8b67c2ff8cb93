package breached

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // see index.go
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Source is a list of which an index is made.
type Source struct {
	io.Reader
	// Plain says that each line is a password. Else it is a SHA-1 in 40 hexadecimal digits, with or without a count after a
	// colon, as Have I Been Pwned publishes them: 00000A0E3B9F25FF41DE4B5AC238C2D545C7A8B8:15.
	Plain bool
}

const (
	// maxLine is longer than any line of either form: a password that can be chosen has 1,024 bytes at most.
	maxLine = 4096
	// runSize is how many entries are sorted in memory at a time: 64 MiB.
	runSize = 8 << 20
)

// Make writes the index of a list to a file, which is replaced at once when the index is whole, and returns how many
// passwords it knows. The list may be in any order and of any size: it is sorted by runs of 64 MiB, which are kept in the
// folder of the file until they are merged.
func Make(ctx context.Context, path string, source Source) (entries int64, err error) {
	return makeBy(ctx, path, source, runSize)
}

func makeBy(ctx context.Context, path string, source Source, size int) (entries int64, err error) {
	folder, err := os.MkdirTemp(filepath.Dir(path), ".index-*")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	runs, err := writeRuns(ctx, folder, source, size)
	if err != nil {
		return 0, err
	}
	whole := filepath.Join(folder, "index")
	if entries, err = mergeRuns(ctx, whole, runs); err != nil {
		return 0, err
	}
	return entries, os.Rename(whole, path)
}

// writeRuns writes the entries of a list to sorted files, and returns their paths.
func writeRuns(ctx context.Context, folder string, source Source, size int) (paths []string, err error) {
	run := make([]uint64, 0, size)
	flush := func() error {
		slices.Sort(run)
		path := filepath.Join(folder, fmt.Sprintf("run-%d", len(paths)))
		paths = append(paths, path)
		err := writeEntries(path, "", func(yield func(uint64) error) error {
			for _, e := range run {
				if err := yield(e); err != nil {
					return err
				}
			}
			return nil
		})
		run = run[:0]
		return err
	}
	lines := bufio.NewScanner(source.Reader)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	number := 0
	for lines.Scan() {
		if number++; number%(1<<16) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		entry, problem := source.read(strings.TrimSuffix(lines.Text(), "\r"))
		if problem != "" {
			return nil, fmt.Errorf("line %d %s", number, problem)
		}
		if run = append(run, entry); len(run) == cap(run) {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d is longer than %d bytes", number+1, maxLine)
	} else if err != nil {
		return nil, err
	}
	if len(run) > 0 {
		err = flush()
	}
	if len(paths) == 0 {
		return nil, errors.New("the list is empty")
	}
	return paths, err
}

// read returns the entry of a line.
func (s Source) read(line string) (entry uint64, problem string) {
	if s.Plain {
		return entryOf(sha1.Sum([]byte(norm.NFC.String(line)))), "" //nolint:gosec // see index.go
	}
	digits, count, counted := strings.Cut(line, ":")
	var sum [sha1.Size]byte
	if len(digits) != 2*sha1.Size || counted && (count == "" || strings.Trim(count, "0123456789") != "") {
		return 0, "is not a SHA-1 in 40 hexadecimal digits, alone or with a count after a colon"
	}
	if _, err := hex.Decode(sum[:], []byte(digits)); err != nil {
		return 0, "is not a SHA-1 in 40 hexadecimal digits, alone or with a count after a colon"
	}
	return entryOf(sum), ""
}

// writeEntries writes a file of what each yields, after a head.
func writeEntries(path, head string, each func(yield func(uint64) error) error) (err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644) //nolint:gosec // a published list is no secret
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriterSize(file, 1<<20)
	if _, err := out.WriteString(head); err != nil {
		return err
	}
	count := uint64(0)
	err = each(func(entry uint64) error {
		count++
		var b [entrySize]byte
		binary.BigEndian.PutUint64(b[:], entry)
		_, err := out.Write(b[:])
		return err
	})
	if err == nil {
		err = out.Flush()
	}
	if err != nil || head == "" {
		return err
	}
	if _, err := file.WriteAt(binary.BigEndian.AppendUint64(nil, count), int64(len(magic))); err != nil {
		return err
	}
	return file.Sync()
}
