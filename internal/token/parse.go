package token

import (
	"encoding/base64"
	"strings"
)

// The settings a key is read from.
const (
	privateVariable = "JWT_PRIVATE_KEY"
	publicVariable  = "JWT_PUBLIC_KEY"
	kidVariable     = "JWT_KID"
	// algorithmVariable says which kind of key it must be.
	algorithmVariable = "JWT_ALGORITHM"
)

// maxVariableLength is twice what a key of maxBits takes. Checking a key costs time that grows with the cube
// of its length, so that length is looked at first.
const maxVariableLength = 16 << 10

// ParseKey reads a key for an algorithm from the values of JWT_PRIVATE_KEY, JWT_PUBLIC_KEY and JWT_KID: base64 of the PEM
// of an RSA key of 2048 to 8192 bits for RS256 (PKCS#8 or PKCS#1), or of a P-256 key for ES256 (PKCS#8 or SEC 1), and,
// unless it is empty, of its public half (SubjectPublicKeyInfo, or PKCS#1 for RSA), and the key id; an empty key id stands
// for the RFC 7638 thumbprint. Base64 may be wrapped and may lack its padding.
//
// The error is KeyErrors, which name every wrong setting. If both keys are empty, that is a fault of JWT_PRIVATE_KEY.
func ParseKey(algorithm Algorithm, private, public, kid string) (*Key, error) {
	var faults KeyErrors
	fault := func(variable, problem string) {
		if problem != "" {
			faults = append(faults, &KeyError{variable, problem})
		}
	}
	var key *Key
	var problem string
	if private != "" {
		key, problem = parsePrivate(private, kid)
		if key != nil && key.Algorithm() != algorithm {
			problem = mismatch(key.Algorithm(), algorithm)
		}
		fault(privateVariable, problem)
	} else if public == "" {
		fault(privateVariable, "must be set")
	}
	if public != "" {
		other, problem := parsePublic(public)
		switch {
		case problem != "":
			fault(publicVariable, problem)
		case private == "":
			fault(publicVariable, "must not stand alone, without "+privateVariable)
		case key != nil && thumbprint(key.public) != thumbprint(other.public):
			fault(publicVariable, "must be the public half of "+privateVariable)
		}
	}
	fault(kidVariable, kidProblem(kid))
	if faults != nil {
		return nil, faults
	}
	return key, nil
}

// mismatch is what is wrong with a key whose algorithm is not the one that JWT_ALGORITHM names.
func mismatch(is, algorithm Algorithm) string {
	return "must be " + algorithm.kind() + ", since " + algorithmVariable + " is " + string(algorithm) + ": it is " + is.kind() + ", for " + string(is)
}

func parsePrivate(value, kid string) (*Key, string) {
	text, problem := decodeVariable(value)
	if problem != "" {
		return nil, problem
	}
	return privateFromPEM(text, kid)
}

func parsePublic(value string) (*Key, string) {
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
