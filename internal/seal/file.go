package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// LoadOrCreate returns the encryption key kept at path, as one line that ParseKey reads, and makes one if there is none:
// the file with mode 0600, its folder, if missing, with mode 0700. It is for development: a production key is a setting.
//
// Any number of processes may call it at once and all get the same key. A file that is no good key is an error that names
// the path and is left alone, for it may be the only copy of something.
func LoadOrCreate(path string) (*Key, error) {
	key, err := loadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := createOnce(path, []byte(GenerateKey()+"\n")); err != nil {
		return nil, fmt.Errorf("create the development encryption key %s: %w", path, err)
	}
	return loadKey(path)
}

// loadKey returns fs.ErrNotExist, wrapped, if there is no file.
func loadKey(path string) (*Key, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the development encryption key: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, 4*maxKey))
	if err != nil {
		return nil, fmt.Errorf("read the development encryption key: %w", err)
	}
	key, err := ParseKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("the development encryption key %s %w; put the file back as it was, since nothing else opens what was sealed with it", path, err)
	}
	return key, nil
}

// createOnce puts a file at path unless one is there by then. It is written whole under another name, and then linked: a
// link, unlike a rename, never replaces a file that another process has made meanwhile, and no process ever reads half of
// it.
func createOnce(path string, content []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".new-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(temp.Name())) }()
	if _, err := temp.Write(content); err != nil {
		return errors.Join(err, temp.Close())
	}
	if err := temp.Sync(); err != nil {
		return errors.Join(err, temp.Close())
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the new name in dir outlast a power cut. Windows has no such call and needs none.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
