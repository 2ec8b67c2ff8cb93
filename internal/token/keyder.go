package token

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
)

// ParsePKCS8 reads a private key, as PrivateDER writes it: a PKCS#8 PrivateKeyInfo (RFC 5208 §5) of an RSA key of 2048 to
// 8192 bits or of a P-256 key. An empty id stands for the RFC 7638 thumbprint. The error never quotes what was read.
func ParsePKCS8(der []byte, id string) (*Key, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	return parsedKey(der, id, func() (*Key, string) { return privateKey(key, err, id) })
}

// ParseSPKI reads a public key, as PublicDER writes it: a SubjectPublicKeyInfo (RFC 5280 §4.1) of the same kinds of keys.
// The key it returns only verifies.
func ParseSPKI(der []byte, id string) (*Key, error) {
	key, err := x509.ParsePKIXPublicKey(der)
	return parsedKey(der, id, func() (*Key, string) { return publicKey(key, err, id) })
}

func parsedKey(der []byte, id string, check func() (*Key, string)) (*Key, error) {
	if problem := kidProblem(id); problem != "" {
		return nil, errors.New("the key id " + problem)
	}
	if !oneValue(der) {
		return nil, errors.New("the key must be one value in DER, whole and undamaged")
	}
	key, problem := check()
	if problem != "" {
		return nil, errors.New("the key " + problem)
	}
	return key, nil
}

// PrivateDER is the private key in PKCS#8, what ParsePKCS8 reads. It is an error if the key has no private half, or one
// that its signer does not give away.
func (k Key) PrivateDER() ([]byte, error) {
	if k.signer == nil {
		return nil, fmt.Errorf("the key %q has no private half", k.id)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.signer)
	if err != nil {
		return nil, fmt.Errorf("the private half of the key %q can't be exported", k.id)
	}
	return der, nil
}

// PublicDER is the public key as a SubjectPublicKeyInfo, what ParseSPKI reads.
func (k Key) PublicDER() []byte {
	der, err := x509.MarshalPKIXPublicKey(k.public.standard())
	if err != nil { // the key was valid when it was made: only a damaged memory could bring this about
		panic("token: a valid key did not encode")
	}
	return der
}

// PrivatePEM is PrivateDER as one PEM block, and has its errors.
func (k Key) PrivatePEM() ([]byte, error) {
	der, err := k.PrivateDER()
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// PublicPEM is PublicDER as one PEM block.
func (k Key) PublicPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.PublicDER()})
}

// PrivateVariable is the value of JWT_PRIVATE_KEY for this key: PrivatePEM in base64, on one line. It has its errors.
func (k Key) PrivateVariable() (string, error) {
	text, err := k.PrivatePEM()
	return base64.StdEncoding.EncodeToString(text), err
}

// PublicVariable is the value of JWT_PUBLIC_KEY for this key: its PEM in base64, on one line.
func (k Key) PublicVariable() string { return base64.StdEncoding.EncodeToString(k.PublicPEM()) }
