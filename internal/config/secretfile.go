package config

import (
	"encoding/base64"
	"errors"
	"io"
	"os"
	"strings"
)

const (
	// fileSuffix makes the name of a secret that of the variable which holds the path of a file with its value.
	fileSuffix = "_FILE"
	// maxSecretFile bounds such a file, in bytes. The longest secret is an RSA key of 8192 bits, 9 KiB in base64 of PEM.
	maxSecretFile = 64 << 10
	// maxShownPath is the longest path that a message repeats. A key that was put where its path belongs is longer.
	maxShownPath = 255
)

// readSecretFile returns the value in the file at path: its text without a byte order mark and without the line ends at
// its end. A PEM block is encoded as base64, the format of the variables of keys. problem continues a sentence that
// begins with the name of the variable; it has the path, but nothing of the content.
func readSecretFile(path string) (value, problem string) {
	if !showable(path) {
		return "", "must be the path of a file that holds the value, not the value"
	}
	content, err := readBounded(path)
	if err != nil {
		return "", "names " + path + ", which can't be read: " + reason(err)
	}
	if len(content) > maxSecretFile {
		return "", "names " + path + ", which is larger than 64 KiB"
	}
	text, problem := PlainText(content)
	if problem != "" {
		return "", "names " + path + ", which " + problem
	}
	value = strings.TrimRight(string(text), "\r\n")
	switch {
	case value == "":
		return "", "names " + path + ", which is empty"
	case strings.HasPrefix(value, "-----BEGIN "):
		return base64.StdEncoding.EncodeToString([]byte(value + "\n")), ""
	}
	return value, ""
}

// readBounded returns at most one byte more than a secret's file may have. A pipe without a writer would keep the start
// waiting for ever, so only regular files are read.
func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, maxSecretFile+1))
}

// showable reports whether v may be shown in a message as a path: it must not be a secret that was set in its place.
func showable(v string) bool {
	return text(new(string), v, maxShownPath) == "" && !strings.Contains(v, "://") && !strings.HasPrefix(v, "-----")
}

// Named gives each fault the variable that set the value: DATABASE_URL_FILE where DATABASE_URL came from its file. A file
// that has a fault already, such as that it can't be read, is not reported again as a missing value.
func (c Config) Named(faults Faults) Faults {
	said := map[string]bool{}
	for _, f := range faults {
		said[f.Variable] = true
	}
	var named Faults
	for _, f := range faults {
		if _, ok := c.SecretFiles[f.Variable]; ok {
			f.Variable += fileSuffix
			if said[f.Variable] {
				continue
			}
		}
		named = append(named, f)
	}
	return named
}
