package token

import (
	"bytes"
	"crypto"
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

// privateFromPEM reads a private key and checks that it is valid and strong enough. The id has been checked.
func privateFromPEM(text []byte, id string) (*Key, string) {
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
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, "must be a private RSA or P-256 key (PEM block PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY)"
	}
	return privateKey(key, err, id)
}

// privateKey takes what a parser of crypto/x509 has returned.
func privateKey(parsed any, err error, id string) (*Key, string) {
	if err != nil {
		return nil, "must be a valid RSA key or P-256 key"
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, "must be an RSA key or a P-256 key"
	}
	half, problem := newPublicHalf(signer.Public())
	if problem != "" {
		return nil, problem
	}
	// More than two primes mean smaller ones, and a weaker key than its length says.
	if key, ok := signer.(*rsa.PrivateKey); ok && (len(key.Primes) != 2 || key.Validate() != nil) {
		return nil, "must be a valid RSA key of two primes"
	}
	return keyOf(half, signer, id), ""
}

// publicFromPEM reads a public key and checks that it is strong enough.
func publicFromPEM(text []byte) (*Key, string) {
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
		return nil, "must be a public RSA or P-256 key (PEM block PUBLIC KEY)"
	}
	return publicKey(key, err, "")
}

// publicKey takes what a parser of crypto/x509 has returned.
func publicKey(parsed any, err error, id string) (*Key, string) {
	if err != nil {
		return nil, "must be a valid RSA key or P-256 key"
	}
	half, problem := newPublicHalf(parsed)
	if problem != "" {
		return nil, problem
	}
	return keyOf(half, nil, id), ""
}
