package token

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// LoadOrCreate returns the key kept at path, as the PEM of PKCS#8, PKCS#1 or SEC 1, and makes one for the algorithm if there
// is none: the file with mode 0600, its folder, if missing, with mode 0700. An empty kid stands for the thumbprint.
//
// Any number of processes may call it at once and all get the same key. A file that is no good key, or one for another
// algorithm, is an error naming the path and is left alone, for it may be the only copy of something.
func LoadOrCreate(path string, algorithm Algorithm, kid string) (*Key, error) {
	if problem := kidProblem(kid); problem != "" {
		return nil, KeyErrors{{kidVariable, problem}}
	}
	key, err := load(path, algorithm, kid)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := create(path, algorithm); err != nil {
		return nil, fmt.Errorf("create the development key %s: %w", path, err)
	}
	return load(path, algorithm, kid)
}

// load returns fs.ErrNotExist, wrapped, if there is no file.
func load(path string, algorithm Algorithm, kid string) (*Key, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the development key: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, maxVariableLength))
	if err != nil {
		return nil, fmt.Errorf("read the development key: %w", err)
	}
	key, problem := privateFromPEM(text, kid)
	if key != nil && key.Algorithm() != algorithm {
		problem = mismatch(key.Algorithm(), algorithm)
	}
	if problem != "" {
		return nil, fmt.Errorf("the development key %s %s; mend it, or move it away to have a new one made", path, problem)
	}
	return key, nil
}

// create puts a new key at path unless something is there by then. The file is written whole under another
// name, and then linked: a link, unlike a rename, never replaces a file that another process has made meanwhile, and no
// process ever reads half a key.
func create(path string, algorithm Algorithm) (err error) {
	key, err := GenerateKey(algorithm)
	if err != nil {
		return err
	}
	text, err := key.PrivatePEM()
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".new-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(temp.Name())) }()
	if _, err := temp.Write(text); err != nil {
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
