// Package outfile writes files that others must not read and that must be whole: exports and backups.
//
//	f, err := outfile.Create("backup.db")   // makes backup.db.partial-1830249573 beside it, mode 0600
//	_, err = io.Copy(f, from)
//	err = f.Commit()                        // now backup.db is there, whole and on the disk
//
// A file that exists is never replaced. A process that is killed before Commit leaves the partial file and no file of the
// name.
package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrExists is the error for a name that is taken. Its text goes on from the name.
var ErrExists = errors.New("exists already, and is not replaced: choose another name")

// File is a file that has no name yet. Its writes go to the partial file.
type File struct {
	*os.File
	path string
	done bool
}

// Create makes the partial file of a path, with mode 0600. ErrExists if there is a file at the path.
func Create(path string) (*File, error) {
	if err := checkFree(path); err != nil {
		return nil, err
	}
	// CreateTemp makes it with mode 0600, and never opens one that is there.
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".partial-*")
	if err != nil {
		return nil, err
	}
	return &File{File: file, path: path}, nil
}

// checkFree is an error if there is anything at a path, be it a symbolic link that leads nowhere.
func checkFree(path string) error {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return fmt.Errorf("%s %w", path, ErrExists)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return nil
}

// Commit writes the file to the disk and gives it its name. If that fails there is no file of the name. ErrExists if the
// name has been taken meanwhile.
func (f *File) Commit() error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return errors.Join(err, f.Discard())
	}
	if err := Rename(f.Name(), f.path); err != nil {
		return errors.Join(err, f.Discard())
	}
	f.done = true
	return SyncFolder(filepath.Dir(f.path))
}

// Discard removes the partial file. After Commit it does nothing.
func (f *File) Discard() error {
	if f.done {
		return nil
	}
	f.done = true
	_ = f.Close() // it may be closed already
	return os.Remove(f.Name())
}

// Rename gives a file a name in the same folder that must be free: ErrExists. Where the file system has hard links, no file
// that is made at the same moment is replaced.
func Rename(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s %w", to, ErrExists)
	}
	if err := checkFree(to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// SyncFolder has the names in a folder written to the disk. Where a folder cannot be opened for that, as on Windows, the
// file system does so by itself.
func SyncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return nil //nolint:nilerr // the names are written a little later
	}
	_ = f.Sync() // some file systems refuse it for a folder
	return f.Close()
}
