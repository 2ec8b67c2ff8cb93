package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// openedFile is the SQLite file that was opened, with the two files that SQLite keeps beside it. An open file
// can be written after its name was moved, deleted or given to another file, and what is written then is lost
// when the process ends. So the files under the three names are compared with those that were opened, by device
// and inode: before and after each write, and at most checkEvery before each read.
type openedFile struct {
	path string // absolute

	mu      sync.Mutex
	opened  map[string]fs.FileInfo // by name; of a file that has not been seen yet there is none
	checked time.Time              // when all of them were last compared
	gone    error                  // the result of that comparison
}

const (
	// checkEvery bounds how long a read may rest on the last comparison. Three calls of stat take 3 µs, a tenth of
	// an authenticated request, and are noise at ten times a second.
	checkEvery = 100 * time.Millisecond

	walSuffix = "-wal" // the write-ahead log: what was committed since the last checkpoint
	shmSuffix = "-shm" // its index, shared by processes

	journalSuffix = "-journal" // of a database that is not in write-ahead mode
)

// fileGone is the error of a database whose files are no longer those that were opened. It is shown as it is:
// the path comes from the operator's own settings.
type fileGone struct{ path, problem string }

func (e *fileGone) Error() string {
	return fmt.Sprintf("the database file %s %s while it was open; put it back, or stop the service, restore the database and start again", e.path, e.problem)
}

func newOpenedFile(path string) *openedFile {
	return &openedFile{path: path, opened: map[string]fs.FileInfo{}}
}

// check compares now, and returns a *fileGone if one of the files is another.
func (f *openedFile) check() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.compare(time.Now())
}

// checkSoon returns the result of a check within the last checkEvery, or checks now.
func (f *openedFile) checkSoon() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if now.Sub(f.checked) < checkEvery {
		return f.gone
	}
	return f.compare(now)
}

// compare does the work of check. The caller holds the lock.
func (f *openedFile) compare(now time.Time) error {
	f.checked, f.gone = now, nil
	for _, name := range []string{f.path, f.path + walSuffix, f.path + shmSuffix} {
		opened := f.opened[name]
		found, err := os.Stat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist) && opened == nil:
			// SQLite makes the files beside the database when it first needs them, and they stay for as long as the
			// database is open.
		case errors.Is(err, fs.ErrNotExist):
			f.gone = &fileGone{name, "was moved or deleted"}
		case err != nil:
			f.gone = &fileGone{name, "became unreachable (" + describePath(err) + ")"}
		case opened == nil:
			f.opened[name] = found
		case !os.SameFile(opened, found):
			f.gone = &fileGone{name, "was replaced by another"}
		}
		if f.gone != nil {
			return f.gone
		}
	}
	return nil
}

// describePath is the reason of an error of the file system, without the path.
func describePath(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// WatchFile calls report when the file of an SQLite database is no longer the one that was opened, with a sentence
// that says which and what to do, and with an empty text when the file is back. Requests are refused meanwhile. It
// returns when stop is closed; with PostgreSQL, which has no file here, at once.
func (s *Store) WatchFile(stop <-chan struct{}, report func(problem string)) {
	e, ok := s.db.(*sqlite)
	if !ok {
		return
	}
	pause := time.NewTicker(checkEvery)
	defer pause.Stop()
	lost := false
	for {
		select {
		case <-stop:
			return
		case <-pause.C:
		}
		if err := e.file.checkSoon(); (err != nil) != lost {
			if lost = err != nil; lost {
				report(err.Error())
			} else {
				report("")
			}
		}
	}
}
