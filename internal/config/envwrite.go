package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// Pair is a variable and the value to be written for it.
type Pair struct {
	Name  string
	Value string
}

// bare matches values that this reader, a shell and docker compose read alike without quotes, such as base64 and plain
// numbers. The service writes no other values.
var bare = regexp.MustCompile(`^[A-Za-z0-9+/=_.-]+$`)

// SetInEnvFile gives variables new values in a .env file and leaves every other byte of it as it is: each line
// that sets one of them is replaced, and what no line sets is appended. A missing file is made. Afterwards the mode
// is 0600, whatever it was. The new file replaces the old one in one step, so that a crash leaves one or the other; its
// owner is then the user of this process.
//
// Refused, with the file untouched, are a symbolic link and anything else that is no regular file, because replacing
// it would cut the link or the device, and a file with lines that Load refuses. Errors never show values.
func SetInEnvFile(path string, pairs ...Pair) error {
	for _, p := range pairs {
		if !bare.MatchString(p.Value) {
			return fmt.Errorf("%s: the value for %s can't be written without quotes", path, p.Name)
		}
	}
	old, err := readRegular(path)
	if err != nil {
		return fmt.Errorf("%s: %s", path, reason(err))
	}
	if _, faults, _ := readEnvFile(path, old); len(faults) > 0 {
		return fmt.Errorf("%s is left as it is: %w", path, faults.Err())
	}
	if err := replaceFile(path, setLines(old, pairs)); err != nil {
		return fmt.Errorf("%s: %s", path, reason(err))
	}
	return nil
}

// readRegular returns the content of a regular file, nothing for a missing one.
func readRegular(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, errors.New("is a symbolic link; name the file it points to")
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a regular file")
	}
	return os.ReadFile(path)
}

// setLines is the content of SetInEnvFile's result.
func setLines(old []byte, pairs []Pair) []byte {
	body, hasMark := bytes.CutPrefix(old, byteOrderMark)
	end := "\n"
	if first, _, _ := bytes.Cut(body, []byte("\n")); bytes.HasSuffix(first, []byte("\r")) {
		end = "\r\n"
	}
	written := make([]bool, len(pairs))
	lines := bytes.Split(body, []byte("\n"))
	for i, line := range lines {
		for n, p := range pairs {
			before, sets := setsVariable(line, p.Name)
			if !sets {
				continue
			}
			tail := ""
			if bytes.HasSuffix(line, []byte("\r")) {
				tail = "\r"
			}
			lines[i] = []byte(before + p.Name + "=" + p.Value + tail)
			written[n] = true
			break
		}
	}
	result := bytes.Join(lines, []byte("\n"))
	for n, p := range pairs {
		if written[n] {
			continue
		}
		if len(result) > 0 && !bytes.HasSuffix(result, []byte("\n")) {
			result = append(result, end...)
		}
		result = append(result, p.Name+"="+p.Value+end...)
	}
	if hasMark {
		result = append(bytes.Clone(byteOrderMark), result...)
	}
	return result
}

// replaceFile puts a new file of mode 0600, which is what CreateTemp makes, where path is. The folder is synced
// too, without which the rename itself may not survive a power cut.
func replaceFile(path string, data []byte) (err error) {
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, ".env.*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Sync()
}
