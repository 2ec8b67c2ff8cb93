package pgurl

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// setting is a parameter of libpq as the URL or the environment gives it, and where it came from.
type setting struct {
	value string
	from  string // begins an error: "the parameter sslmode of the database URL", "the environment variable PGSSLMODE"
}

// lookUp finds a parameter where the driver does: in the URL, then in the environment. What a service file has is not
// looked at.
func lookUp(u, parameter, variable string) setting {
	_, _, query := splitURL(u)
	values, err := url.ParseQuery(strings.TrimPrefix(query, "?"))
	if list := values[parameter]; err == nil && len(list) > 0 {
		return setting{list[len(list)-1], "the parameter " + parameter + " of the database URL"}
	}
	return setting{os.Getenv(variable), "the environment variable " + variable}
}

func (s setting) refuse(problem string) error { return fmt.Errorf("%s %s", s.from, problem) }

// findFault returns the reason for which the driver refuses a well-formed URL: the parameter, variable or file, and what is
// allowed. It shows no value but the names of files. ErrMalformed if it cannot tell.
func findFault(u string) error {
	modes := []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
	if s := lookUp(u, "sslmode", "PGSSLMODE"); s.value != "" && !slices.Contains(modes, s.value) {
		return s.refuse("must be one of " + strings.Join(modes, ", "))
	}
	if s := lookUp(u, "connect_timeout", "PGCONNECT_TIMEOUT"); s.value != "" {
		if _, err := strconv.ParseInt(s.value, 10, 32); err != nil {
			return s.refuse("must be a whole number of seconds")
		}
	}
	attributes := []string{"primary", "read-write", "read-only", "any"}
	if s := lookUp(u, "target_session_attrs", "PGTARGETSESSIONATTRS"); s.value != "" && !slices.Contains(attributes, s.value) {
		return s.refuse("must be one of " + strings.Join(attributes, ", "))
	}
	for _, check := range []func(string) error{checkRootCertificates, checkClientCertificate, checkService} {
		if err := check(u); err != nil {
			return err
		}
	}
	return ErrMalformed
}

func checkRootCertificates(u string) error {
	s := lookUp(u, "sslrootcert", "PGSSLROOTCERT")
	if s.value == "" || s.value == "system" {
		return nil
	}
	text, err := s.read()
	if err == nil && !x509.NewCertPool().AppendCertsFromPEM(text) {
		err = s.refuse(fmt.Sprintf("names the file %q, which has no certificate in PEM", s.value))
	}
	return err
}

func checkClientCertificate(u string) error {
	certificate, key := lookUp(u, "sslcert", "PGSSLCERT"), lookUp(u, "sslkey", "PGSSLKEY")
	switch {
	case certificate.value == "" && key.value == "":
		return nil
	case certificate.value == "":
		return key.refuse("needs sslcert too")
	case key.value == "":
		return certificate.refuse("needs sslkey too")
	}
	private, err := key.read()
	if err != nil {
		return err
	}
	public, err := certificate.read()
	if err != nil {
		return err
	}
	if block, _ := pem.Decode(private); block == nil {
		return key.refuse(fmt.Sprintf("names the file %q, which has no key in PEM", key.value))
	} else if block.Headers["DEK-Info"] != "" {
		return key.refuse(fmt.Sprintf("names the file %q, whose key is encrypted, and sslpassword does not open it", key.value))
	}
	if _, err := tls.X509KeyPair(public, private); err != nil {
		return key.refuse(fmt.Sprintf("names the file %q, whose key does not belong to the certificate in %q", key.value, certificate.value))
	}
	return nil
}

func checkService(u string) error {
	service, file := lookUp(u, "service", "PGSERVICE"), lookUp(u, "servicefile", "PGSERVICEFILE")
	if service.value == "" {
		return nil
	}
	if file.value == "" {
		home, _ := os.UserHomeDir() // without one, the file is not found, which is said
		file.value = filepath.Join(home, ".pg_service.conf")
	}
	if _, err := os.ReadFile(file.value); err != nil {
		return service.refuse(fmt.Sprintf("names a service, and the file %q cannot be read (%s)", file.value, reasonOf(err)))
	}
	return service.refuse(fmt.Sprintf("names a service that the file %q does not have, or has with a wrong setting", file.value))
}

// read reads the file that a setting names.
func (s setting) read() ([]byte, error) {
	text, err := os.ReadFile(s.value)
	if err != nil {
		return nil, s.refuse(fmt.Sprintf("names the file %q, which cannot be read (%s)", s.value, reasonOf(err)))
	}
	return text, nil
}

// reasonOf is the reason of an error of the file system, without the path.
func reasonOf(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
