// Package commonpassword knows the passwords that are tried first: 41,518 that occur most often in leaked data, and that are
// long enough to be chosen at all.
//
//	commonpassword.Has("Password1") // true: case does not count
//	commonpassword.Has("correct horse battery")
//
// The list is exact, so that no password is refused that is not in it. scripts/common-passwords.py makes it of about 100,000
// entries of two lists; NOTICE names them and their licences. It is decoded once, when it is first asked, which takes some
// milliseconds, and then takes about a megabyte.
package commonpassword

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"slices"
	"strings"
	"sync"
)

//go:embed passwords.txt.gz
var packed []byte

// Has reports whether a password, in NFC, is one of the list's.
func Has(password string) bool {
	_, found := slices.BinarySearch(list(), strings.ToLower(password))
	return found
}

// list is sorted by bytes. All its texts share one piece of memory.
var list = sync.OnceValue(func() []string {
	text, err := unpack()
	if err != nil {
		panic("commonpassword: the list that is built in is damaged: " + err.Error())
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
})

func unpack() (string, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(reader)
	return string(text), err
}
