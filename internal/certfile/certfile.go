// Package certfile keeps the certificate of a server as its files have it, so that a renewed one is used without a restart.
//
//	pair, err := certfile.Load("tls.crt", "tls.key")
//	server.TLSConfig = pair.Config()
//	go pair.Watch(ctx.Done(), report)
//
// Both files are PEM: the chain from the server's certificate up to, not including, the root; and its private key, which is not
// encrypted. A connection keeps the certificate that it began with.
package certfile

import (
	"bytes"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// checkEvery is how often the files are read to see whether they have changed: they are a few KiB.
	checkEvery = 5 * time.Second
	// maxFile bounds a file, in bytes. The longest chains have some 20 KiB.
	maxFile = 1 << 20
	// leastRSA is the length that an RSA key has to have, in bits.
	leastRSA = 2048
)

// Pair is a certificate and its key. It may be used by any number of goroutines.
type Pair struct {
	certificateFile, keyFile string
	current                  atomic.Pointer[tls.Certificate]
	// used is what the files had when the current certificate was read, tried what they had at the last check. said says that it
	// was reported that this cannot be used. They belong to Watch.
	used, tried contents
	said        bool
}

// contents is that of both files.
type contents struct{ certificate, key []byte }

func (c contents) equal(other contents) bool {
	return bytes.Equal(c.certificate, other.certificate) && bytes.Equal(c.key, other.key)
}

// Error is what is wrong with one of the files: "can't be read: permission denied". It shows nothing of their content.
type Error struct {
	OfKey   bool // else of the certificate
	Path    string
	Problem string
}

func (e *Error) Error() string { return e.Path + ", which " + e.Problem }

// Load reads the files. The errors are those of *Error.
func Load(certificateFile, keyFile string) (*Pair, error) {
	p := &Pair{certificateFile: certificateFile, keyFile: keyFile}
	read, err := p.readFiles()
	if err != nil {
		return nil, err
	}
	certificate, err := p.parse(read)
	if err != nil {
		return nil, err
	}
	p.used = read
	p.current.Store(certificate)
	return p, nil
}

// Config is that of a server: TLS 1.2 or later, with Go's choice of cipher suites and curves.
func (p *Pair) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.current.Load(), nil },
	}
}

// Leaf is the certificate of the server that is in use.
func (p *Pair) Leaf() *x509.Certificate { return p.current.Load().Leaf }

// Watch reads the files every few seconds until stop is closed. A changed pair is used for connections from then on, and renewed
// is called with nil. One that cannot be used leaves the former in place, and renewed is called with what is wrong, once, and
// only if that is still so a check later: while two files are replaced, they do not belong together.
func (p *Pair) Watch(stop <-chan struct{}, renewed func(error)) {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			p.check(renewed)
		}
	}
}

func (p *Pair) check(renewed func(error)) {
	read, err := p.readFiles()
	if err == nil && read.equal(p.used) {
		p.tried, p.said = read, false
		return
	}
	var certificate *tls.Certificate
	if err == nil {
		certificate, err = p.parse(read)
	}
	if err == nil {
		p.used, p.tried, p.said = read, read, false
		p.current.Store(certificate)
		renewed(nil)
		return
	}
	if same := read.equal(p.tried); !same {
		p.said = false
	} else if !p.said {
		p.said = true
		renewed(err)
	}
	p.tried = read
}

func (p *Pair) readFiles() (contents, error) {
	certificate, err := readFile(p.certificateFile, false)
	if err != nil {
		return contents{}, err
	}
	key, err := readFile(p.keyFile, true)
	return contents{certificate, key}, err
}

func readFile(path string, ofKey bool) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{ofKey, path, "can't be read: " + reason(err)}
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		return nil, &Error{ofKey, path, "is not a regular file"}
	}
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, &Error{ofKey, path, "can't be read: " + reason(err)}
	case len(content) > maxFile:
		return nil, &Error{ofKey, path, "is larger than 1 MiB"}
	}
	return content, nil
}

// reason is an error of the file system without the path.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// parse makes a certificate of two files that belong together.
func (p *Pair) parse(c contents) (*tls.Certificate, error) {
	if block, _ := pem.Decode(c.certificate); block == nil || block.Type != "CERTIFICATE" {
		return nil, &Error{false, p.certificateFile, "does not begin with a certificate in PEM"}
	}
	if problem := keyProblem(c.key); problem != "" {
		return nil, &Error{true, p.keyFile, problem}
	}
	certificate, err := tls.X509KeyPair(c.certificate, c.key)
	if err != nil {
		return nil, &Error{true, p.keyFile, fmt.Sprintf("can't be used with the certificate in %s: %s", p.certificateFile, strings.TrimPrefix(err.Error(), "tls: "))}
	}
	if key, is := certificate.Leaf.PublicKey.(*rsa.PublicKey); is && key.N.BitLen() < leastRSA {
		return nil, &Error{true, p.keyFile, fmt.Sprintf("has an RSA key of %d bits, and %d are the least", key.N.BitLen(), leastRSA)}
	}
	return &certificate, nil
}

// keyProblem is what is wrong with a file that has no key which can be used, or "".
func keyProblem(content []byte) string {
	for rest := content; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return "has no private key in PEM"
		}
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
			return "has a key that is encrypted: the server has no password for it"
		case block.Type == "PRIVATE KEY" || strings.HasSuffix(block.Type, " PRIVATE KEY"):
			return ""
		}
	}
}
