package token

import (
	"fmt"
	"io"
	"os"
)

// LoadFile returns the private key in a file, as the PEM of PKCS#8, PKCS#1 or SEC 1, which must be one for the algorithm. An
// empty kid stands for the thumbprint. It returns fs.ErrNotExist, wrapped, if there is no file; other errors name the path.
func LoadFile(path string, algorithm Algorithm, kid string) (*Key, error) {
	if problem := kidProblem(kid); problem != "" {
		return nil, KeyErrors{{kidVariable, problem}}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, maxVariableLength))
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	key, problem := privateFromPEM(text, kid)
	if key != nil && key.Algorithm() != algorithm {
		problem = mismatch(key.Algorithm(), algorithm)
	}
	if problem != "" {
		return nil, fmt.Errorf("the key file %s %s; mend it, or move it away to have a new key made", path, problem)
	}
	return key, nil
}
