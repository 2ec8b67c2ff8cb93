package token

import (
	"crypto/rsa"
	"encoding/base64"
	"strings"
)

// The settings a key is read from.
const (
	privateVariable = "JWT_PRIVATE_KEY"
	publicVariable  = "JWT_PUBLIC_KEY"
	kidVariable     = "JWT_KID"
)

// maxVariableLength is twice what a key of maxBits takes. Checking a key costs time that grows with the cube
// of its length, so that length is looked at first.
const maxVariableLength = 16 << 10

// ParseKey reads a key from the values of JWT_PRIVATE_KEY, JWT_PUBLIC_KEY and JWT_KID: base64 of the PEM of
// an RSA key (PKCS#8 or PKCS#1) of 2048 to 8192 bits and, unless it is empty, of its public half
// (SubjectPublicKeyInfo or PKCS#1), and the key id; an empty key id stands for the RFC 7638 thumbprint.
// Base64 may be wrapped and may lack its padding.
//
// The error is KeyErrors, which name every wrong setting. If both keys are empty, that is a fault of JWT_PRIVATE_KEY.
func ParseKey(private, public, kid string) (*Key, error) {
	var faults KeyErrors
	fault := func(variable, problem string) {
		if problem != "" {
			faults = append(faults, &KeyError{variable, problem})
		}
	}
	var priv *rsa.PrivateKey
	var pub *rsa.PublicKey
	var problem string
	if private != "" {
		priv, problem = parsePrivate(private)
		fault(privateVariable, problem)
	} else if public == "" {
		fault(privateVariable, "must be set")
	}
	if public != "" {
		pub, problem = parsePublic(public)
		switch {
		case problem != "":
			fault(publicVariable, problem)
		case private == "":
			fault(publicVariable, "must not stand alone, without "+privateVariable)
		case priv != nil && !priv.PublicKey.Equal(pub):
			fault(publicVariable, "must be the public half of "+privateVariable)
		}
	}
	fault(kidVariable, kidProblem(kid))
	if faults != nil {
		return nil, faults
	}
	return newKey(priv, kid), nil
}

func parsePrivate(value string) (*rsa.PrivateKey, string) {
	text, problem := decodeVariable(value)
	if problem != "" {
		return nil, problem
	}
	return privateFromPEM(text)
}

func parsePublic(value string) (*rsa.PublicKey, string) {
	text, problem := decodeVariable(value)
	if problem != "" {
		return nil, problem
	}
	return publicFromPEM(text)
}

// decodeVariable undoes the base64 of a setting. It need not know the URL alphabet: the two characters in
// which that differs never come up in the base64 of a PEM.
func decodeVariable(value string) (text []byte, problem string) {
	if len(value) > maxVariableLength {
		return nil, "is too long for a key"
	}
	if strings.Contains(value, pemBegin) {
		return nil, "must be base64 of the PEM, not the PEM itself"
	}
	value = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(value)
	encoding := base64.StdEncoding
	if !strings.HasSuffix(value, "=") {
		encoding = encoding.WithPadding(base64.NoPadding)
	}
	text, err := encoding.Strict().DecodeString(value)
	if err != nil || len(text) == 0 {
		return nil, "must be base64 of a PEM key"
	}
	return text, ""
}
