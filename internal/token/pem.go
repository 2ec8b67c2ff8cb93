package token

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
)

const pemBegin = "-----BEGIN "

// onlyBlock returns the one PEM block that text consists of. What a lenient reader would skip, such as text
// before the block or a second block behind it, is refused: it is probably a mistake in the configuration.
func onlyBlock(text []byte) (block *pem.Block, problem string) {
	text = bytes.TrimSpace(text)
	if !bytes.HasPrefix(text, []byte(pemBegin)) {
		return nil, "must be a PEM key"
	}
	if bytes.Count(text, []byte(pemBegin)) > 1 {
		return nil, "must be one PEM block, not several"
	}
	block, rest := pem.Decode(text)
	switch {
	case block == nil:
		return nil, "must be a PEM key, whole and undamaged"
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, "must have nothing after the PEM block"
	case block.Type == "ENCRYPTED PRIVATE KEY", block.Headers["DEK-Info"] != "", block.Headers["Proc-Type"] != "":
		return nil, "must not be encrypted"
	case len(block.Headers) > 0:
		return nil, "must be a PEM block without headers"
	case !oneValue(block.Bytes):
		return nil, "must be a PEM key, whole and undamaged"
	}
	return block, ""
}

// oneValue reports whether der is one ASN.1 value with nothing behind it, which not every parser of
// crypto/x509 looks at.
func oneValue(der []byte) bool {
	var value asn1.RawValue
	rest, err := asn1.Unmarshal(der, &value)
	return err == nil && len(rest) == 0
}

// privateFromPEM reads an RSA private key and checks that it is valid and strong enough.
func privateFromPEM(text []byte) (*rsa.PrivateKey, string) {
	block, problem := onlyBlock(text)
	if problem != "" {
		return nil, problem
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, "must be a private RSA key (PEM block PRIVATE KEY or RSA PRIVATE KEY)"
	}
	if err != nil {
		return nil, "must be a valid RSA key"
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, "must be an RSA key"
	}
	if problem := publicProblem(&private.PublicKey); problem != "" {
		return nil, problem
	}
	// More than two primes mean smaller ones, and a weaker key than its length says.
	if len(private.Primes) != 2 || private.Validate() != nil {
		return nil, "must be a valid RSA key of two primes"
	}
	return private, ""
}

// publicFromPEM reads an RSA public key and checks that it is strong enough.
func publicFromPEM(text []byte) (*rsa.PublicKey, string) {
	block, problem := onlyBlock(text)
	if problem != "" {
		return nil, problem
	}
	var key any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		return nil, "must be a public RSA key (PEM block PUBLIC KEY)"
	}
	if err != nil {
		return nil, "must be a valid RSA key"
	}
	public, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, "must be an RSA key"
	}
	return public, publicProblem(public)
}
